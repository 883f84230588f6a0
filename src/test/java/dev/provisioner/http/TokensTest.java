package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import dev.provisioner.Secret;
import dev.provisioner.http.Tokens.Accepted;
import dev.provisioner.http.Tokens.Refused;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00.750Z");
  private static final Secret NEWEST = new Secret("newest-secret-of-the-project-0123456789");
  private static final Secret OLDER = new Secret("older-sécret-of-the-project-0123456789");
  private static final Set<Scope> BOTH = Set.of(Scope.WEBHOOK, Scope.OPERATE);

  private final Tokens tokens = new Tokens(List.of(NEWEST, OLDER), InstantSource.fixed(NOW));

  @Test
  void mintedTokenIsAcceptedForItsScopeOnly() {
    for (Scope scope : Scope.values()) {
      String token = Tokens.mint(NEWEST, scope, NOW, NOW.plusSeconds(60));

      assertThat(tokens.verify(token)).isEqualTo(new Accepted(Set.of(scope)));
    }
  }

  @Test
  void tokenOfTheOlderSecretIsAcceptedWhileTheyRotate() {
    String token = Tokens.mint(OLDER, Scope.OPERATE, NOW, NOW.plusSeconds(60));

    assertThat(tokens.verify(token)).isEqualTo(new Accepted(Set.of(Scope.OPERATE)));
  }

  @Test
  void tokenOfAnotherSecretIsRefused() {
    Secret foreign = new Secret("foreign-secret-of-somebody-0123456789");
    String token = Tokens.mint(foreign, Scope.OPERATE, NOW, NOW.plusSeconds(60));

    assertThat(tokens.verify(token)).isEqualTo(Refused.WRONG_SIGNATURE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          webhook         | WEBHOOK
          operate         | OPERATE
          webhook operate | WEBHOOK,OPERATE
          operate  admin  | OPERATE
          OPERATE         |
          operated        |
          ''              |
          """)
  void scopesAreWordsSeparatedByBlanks(String claim, String expected) {
    Set<Scope> scopes = new HashSet<>();
    if (expected != null) {
      for (String name : expected.split(",", -1)) {
        scopes.add(Scope.valueOf(name));
      }
    }

    assertThat(verify(token -> ours(token).withClaim("scope", claim)))
        .isEqualTo(new Accepted(scopes));
  }

  @Test
  void tokenWithoutScopeIsGoodForNothing() {
    assertThat(verify(TokensTest::ours)).isEqualTo(new Accepted(Set.of()));
    assertThat(verify(token -> ours(token).withArrayClaim("scope", new String[] {"operate"})))
        .isEqualTo(new Accepted(Set.of()));
  }

  @Test
  void expiryIsRequiredAndKept() {
    assertThat(verify(token -> token.withAudience("vapi-provisioner")))
        .isEqualTo(Refused.WITHOUT_EXPIRY);
    assertThat(verify(token -> ours(token).withExpiresAt(NOW.minusSeconds(1))))
        .isEqualTo(Refused.EXPIRED);
    assertThat(verify(token -> ours(token).withExpiresAt(NOW))).isEqualTo(Refused.EXPIRED);
    assertThat(verify(token -> ours(token).withExpiresAt(NOW.plusSeconds(1))))
        .isInstanceOf(Accepted.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nbf", "iat"})
  void tokenOfTheFutureIsRefused(String claim) {
    assertThat(verify(token -> ours(token).withClaim(claim, NOW.plusSeconds(2))))
        .isEqualTo(Refused.NOT_YET_VALID);
    assertThat(verify(token -> ours(token).withClaim(claim, NOW))).isInstanceOf(Accepted.class);
  }

  @Test
  void audienceMustBeUs() {
    assertThat(verify(token -> lasting(token).withClaim("scope", "operate")))
        .isEqualTo(Refused.WRONG_AUDIENCE);
    assertThat(verify(token -> lasting(token).withAudience("authenticated")))
        .isEqualTo(Refused.WRONG_AUDIENCE);
    assertThat(verify(token -> lasting(token).withAudience("other", "vapi-provisioner")))
        .isInstanceOf(Accepted.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"authenticated", "anon", "postgres", "", "SERVICE_ROLE", "service_role "})
  void sessionOfAUserIsRefusedWhateverElseItClaims(String role) {
    assertThat(verify(token -> ours(token).withClaim("scope", "operate").withClaim("role", role)))
        .isEqualTo(Refused.FOREIGN_ROLE);
  }

  @Test
  void roleThatIsNoTextIsRefused() {
    assertThat(verify(token -> ours(token).withNullClaim("role"))).isEqualTo(Refused.FOREIGN_ROLE);
    assertThat(verify(token -> ours(token).withArrayClaim("role", new String[] {"service_role"})))
        .isEqualTo(Refused.FOREIGN_ROLE);
  }

  @Test
  void serviceRoleMayDoEverythingWithoutAudience() {
    assertThat(verify(token -> lasting(token).withClaim("role", "service_role")))
        .isEqualTo(new Accepted(BOTH));
  }

  @Test
  void serviceRoleIsBoundByTimeAndSignatureAsWell() {
    assertThat(verify(token -> token.withClaim("role", "service_role")))
        .isEqualTo(Refused.WITHOUT_EXPIRY);
    assertThat(
            verify(token ->
                token.withClaim("role", "service_role").withExpiresAt(NOW.minusSeconds(1))))
        .isEqualTo(Refused.EXPIRED);
    assertThat(
            tokens.verify(
                lasting(JWT.create().withClaim("role", "service_role"))
                    .sign(Algorithm.HMAC256("another-secret-0123456789-0123456789"))))
        .isEqualTo(Refused.WRONG_SIGNATURE);
  }

  @Test
  void otherAlgorithmsAreRefusedThoughTheSecretIsRight() {
    assertThat(tokens.verify(ours(JWT.create()).sign(Algorithm.none())))
        .isEqualTo(Refused.WRONG_ALGORITHM);
    assertThat(tokens.verify(ours(JWT.create()).sign(Algorithm.HMAC512(NEWEST.bytes()))))
        .isEqualTo(Refused.WRONG_ALGORITHM);
    assertThat(tokens.verify(ours(JWT.create()).sign(Algorithm.HMAC384(NEWEST.bytes()))))
        .isEqualTo(Refused.WRONG_ALGORITHM);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RS256", "none", "hs256", "HS512", "ES256"})
  void headerThatNamesAnotherAlgorithmIsRefusedThoughHs256WouldMatch(String algorithm)
      throws Exception {
    String token =
        handmade(
            "{\"alg\":\"%s\",\"typ\":\"JWT\"}".formatted(algorithm),
            "{\"aud\":\"vapi-provisioner\",\"scope\":\"operate\",\"exp\":4000000000}");

    assertThat(tokens.verify(token)).isEqualTo(Refused.WRONG_ALGORITHM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"aud\":\"vapi-provisioner\",\"exp\":\"4000000000\"}",
        "{\"aud\":\"vapi-provisioner\",\"exp\":true}",
        "{\"aud\":\"vapi-provisioner\",\"exp\":4000000000,\"nbf\":\"x\"}",
        "[]",
        "null",
        "{"
      })
  void claimsOfTheWrongTypeAreMalformed(String payload) throws Exception {
    assertThat(tokens.verify(handmade("{\"alg\":\"HS256\"}", payload)))
        .isEqualTo(Refused.MALFORMED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"exp\":null}", "{}"})
  void nullExpiryIsNone(String payload) throws Exception {
    assertThat(tokens.verify(handmade("{\"alg\":\"HS256\"}", payload)))
        .isEqualTo(Refused.WITHOUT_EXPIRY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "ey.ey.ey",
        "bnVsbA.bnVsbA.x",
        "bnVsbA.e30.x",
        "\u0000",
        "sb_secret_x"
      })
  void rubbishIsMalformed(String token) {
    assertThat(tokens.verify(token)).isEqualTo(Refused.MALFORMED);
  }

  @Test
  void changedPayloadIsRefused() {
    String[] parts = Tokens.mint(NEWEST, Scope.WEBHOOK, NOW, NOW.plusSeconds(60)).split("\\.", -1);
    String other = Tokens.mint(NEWEST, Scope.OPERATE, NOW, NOW.plusSeconds(60)).split("\\.", -1)[1];

    assertThat(tokens.verify(parts[0] + "." + other + "." + parts[2]))
        .isEqualTo(Refused.WRONG_SIGNATURE);
  }

  @Test
  void withoutSecretsNothingIsAccepted() {
    Tokens none = new Tokens(List.of(), InstantSource.fixed(NOW));

    assertThat(none.configured()).isFalse();
    assertThat(none.verify(Tokens.mint(NEWEST, Scope.OPERATE, NOW, NOW.plusSeconds(60))))
        .isEqualTo(Refused.WRONG_SIGNATURE);
  }

  @Test
  void tokenThatNeverHoldsIsNotMinted() {
    assertThatThrownBy(() -> Tokens.mint(NEWEST, Scope.OPERATE, NOW, NOW))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Tokens.Verdict verify(UnaryOperator<JWTCreator.Builder> claims) {
    return tokens.verify(claims.apply(JWT.create()).sign(Algorithm.HMAC256(NEWEST.bytes())));
  }

  private static JWTCreator.Builder ours(JWTCreator.Builder token) {
    return lasting(token).withAudience("vapi-provisioner");
  }

  private static JWTCreator.Builder lasting(JWTCreator.Builder token) {
    return token.withExpiresAt(NOW.plusSeconds(60));
  }

  private static String handmade(String header, String payload) throws Exception {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String content =
        base64.encodeToString(header.getBytes(UTF_8))
            + "."
            + base64.encodeToString(payload.getBytes(UTF_8));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(NEWEST.bytes(), "HmacSHA256"));
    return content + "." + base64.encodeToString(mac.doFinal(content.getBytes(UTF_8)));
  }
}
