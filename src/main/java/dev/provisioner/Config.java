package dev.provisioner;

import dev.provisioner.vapi.AssistantTemplate;
import dev.provisioner.vapi.TemplateException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Everything that can be set from outside, read once at the start and validated whole. Its {@code
 * toString} may be logged: what is secret shows as {@code ***}.
 *
 * @param port of the public server; 0 takes any free one
 * @param publicUrl this service as the outside sees it, without a trailing slash; null when unknown
 */
public record Config(
    DatabaseUrl database,
    Access access,
    Vapi vapi,
    Provisioning provisioning,
    int port,
    @Nullable URI publicUrl,
    Watch watch,
    LogFormat logFormat) {

  /**
   * Who may call us. At least one of the two lists is not empty.
   *
   * @param webhookSecrets Standard Webhooks secrets, {@code whsec_} and base64, newest first; any
   *     may match
   * @param jwtSecrets HS256 secrets for bearer tokens, newest first; any may match
   */
  public record Access(List<Secret> webhookSecrets, List<Secret> jwtSecrets) {
    public Access {
      webhookSecrets = List.copyOf(webhookSecrets);
      jwtSecrets = List.copyOf(jwtSecrets);
    }
  }

  /**
   * How Vapi is called.
   *
   * @param baseUrl without a trailing slash
   * @param timeout of a whole call, body included
   * @param concurrency calls in flight per instance
   * @param template what every assistant is made from
   */
  public record Vapi(
      Secret apiKey, URI baseUrl, Duration timeout, int concurrency, AssistantTemplate template) {}

  /**
   * How rows are worked off.
   *
   * @param ackTimeout how long a webhook waits for its outcome before it is answered 202
   * @param lease how long a claimed row belongs to its claimer; at least {@link #LEASE_MARGIN}
   *     longer than a call to Vapi may take
   * @param maxAttempts after which a row is failed
   * @param reconcileInterval between two sweeps of this instance; zero when it does not sweep
   * @param deprovision whether the assistant of a deleted user is deleted
   * @param installation whose assistants these are; null means the id that the migrations made
   */
  public record Provisioning(
      Duration ackTimeout,
      Duration lease,
      int maxAttempts,
      Duration reconcileInterval,
      boolean deprovision,
      @Nullable String installation) {}

  /**
   * How somebody learns that something is wrong.
   *
   * @param metricsPort 0 takes any free one; null: no metrics are served
   * @param alertWebhook an address that takes Slack's messages, and is itself the secret; null: no
   *     alerts
   * @param alertDueAge how long a row may be due before that is an alert
   */
  public record Watch(
      @Nullable Integer metricsPort, @Nullable Secret alertWebhook, Duration alertDueAge) {}

  /** How log lines are written. */
  public enum LogFormat {
    JSON,
    TEXT
  }

  /**
   * What a lease must be longer than a call: a claimer that was stopped by its timeout still has to
   * record the outcome before somebody else may claim the row.
   */
  public static final Duration LEASE_MARGIN = Duration.ofSeconds(10);

  /** pg_net gives an answer no longer than this, however a webhook is set up. */
  private static final Duration LONGEST_ACK = Duration.ofSeconds(10);

  /** Used by nobody: without an address there is a problem. */
  private static final DatabaseUrl NO_DATABASE = new DatabaseUrl("jdbc:postgresql:", null, null);

  private static final Pattern INSTALLATION = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern VISIBLE_ASCII = Pattern.compile("[!-~]+");

  /**
   * Reads the variables described in the README; others are ignored.
   *
   * @throws ConfigException naming every problem there is
   */
  public static Config read(Map<String, String> environment) {
    Draft draft = draft(environment);
    if (!draft.problems().isEmpty()) {
      throw new ConfigException(draft.problems());
    }
    return draft.config();
  }

  /**
   * What can be read, for who must go on with it.
   *
   * @param config with a default, or a stand-in, for every variable that is not {@link #usable}
   * @param problems as {@link ConfigException#problems} has them; none when the config can be used
   */
  public record Draft(Config config, List<String> problems) {
    public Draft {
      problems = List.copyOf(problems);
    }

    /** Whether nothing is wrong with these variables. */
    public boolean usable(String... variables) {
      return problems.stream()
          .noneMatch(
              problem -> Arrays.stream(variables).anyMatch(each -> problem.startsWith(each + " ")));
    }
  }

  /** Reads as {@link #read} does, but does not give up. */
  static Draft draft(Map<String, String> environment) {
    Variables variables = new Variables(environment);
    DatabaseUrl database = database(variables).orElse(NO_DATABASE);
    Access access = AccessVariables.access(variables);
    Optional<Secret> apiKey = apiKey(variables);
    Vapi vapi =
        new Vapi(
            // Used by nobody: without a key there is a problem.
            apiKey.orElse(new Secret("missing")),
            variables.parsed("VAPI_BASE_URL", Addresses::vapi).orElse(Addresses.VAPI),
            variables.duration("VAPI_TIMEOUT", Duration.ofSeconds(20)),
            variables.number("VAPI_CONCURRENCY", 8, 1, 256),
            template(variables, environment::get));
    Provisioning provisioning = provisioning(variables, vapi.timeout());
    int port = variables.number("PORT", 8080, 0, 65_535);
    URI publicUrl = variables.parsed("PUBLIC_URL", Addresses::ours).orElse(null);
    Watch watch = watch(variables, port);
    LogFormat logFormat =
        variables.word("LOG_FORMAT", "json", "text").equals("json")
            ? LogFormat.JSON
            : LogFormat.TEXT;
    return new Draft(
        new Config(database, access, vapi, provisioning, port, publicUrl, watch, logFormat),
        variables.problems());
  }

  /**
   * {@code JWT_SECRETS} alone, for what needs nothing else.
   *
   * @throws ConfigException when it is unset or holds a secret that is too short
   */
  static List<Secret> readJwtSecrets(Map<String, String> environment) {
    Variables variables = new Variables(environment);
    List<Secret> secrets = AccessVariables.jwtSecrets(variables);
    if (secrets.isEmpty() && variables.problems().isEmpty()) {
      variables.problem(
          "JWT_SECRETS", "is not set. Write the secret the service has; the first one signs.");
    }
    if (!variables.problems().isEmpty()) {
      throw new ConfigException(variables.problems());
    }
    return secrets;
  }

  private static Optional<DatabaseUrl> database(Variables variables) {
    if (variables.text("DATABASE_URL").isEmpty()) {
      variables.problem(
          "DATABASE_URL",
          "is not set. Write postgresql://user:password@host:5432/postgres, as Supabase shows it.");
    }
    return variables.parsed("DATABASE_URL", DatabaseUrl::parse);
  }

  private static Optional<Secret> apiKey(Variables variables) {
    if (variables.text("VAPI_API_KEY").isEmpty()) {
      variables.problem(
          "VAPI_API_KEY", "is not set. Write the private key from the Vapi dashboard.");
    }
    return variables.parsed(
        "VAPI_API_KEY",
        value -> {
          if (!VISIBLE_ASCII.matcher(value).matches()) {
            throw new IllegalArgumentException(
                "holds characters that no key has, such as a blank or a line break. Write the"
                    + " private key from the Vapi dashboard, nothing else.");
          }
          return new Secret(value);
        });
  }

  private static Provisioning provisioning(Variables variables, Duration vapiTimeout) {
    Provisioning provisioning =
        new Provisioning(
            variables.duration("ACK_TIMEOUT", Duration.ofSeconds(1), LONGEST_ACK),
            variables.duration("LEASE", Duration.ofMinutes(2)),
            variables.number("MAX_ATTEMPTS", 12, 1, 100),
            variables.durationOrZero("RECONCILE_INTERVAL", Duration.ofMinutes(1)),
            variables.word("DEPROVISION", "on", "off").equals("on"),
            variables.parsed("INSTALLATION", Config::installation).orElse(null));
    Duration shortestLease = vapiTimeout.plus(LEASE_MARGIN);
    if (provisioning.lease().compareTo(shortestLease) < 0) {
      variables.problem(
          "LEASE",
          ("is %s, but must be at least VAPI_TIMEOUT + 10 s, or a row could be claimed again while"
                  + " its call is still running. Write %s or more, or shorten VAPI_TIMEOUT.")
              .formatted(Variables.shown(provisioning.lease()), Variables.shown(shortestLease)));
    }
    return provisioning;
  }

  private static Watch watch(Variables variables, int port) {
    Integer metricsPort = null;
    if (variables.text("METRICS_PORT").filter("off"::equalsIgnoreCase).isEmpty()) {
      metricsPort = variables.number("METRICS_PORT", 9091, 0, 65_535, ", or off");
      if (metricsPort != 0 && metricsPort == port) {
        variables.problem(
            "METRICS_PORT",
            "is %d, and so is PORT, but metrics are not for the public. Write another, or off."
                .formatted(port));
      }
    }
    return new Watch(
        metricsPort,
        variables.parsed("ALERT_WEBHOOK_URL", Addresses::alerts).orElse(null),
        variables.duration("ALERT_DUE_AGE", Duration.ofMinutes(10)));
  }

  private static AssistantTemplate template(
      Variables variables, Function<String, @Nullable String> environment) {
    Optional<String> json = variables.parsed("ASSISTANT_TEMPLATE", Config::readFile);
    try {
      return json.isPresent()
          ? AssistantTemplate.parse(json.get(), environment)
          : AssistantTemplate.bundled(environment);
    } catch (TemplateException e) {
      e.problems().forEach(problem -> variables.problem("ASSISTANT_TEMPLATE", problem));
      return AssistantTemplate.bundled(environment);
    }
  }

  private static String readFile(String value) {
    try {
      Path path = Path.of(value);
      if (Files.isRegularFile(path) && Files.isReadable(path)) {
        return Files.readString(path);
      }
    } catch (InvalidPathException | IOException e) {
      // Said below, in the same words.
    }
    throw new IllegalArgumentException(
        "names no readable file. Write the path of the template, or unset it to use the bundled"
            + " one.");
  }

  private static String installation(String value) {
    if (!INSTALLATION.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "is not 1 to 64 of A-Z a-z 0-9 . _ and -. Write for example staging.");
    }
    return value;
  }
}
