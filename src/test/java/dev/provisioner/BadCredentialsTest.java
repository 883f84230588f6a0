package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.algorithms.Algorithm;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who is not let in. Every body here is a good one, about a row that waits: it would be provisioned
 * if the request came through. One world serves all, since none of this may change it.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadCredentialsTest {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";
  private static final String NEWER_SECRET = secret("a newer secret, 32 bytes long ...");
  private static final String FOREIGN_SECRET = secret("somebody else's, 32 bytes long ..");

  private final World world;
  private final Person person;
  private final String body;

  BadCredentialsTest(SupabaseServer supabase) {
    world =
        World.empty(supabase).with("WEBHOOK_SECRETS", NEWER_SECRET + "," + World.WEBHOOK_SECRET);
    world.start();
    person = world.person();
    body = World.announcement(person.provision());
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {WEBHOOK, "/reconcile"})
  void requestWithoutAnyProofIsRefused(String path) {
    Answer answer = Refusal.of(world, json(path).POST(bytes(body)), 401, "unauthenticated");

    assertThat(answer.response().headers().firstValue("WWW-Authenticate"))
        .hasValue("Bearer realm=\"vapi-provisioner\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {WEBHOOK, "/reconcile"})
  void signatureOfAnotherSecretIsRefused(String path) {
    HttpRequest.Builder request = World.signed(json(path), body, FOREIGN_SECRET, Instant.now());

    Refusal.of(world, request, 401, "invalid-signature");
  }

  @ParameterizedTest
  @ValueSource(strings = {WEBHOOK, "/reconcile"})
  void signatureOverOtherBytesIsRefused(String path) {
    HttpRequest.Builder request = world.signed(json(path), body).POST(bytes(body + " "));

    Refusal.of(world, request, 401, "invalid-signature");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-PT6M", "PT6M", "-PT24H"})
  void signatureOfAnotherTimeIsRefused(Duration off) {
    HttpRequest.Builder request =
        World.signed(json(WEBHOOK), body, World.WEBHOOK_SECRET, Instant.now().plus(off));

    Refusal.of(world, request, 401, "signature-expired");
  }

  @Test
  void timeStampIsPartOfWhatIsSigned() {
    Instant old = Instant.now().minus(Duration.ofMinutes(6));
    HttpRequest.Builder request =
        World.signed(json(WEBHOOK), body, World.WEBHOOK_SECRET, old)
            .setHeader("webhook-timestamp", Long.toString(Instant.now().getEpochSecond()));

    Refusal.of(world, request, 401, "invalid-signature");
  }

  @ParameterizedTest
  @ValueSource(strings = {"webhook-id", "webhook-timestamp", "webhook-signature"})
  void signatureNeedsAllItsHeaders(String missing) {
    HttpRequest.Builder request = json(WEBHOOK).POST(bytes(body));
    world
        .signed(json(WEBHOOK), body)
        .build()
        .headers()
        .map()
        .forEach((name, values) -> {
          if (!name.equalsIgnoreCase(missing)) {
            request.setHeader(name, values.getFirst());
          }
        });

    Refusal.of(world, request, 401, "invalid-signature");
  }

  @Test
  void badSignatureIsNotMadeUpForByAToken() {
    HttpRequest.Builder request =
        World.signed(json(WEBHOOK), body, FOREIGN_SECRET, Instant.now())
            .header("Authorization", "Bearer " + World.token(Scope.WEBHOOK));

    Refusal.of(world, request, 401, "invalid-signature");
  }

  @ParameterizedTest
  @ValueSource(strings = {World.WEBHOOK_SECRET, "newer"})
  void eachConfiguredSecretIsAccepted(String secret) {
    Person another = world.person();

    Answer answer =
        world.send(
            World.signed(
                json(WEBHOOK),
                World.announcement(another.provision()),
                secret.equals("newer") ? NEWER_SECRET : secret,
                Instant.now()));

    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("created");
  }

  Stream<Map.Entry<String, String>> badTokens() {
    Instant soon = Instant.now().plus(Duration.ofHours(1));
    Algorithm hs256 = Algorithm.HMAC256(World.JWT_SECRET);
    return Map.ofEntries(
        Map.entry("expired", ours(Instant.now().minusSeconds(2)).sign(hs256)),
        Map.entry(
            "without exp",
            JWT.create()
                .withAudience(Tokens.AUDIENCE)
                .withClaim("scope", "webhook operate")
                .sign(hs256)),
        Map.entry("not yet valid", ours(soon).withNotBefore(soon).sign(hs256)),
        Map.entry("of another audience", ours(soon).withAudience("another").sign(hs256)),
        Map.entry(
            "without audience",
            JWT.create().withExpiresAt(soon).withClaim("scope", "webhook operate").sign(hs256)),
        Map.entry("HS512", ours(soon).sign(Algorithm.HMAC512(World.JWT_SECRET))),
        Map.entry("RS256 by its header", reheaded(ours(soon).sign(hs256), "RS256")),
        Map.entry("alg none", unsigned(reheaded(ours(soon).sign(hs256), "none"))),
        Map.entry("without its signature", unsigned(ours(soon).sign(hs256))),
        Map.entry(
            "of another secret",
            ours(soon).sign(Algorithm.HMAC256("another-secret-of-at-least-32-bytes"))),
        Map.entry("a user's", user(soon).sign(hs256)),
        Map.entry(
            "a user's with our audience",
            user(soon)
                .withAudience(Tokens.AUDIENCE)
                .withClaim("scope", "webhook operate")
                .sign(hs256)),
        Map.entry(
            "the anon key", JWT.create().withExpiresAt(soon).withClaim("role", "anon").sign(hs256)),
        Map.entry("no JWT at all", "sbp_0123456789abcdef"))
        .entrySet()
        .stream();
  }

  @ParameterizedTest
  @MethodSource("badTokens")
  void tokenIsRefused(Map.Entry<String, String> token) {
    for (String path : new String[] {WEBHOOK, "/reconcile"}) {
      Answer answer =
          Refusal.of(world, bearing(token.getValue(), path, body), 401, "invalid-token");

      assertThat(answer.response().headers().firstValue("WWW-Authenticate"))
          .hasValue("Bearer realm=\"vapi-provisioner\", error=\"invalid_token\"");
    }
    Refusal.of(
        world,
        world
            .request("/provisions/" + person.provision())
            .header("Authorization", "Bearer " + token.getValue()),
        401,
        "invalid-token");
  }

  @Test
  void passwordIsNoToken() {
    HttpRequest.Builder request =
        json(WEBHOOK).POST(bytes(body)).header("Authorization", "Basic dXNlcjpwYXNz");

    Refusal.of(world, request, 401, "unauthenticated");
  }

  @Test
  void tokenIsGoodForItsScopeOnly() {
    Refusal.of(
        world, bearing(World.token(Scope.OPERATE), WEBHOOK, body), 403, "insufficient-scope");
    Refusal.of(
        world, bearing(World.token(Scope.WEBHOOK), "/reconcile", "{}"), 403, "insufficient-scope");
  }

  @Test
  void tokenWithTheScopeRingsTheBell() {
    Person another = world.person();

    Answer answer =
        world.send(
            bearing(World.token(Scope.WEBHOOK), WEBHOOK, World.announcement(another.provision())));

    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("created");
  }

  @Test
  void legacyServiceRoleKeyCountsForBothScopes() {
    String key =
        JWT.create()
            .withIssuer("supabase")
            .withClaim("ref", "abcdefghijklmnopqrst")
            .withClaim("role", "service_role")
            .withExpiresAt(Instant.now().plus(Duration.ofDays(3650)))
            .sign(Algorithm.HMAC256(World.JWT_SECRET));
    Person another = world.person();

    Answer rung = world.send(bearing(key, WEBHOOK, World.announcement(another.provision())));
    Answer reconciled = world.send(bearing(key, "/reconcile", "{\"dry_run\": true}"));

    assertThat(rung.field("outcome")).as("%s", rung).isEqualTo("created");
    assertThat(reconciled.status()).isEqualTo(200);
  }

  /** Good in every respect, for both scopes. */
  private static JWTCreator.Builder ours(Instant expiry) {
    return JWT.create()
        .withAudience(Tokens.AUDIENCE)
        .withClaim("scope", "webhook operate")
        .withExpiresAt(expiry);
  }

  /** A session as Supabase makes it. */
  private static JWTCreator.Builder user(Instant expiry) {
    return JWT.create()
        .withAudience("authenticated")
        .withSubject("0b6d3c1e-7f0a-4f3e-9d52-1c5b7c1a2f10")
        .withClaim("role", "authenticated")
        .withExpiresAt(expiry);
  }

  private static String reheaded(String token, String algorithm) {
    String header = "{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}";
    return Base64.getUrlEncoder().withoutPadding().encodeToString(header.getBytes(UTF_8))
        + token.substring(token.indexOf('.'));
  }

  private static String unsigned(String token) {
    return token.substring(0, token.lastIndexOf('.') + 1);
  }

  private HttpRequest.Builder bearing(String token, String path, String sent) {
    return json(path).POST(bytes(sent)).header("Authorization", "Bearer " + token);
  }

  private HttpRequest.Builder json(String path) {
    return world.request(path).header("Content-Type", "application/json");
  }

  private static HttpRequest.BodyPublisher bytes(String text) {
    return HttpRequest.BodyPublishers.ofString(text);
  }

  private static String secret(String bytes) {
    return "whsec_" + Base64.getEncoder().encodeToString(bytes.getBytes(UTF_8));
  }
}
