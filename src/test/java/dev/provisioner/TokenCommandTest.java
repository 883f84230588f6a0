package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.auth0.jwt.JWT;
import com.auth0.jwt.interfaces.DecodedJWT;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCommandTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final String NEWEST = "newest-secret-of-the-project-0123456789";
  private static final String OLDER = "older-secret-of-the-project-0123456789";
  private static final Map<String, String> ENVIRONMENT =
      Map.of("JWT_SECRETS", NEWEST + "," + OLDER, "PORT", "not read here");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void tokenIsAloneOnStandardOutputAndTheServiceAcceptsIt() {
    assertThat(run("--scope", "operate")).isZero();

    Tokens tokens = new Tokens(List.of(new Secret(NEWEST)), InstantSource.fixed(NOW));
    assertThat(tokens.verify(out.toString(UTF_8).strip()))
        .isEqualTo(new Tokens.Accepted(Set.of(Scope.OPERATE)));
    assertThat(out.toString(UTF_8)).matches("[A-Za-z0-9_.-]+\\R");
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"90s, PT90S", "15m, PT15M", "12h, PT12H", "365d, PT8760H"})
  void tokenExpiresAsAsked(String expires, Duration expected) {
    assertThat(run("--expires", expires, "--scope", "webhook")).isZero();

    DecodedJWT token = JWT.decode(out.toString(UTF_8).strip());
    assertThat(token.getIssuedAtAsInstant()).isEqualTo(NOW);
    assertThat(token.getExpiresAtAsInstant()).isEqualTo(NOW.plus(expected));
    assertThat(token.getAudience()).containsExactly("vapi-provisioner");
    assertThat(token.getClaim("scope").asString()).isEqualTo("webhook");
  }

  @Test
  void tokenExpiresAfterThirtyDaysUnlessAsked() {
    run("--scope", "operate");

    assertThat(JWT.decode(out.toString(UTF_8).strip()).getExpiresAtAsInstant())
        .isEqualTo(NOW.plus(Duration.ofDays(30)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                                    | --scope must be operate or webhook.
          --scope admin                         | --scope must be operate or webhook.
          --scope                               | --scope needs a value.
          --expires 30d                         | --scope must be operate or webhook.
          --scope operate --expires             | --expires needs a value.
          --scope operate --expires 30          | --expires must be
          --scope operate --expires 0d          | --expires must be
          --scope operate --expires 366d        | --expires must be
          --scope operate --expires 999999999d  | --expires must be
          --scope operate --expires -1d         | --expires must be
          --scope operate --verbose yes         | Unknown option: --verbose
          operate                               | Unknown option: operate
          """)
  void mistakeShowsTheUsage(String arguments, String message) {
    int code = run(arguments.isEmpty() ? new String[0] : arguments.split(" +", -1));

    assertThat(code).isEqualTo(2);
    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(err.toString(UTF_8)).startsWith(message).contains("Usage:");
  }

  @Test
  void helpIsNoMistake() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(UTF_8)).startsWith("Usage:");
    assertThat(err.toString(UTF_8)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", ",", "short-secret"})
  void secretThatCannotSignIsNamedButNotShown(String secrets) {
    int code =
        TokenCommand.run(
            List.of("--scope", "operate"),
            Map.of("JWT_SECRETS", secrets),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            InstantSource.fixed(NOW));

    assertThat(code).isEqualTo(2);
    assertThat(out.toString(UTF_8)).isEmpty();
    assertThat(err.toString(UTF_8)).startsWith("JWT_SECRETS ").doesNotContain("short-secret");
  }

  private int run(String... args) {
    return TokenCommand.run(
        List.of(args),
        ENVIRONMENT,
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8),
        InstantSource.fixed(NOW));
  }
}
