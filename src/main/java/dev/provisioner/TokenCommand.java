package dev.provisioner;

import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code token --scope operate --expires 30d}: prints a bearer token, and nothing else, so that it
 * can be used in {@code $(…)}.
 */
final class TokenCommand {
  static final String USAGE =
      """
      Usage: vapi-provisioner token --scope operate|webhook [--expires 30d]

      Prints a bearer token signed with the first of JWT_SECRETS.

        --scope    operate: reconcile and look at rows; webhook: announce rows
        --expires  how long it is good for: 90s, 15m, 12h, 30d; at most 365d (default 30d)
        --help     this text

      Example: curl -H "Authorization: Bearer $(vapi-provisioner token --scope operate)" …
      """;

  private static final int OK = 0;
  private static final int REFUSED = 2;

  private static final Duration LONGEST = Duration.ofDays(365);
  private static final Pattern EXPIRES = Pattern.compile("([0-9]{1,9})([smhd])");

  private TokenCommand() {}

  /**
   * Runs the command.
   *
   * @param args what follows the word {@code token}
   * @param environment of which only {@code JWT_SECRETS} is read
   * @return the exit code: 0, or 2 when nothing was printed to {@code out}
   */
  static int run(
      List<String> args,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      InstantSource clock) {
    if (args.contains("--help")) {
      out.print(USAGE);
      return OK;
    }
    try {
      Options options = Options.of(args);
      Secret newest = Config.readJwtSecrets(environment).getFirst();
      Instant now = clock.instant();
      out.println(Tokens.mint(newest, options.scope(), now, now.plus(options.expires())));
      return OK;
    } catch (ConfigException e) {
      e.problems().forEach(err::println);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.println();
      err.print(USAGE);
    }
    return REFUSED;
  }

  private record Options(Scope scope, Duration expires) {
    static Options of(List<String> args) {
      String scope = "";
      String expires = "30d";
      for (int i = 0; i < args.size(); i += 2) {
        String name = args.get(i);
        if (!name.equals("--scope") && !name.equals("--expires")) {
          throw new IllegalArgumentException("Unknown option: " + name);
        }
        if (i + 1 == args.size()) {
          throw new IllegalArgumentException(name + " needs a value.");
        }
        if (name.equals("--scope")) {
          scope = args.get(i + 1);
        } else {
          expires = args.get(i + 1);
        }
      }
      return new Options(
          Scope.named(scope)
              .orElseThrow(
                  () -> new IllegalArgumentException("--scope must be operate or webhook.")),
          duration(expires));
    }

    private static Duration duration(String text) {
      Matcher matcher = EXPIRES.matcher(text);
      Duration duration = matcher.matches() ? duration(matcher) : Duration.ZERO;
      if (duration.isZero() || duration.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "--expires must be a duration such as 90s, 15m, 12h or 30d, and at most 365d.");
      }
      return duration;
    }

    private static Duration duration(Matcher matcher) {
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "s" -> Duration.ofSeconds(amount);
        case "m" -> Duration.ofMinutes(amount);
        case "h" -> Duration.ofHours(amount);
        default -> Duration.ofDays(amount);
      };
    }
  }
}
