package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.provisioner.Config.LogFormat;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {
  private static final String NEWEST = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String OLDER = "whsec_b2xkZXItc2VjcmV0LW9mLTI0LWJ5dGVzIQ==";
  private static final String JWT = "secret-of-the-project-0123456789-0123456789";
  private static final Map<String, String> LEAST =
      Map.of(
          "DATABASE_URL", "postgresql://u:hunter2@h/db",
          "VAPI_API_KEY", "private-key",
          "WEBHOOK_SECRETS", NEWEST);

  @TempDir private Path folder = Path.of("");

  @Test
  void whatIsNotSetHasADefault() {
    Config config = Config.read(LEAST);

    assertThat(config)
        .isEqualTo(
            new Config(
                DatabaseUrl.parse("postgresql://u:hunter2@h/db"),
                new Config.Access(List.of(new Secret(NEWEST)), List.of()),
                new Config.Vapi(
                    new Secret("private-key"),
                    URI.create("https://api.vapi.ai"),
                    Duration.ofSeconds(20),
                    8,
                    config.vapi().template()),
                new Config.Provisioning(
                    Duration.ofSeconds(1),
                    Duration.ofMinutes(2),
                    12,
                    Duration.ofMinutes(1),
                    true,
                    null),
                8080,
                null,
                new Config.Watch(9091, null, Duration.ofMinutes(10)),
                LogFormat.JSON));
  }

  @Test
  void everythingCanBeSet() throws IOException {
    Path template = Files.writeString(folder.resolve("assistant.json"), "{}");
    Config config =
        read(
            Map.ofEntries(
                Map.entry("WEBHOOK_SECRETS", NEWEST + ", " + OLDER),
                Map.entry("JWT_SECRETS", JWT + "," + JWT + "2,"),
                Map.entry("VAPI_BASE_URL", "http://localhost:8090/v1/"),
                Map.entry("VAPI_TIMEOUT", "500ms"),
                Map.entry("VAPI_CONCURRENCY", "256"),
                Map.entry("ASSISTANT_TEMPLATE", template.toString()),
                Map.entry("PORT", "0"),
                Map.entry("ACK_TIMEOUT", "10s"),
                Map.entry("LEASE", "1h"),
                Map.entry("MAX_ATTEMPTS", "100"),
                Map.entry("RECONCILE_INTERVAL", "0"),
                Map.entry("DEPROVISION", "OFF"),
                Map.entry("INSTALLATION", "staging_1.eu-west"),
                Map.entry("PUBLIC_URL", "https://provisioner.example.com/"),
                Map.entry("METRICS_PORT", "0"),
                Map.entry("ALERT_WEBHOOK_URL", "https://hooks.example.com/services/T0/B0/x?y=z"),
                Map.entry("ALERT_DUE_AGE", "1h"),
                Map.entry("LOG_FORMAT", "text"),
                Map.entry("SOMETHING_ELSE", "ignored")));

    assertThat(config.access())
        .isEqualTo(
            new Config.Access(
                List.of(new Secret(NEWEST), new Secret(OLDER)),
                List.of(new Secret(JWT), new Secret(JWT + "2"))));
    assertThat(config.vapi())
        .isEqualTo(
            new Config.Vapi(
                new Secret("private-key"),
                URI.create("http://localhost:8090/v1"),
                Duration.ofMillis(500),
                256,
                config.vapi().template()));
    assertThat(config.vapi().template().isBundled()).isFalse();
    assertThat(config.provisioning())
        .isEqualTo(
            new Config.Provisioning(
                Duration.ofSeconds(10),
                Duration.ofHours(1),
                100,
                Duration.ZERO,
                false,
                "staging_1.eu-west"));
    assertThat(config.port()).isZero();
    assertThat(config.publicUrl()).isEqualTo(URI.create("https://provisioner.example.com"));
    assertThat(config.watch())
        .isEqualTo(
            new Config.Watch(
                0,
                new Secret("https://hooks.example.com/services/T0/B0/x?y=z"),
                Duration.ofHours(1)));
    assertThat(config.logFormat()).isEqualTo(LogFormat.TEXT);
  }

  @Test
  void blankCountsAsUnset() {
    assertThat(
            read(
                Map.of(
                    "PORT", " ",
                    "JWT_SECRETS", "",
                    "ASSISTANT_TEMPLATE", "",
                    "INSTALLATION", "\t",
                    "LEASE", "")))
        .usingRecursiveComparison()
        .isEqualTo(Config.read(LEAST));
    assertThat(problems(Map.of("VAPI_API_KEY", " ")))
        .containsExactly("VAPI_API_KEY is not set. Write the private key from the Vapi dashboard.");
  }

  @Test
  void everyProblemOfTheTemplateIsAmongThoseOfTheOthers() throws IOException {
    Path template =
        Files.writeString(
            folder.resolve("assistant.json"), "{\"name\": \"{{user.nmae}} {{env.NO_SUCH}}\"}");

    assertThat(problems(Map.of("ASSISTANT_TEMPLATE", template.toString(), "LEASE", "1s")))
        .hasSize(3)
        .anyMatch(each -> each.startsWith("ASSISTANT_TEMPLATE") && each.contains("user.nmae"))
        .anyMatch(each -> each.startsWith("ASSISTANT_TEMPLATE") && each.contains("NO_SUCH"))
        .anyMatch(each -> each.startsWith("LEASE"));
  }

  @Test
  void tokensAloneAreEnough() {
    Config config = read(Map.of("WEBHOOK_SECRETS", "", "JWT_SECRETS", JWT));

    assertThat(config.access()).isEqualTo(new Config.Access(List.of(), List.of(new Secret(JWT))));
  }

  @Test
  void secretAsSupabaseShowsItIsTaken() {
    assertThat(read(Map.of("WEBHOOK_SECRETS", "v1," + NEWEST)).access().webhookSecrets())
        .containsExactly(new Secret(NEWEST));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          DATABASE_URL       |                                    | is not set. Write postgresql://
          DATABASE_URL       | mysql://h/db                       | is not the address of a PostgreSQL
          DATABASE_URL       | postgresql://u:hunter2%@h/db       | has a % that encodes nothing
          VAPI_API_KEY       |                                    | is not set
          VAPI_API_KEY       | hunter2 hunter2                    | holds characters that no key has
          VAPI_API_KEY       | hünter2                            | holds characters that no key has
          VAPI_BASE_URL      | api.vapi.ai                        | is not http:// or https://
          VAPI_BASE_URL      | ftp://api.vapi.ai                  | is not http:// or https://
          VAPI_BASE_URL      | https://api.vapi.ai?a=b            | is not http:// or https://
          VAPI_BASE_URL      | https://api.vapi.ai/#a             | is not http:// or https://
          VAPI_BASE_URL      | https://u:hunter2@api.vapi.ai      | is not http:// or https://
          VAPI_BASE_URL      | https:///assistant                 | is no
          VAPI_BASE_URL      | https://api vapi                   | is no URL
          WEBHOOK_SECRETS    | hunter2                            | entry 1 of 1 is no webhook secret
          WEBHOOK_SECRETS    | MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw   | entry 1 of 1 is no webhook secret
          WEBHOOK_SECRETS    | whsec_                             | entry 1 of 1 is no webhook secret
          WEBHOOK_SECRETS    | whsec_hunter2!                     | entry 1 of 1 is no webhook secret
          WEBHOOK_SECRETS    | whsec_aHVudGVyMg==                 | entry 1 of 1 is no webhook secret
          WEBHOOK_SECRETS    | ,                                  | holds no secret
          JWT_SECRETS        | hunter2                            | entry 1 of 1 is 7 bytes long
          JWT_SECRETS        | hunter2-hunter2-hunter2-hunter2    | entry 1 of 1 is 31 bytes long
          JWT_SECRETS        | ,                                  | holds no secret
          ASSISTANT_TEMPLATE | /no/such/file.json                 | names no readable file
          ASSISTANT_TEMPLATE | .                                  | names no readable file
          PORT               | -1                                 | is no whole number from 0 to 65535
          PORT               | 65536                              | is no whole number from 0 to 65535
          PORT               | http                               | is no whole number from 0 to 65535
          PORT               | 99999999999                        | is no whole number from 0 to 65535
          VAPI_TIMEOUT       | 20                                 | is no duration
          VAPI_TIMEOUT       | 0                                  | is no duration
          VAPI_TIMEOUT       | 0s                                 | is no duration
          VAPI_TIMEOUT       | -1s                                | is no duration
          VAPI_TIMEOUT       | 1.5s                               | is no duration
          VAPI_TIMEOUT       | PT20S                              | is no duration
          LEASE              | 25h                                | is no duration
          VAPI_CONCURRENCY   | 0                                  | is no whole number from 1 to 256
          VAPI_CONCURRENCY   | 257                                | is no whole number from 1 to 256
          ACK_TIMEOUT        | 11s                                | is no duration of more than nothing and at most 10s
          ACK_TIMEOUT        | 0                                  | is no duration
          LEASE              | 29s                                | is 29s, but must be at least VAPI_TIMEOUT + 10 s
          VAPI_TIMEOUT       | 2m                                 | LEASE is 2m, but must be at least VAPI_TIMEOUT + 10 s
          MAX_ATTEMPTS       | 0                                  | is no whole number from 1 to 100
          MAX_ATTEMPTS       | 101                                | is no whole number from 1 to 100
          RECONCILE_INTERVAL | 0s                                 | is no duration
          RECONCILE_INTERVAL | off                                | is no duration
          DEPROVISION        | yes                                | is neither on nor off
          PUBLIC_URL         | provisioner.example.com            | is not http:// or https://
          PUBLIC_URL         | http://provisioner.example.com     | is not https://
          PUBLIC_URL         | https://a.example.com/?b=c         | is not http:// or https://
          PUBLIC_URL         | https://a b                        | is no URL
          METRICS_PORT       | none                               | is no whole number from 0 to 65535. Write for example 9091, or off.
          METRICS_PORT       | 65536                              | is no whole number from 0 to 65535
          METRICS_PORT       | 8080                               | is 8080, and so is PORT
          ALERT_WEBHOOK_URL  | hooks.slack.com/hunter2            | is not https://
          ALERT_WEBHOOK_URL  | http://hooks.slack.com/hunter2     | is not https://
          ALERT_WEBHOOK_URL  | https://u:hunter2@hooks.slack.com/ | is not https://
          ALERT_WEBHOOK_URL  | https://hooks.slack.com/#hunter2   | is not https://
          ALERT_WEBHOOK_URL  | https://hooks.slack.com/hunter2 x  | is no URL
          ALERT_DUE_AGE      | 0                                  | is no duration
          INSTALLATION       | two words                          | is not 1 to 64 of
          LOG_FORMAT         | xml                                | is neither json nor text
          """)
  void mistakeIsNamedWithWhatToWrite(String name, String value, String expected) {
    List<String> problems = problems(Map.of(name, value == null ? "" : value));

    assertThat(problems).hasSize(1);
    assertThat(problems.getFirst())
        .startsWith(expected.startsWith("LEASE") ? expected : name + " " + expected)
        .containsAnyOf("Write", "write")
        .doesNotContain("hunter", "hünter", "MfKQ");
  }

  @ParameterizedTest
  @CsvSource({"23, false", "24, true", "64, true", "65, false"})
  void webhookSecretHasTheLengthOfTheSpecification(int bytes, boolean accepted) {
    String secret = "whsec_" + Base64.getEncoder().encodeToString(new byte[bytes]);

    Map<String, String> environment = with(Map.of("WEBHOOK_SECRETS", secret));

    assertThat(catchThrowableOfType(ConfigException.class, () -> Config.read(environment)) == null)
        .isEqualTo(accepted);
  }

  @Test
  void badEntryIsCountedNotShown() {
    assertThat(problems(Map.of("WEBHOOK_SECRETS", NEWEST + ",whsec_hunter2," + OLDER)))
        .singleElement()
        .asString()
        .startsWith("WEBHOOK_SECRETS entry 2 of 3")
        .doesNotContain("hunter2");
  }

  @Test
  void leaseThatJustLeavesRoomIsTaken() {
    assertThat(read(Map.of("LEASE", "30s")).provisioning().lease())
        .isEqualTo(Duration.ofSeconds(30));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"})
  void publicUrlNeedsNoTlsOnThisMachine(String url) {
    assertThat(read(Map.of("PUBLIC_URL", url)).publicUrl()).isEqualTo(URI.create(url));
  }

  @Test
  void metricsCanBeOff() {
    assertThat(read(Map.of("METRICS_PORT", "off")).watch().metricsPort()).isNull();
    assertThat(read(Map.of("METRICS_PORT", "off", "PORT", "9091")).port()).isEqualTo(9091);
  }

  @Test
  void alertsOnThisMachineNeedNoTls() {
    assertThat(read(Map.of("ALERT_WEBHOOK_URL", "http://localhost:1/x")).watch().alertWebhook())
        .isEqualTo(new Secret("http://localhost:1/x"));
  }

  @Test
  void draftHasWhatCanBeReadAndSaysWhatCannot() {
    Config.Draft draft =
        Config.draft(with(Map.of("PORT", "x", "VAPI_BASE_URL", "http://localhost:8090")));

    assertThat(draft.problems()).singleElement().asString().startsWith("PORT ");
    assertThat(draft.usable("PORT")).isFalse();
    assertThat(draft.usable("VAPI_BASE_URL", "DATABASE_URL")).isTrue();
    assertThat(draft.config().vapi().baseUrl()).isEqualTo(URI.create("http://localhost:8090"));
  }

  @Test
  void installationMayHave64Characters() {
    assertThat(read(Map.of("INSTALLATION", "a".repeat(64))).provisioning().installation())
        .hasSize(64);
    assertThat(problems(Map.of("INSTALLATION", "a".repeat(65)))).hasSize(1);
  }

  @Test
  void everyProblemIsSaidAtOnce() {
    ConfigException e =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                Config.read(
                    Map.of("PORT", "x", "LEASE", "1s", "DEPROVISION", "x", "VAPI_TIMEOUT", "x")));

    assertThat(e.problems())
        .extracting(problem -> problem.substring(0, problem.indexOf(' ')))
        .containsExactlyInAnyOrder(
            "DATABASE_URL",
            "VAPI_API_KEY",
            "WEBHOOK_SECRETS",
            "PORT",
            "LEASE",
            "DEPROVISION",
            "VAPI_TIMEOUT");
    assertThat(e).hasMessage(String.join(System.lineSeparator(), e.problems()));
  }

  @Test
  void itsTextShowsNoSecret() {
    assertThat(
            read(Map.of("JWT_SECRETS", JWT, "ALERT_WEBHOOK_URL", "https://a.b/hunter2")).toString())
        .contains("***", "h:5432/db")
        .doesNotContain("hunter2", "private-key", NEWEST, JWT);
  }

  private static Config read(Map<String, String> changes) {
    return Config.read(with(changes));
  }

  private static List<String> problems(Map<String, String> changes) {
    return catchThrowableOfType(ConfigException.class, () -> read(changes)).problems();
  }

  private static Map<String, String> with(Map<String, String> changes) {
    Map<String, String> environment = new HashMap<>(LEAST);
    environment.putAll(changes);
    return environment;
  }
}
