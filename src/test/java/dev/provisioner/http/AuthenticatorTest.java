package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.Secret;
import dev.provisioner.contract.Contract;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticatorTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);
  private static final Secret WEBHOOK = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  private static final Secret FOREIGN = new Secret("whsec_Zm9yZWlnbi1zZWNyZXQtMjQtYnl0ZXMhISE=");
  private static final Secret TOKEN = new Secret("secret-of-the-project-0123456789-0123456789");
  private static final byte[] BODY = "{\"name\":\"Zoë\"}".getBytes(UTF_8);

  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer server = start(List.of(WEBHOOK), List.of(TOKEN));

  @AfterEach
  void stop() {
    server.close();
    client.close();
  }

  private static HttpServer start(List<Secret> webhookSecrets, List<Secret> jwtSecrets) {
    Authenticator authenticator =
        new Authenticator(new Signatures(webhookSecrets, CLOCK), new Tokens(jwtSecrets, CLOCK));
    HttpServer server =
        new HttpServer(
            0,
            List.of(
                Route.post(
                    "/bell",
                    ctx -> {
                      byte[] body = ctx.bodyAsBytes();
                      authenticator.requireSignatureOrToken(ctx, body, Scope.WEBHOOK);
                      JsonBody.readOrEmpty(ctx, body).check();
                      ctx.result("rung");
                    }),
                Route.get(
                    "/rows",
                    ctx -> {
                      authenticator.requireToken(ctx, Scope.OPERATE);
                      ctx.result("rows");
                    })));
    server.start();
    return server;
  }

  @Test
  void signedBodyPasses() throws Exception {
    assertThat(send(signed(WEBHOOK, NOW)).body()).isEqualTo("rung");
  }

  @Test
  void signatureInALaterHeaderLinePasses() throws Exception {
    HttpRequest.Builder request = signed(WEBHOOK, NOW);
    String right = SignaturesTest.signed(WEBHOOK, NOW.getEpochSecond(), BODY).signature();
    request.setHeader("webhook-signature", "v1,b3RoZXI=").header("webhook-signature", right);

    assertThat(send(request).body()).isEqualTo("rung");
  }

  @Test
  void foreignSignatureIsRefusedThoughTheTokenIsRight() throws Exception {
    HttpRequest.Builder request =
        signed(FOREIGN, NOW).header("Authorization", "Bearer " + token(Scope.WEBHOOK));

    assertRefused(send(request), 401, "invalid-signature", null);
  }

  @Test
  void oldSignatureIsRefusedAsExpired() throws Exception {
    assertRefused(send(signed(WEBHOOK, NOW.minusSeconds(301))), 401, "signature-expired", null);
    assertRefused(send(signed(WEBHOOK, NOW.plusSeconds(301))), 401, "signature-expired", null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"webhook-id", "webhook-timestamp", "webhook-signature"})
  void anyWebhookHeaderMakesTheSignatureDecide(String header) throws Exception {
    HttpRequest.Builder request =
        bell().header(header, "x").header("Authorization", "Bearer " + token(Scope.WEBHOOK));

    assertRefused(send(request), 401, "invalid-signature", null);
  }

  @Test
  void tokenPassesWhereASignatureWould() throws Exception {
    assertThat(send(bell().header("Authorization", "Bearer " + token(Scope.WEBHOOK))).body())
        .isEqualTo("rung");
    assertThat(send(bell().header("Authorization", "bearer  " + token(Scope.WEBHOOK))).body())
        .isEqualTo("rung");
  }

  @Test
  void signatureDoesNotPassWhereATokenIsNeeded() throws Exception {
    HttpRequest.Builder request = rows();
    var headers = SignaturesTest.signed(WEBHOOK, NOW.getEpochSecond(), new byte[0]);
    request
        .header("webhook-id", String.valueOf(headers.id()))
        .header("webhook-timestamp", String.valueOf(headers.timestamp()))
        .header("webhook-signature", String.valueOf(headers.signature()));

    assertRefused(send(request), 401, "unauthenticated", null);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Basic dTpw", "Bearer", "Bearer ", "Token x", "Bearer a b"})
  void withoutATokenTheCallerIsTold(String authorization) throws Exception {
    HttpRequest.Builder request = rows();
    if (!authorization.isEmpty()) {
      request.header("Authorization", authorization);
    }

    JsonNode problem = assertRefused(send(request), 401, "unauthenticated", null);
    assertThat(problem.get("detail").asText()).contains("Authorization: Bearer", "scope operate");
  }

  @Test
  void unsignedWebhookIsToldBothWays() throws Exception {
    JsonNode problem = assertRefused(send(bell()), 401, "unauthenticated", null);

    assertThat(problem.get("detail").asText()).contains("Standard Webhooks", "scope webhook");
  }

  @Test
  void wrongScopeIsForbidden() throws Exception {
    HttpResponse<String> response =
        send(rows().header("Authorization", "Bearer " + token(Scope.WEBHOOK)));

    assertRefused(response, 403, "insufficient-scope", "insufficient_scope");
    assertThat(response.headers().firstValue("WWW-Authenticate").orElseThrow())
        .contains("scope=\"operate\"");
  }

  @Test
  void headIsAuthenticatedLikeGet() throws Exception {
    HttpRequest.Builder request = rows().method("HEAD", BodyPublishers.noBody());
    assertThat(send(request).statusCode()).isEqualTo(401);

    request.header("Authorization", "Bearer " + token(Scope.OPERATE));
    assertThat(send(request).statusCode()).isEqualTo(200);
  }

  @Test
  void sessionOfAUserIsRefused() throws Exception {
    String session =
        JWT.create()
            .withAudience("authenticated")
            .withClaim("role", "authenticated")
            .withClaim("email", "jane@example.com")
            .withExpiresAt(NOW.plusSeconds(3600))
            .sign(Algorithm.HMAC256(TOKEN.bytes()));

    HttpResponse<String> response = send(rows().header("Authorization", "Bearer " + session));

    assertRefused(response, 401, "invalid-token", "invalid_token");
    assertThat(response.body()).doesNotContain("jane", session);
  }

  @ParameterizedTest
  @CsvSource({"-1, token has expired", "0, token has expired"})
  void expiredTokenIsToldSo(long seconds, String expected) throws Exception {
    String token =
        Tokens.mint(TOKEN, Scope.OPERATE, NOW.minusSeconds(60), NOW.plusSeconds(seconds));

    JsonNode problem =
        assertRefused(
            send(rows().header("Authorization", "Bearer " + token)),
            401,
            "invalid-token",
            "invalid_token");
    assertThat(problem.get("detail").asText()).contains(expected);
  }

  @Test
  void signaturesThatAreNotConfiguredAreNamed() throws Exception {
    server.close();
    server = start(List.of(), List.of(TOKEN));

    JsonNode problem = assertRefused(send(signed(WEBHOOK, NOW)), 401, "unauthenticated", null);
    assertThat(problem.get("detail").asText()).contains("WEBHOOK_SECRETS");
  }

  @Test
  void tokensThatAreNotConfiguredAreNamed() throws Exception {
    server.close();
    server = start(List.of(WEBHOOK), List.of());

    JsonNode problem =
        assertRefused(
            send(rows().header("Authorization", "Bearer " + token(Scope.OPERATE))),
            401,
            "unauthenticated",
            "invalid_token");
    assertThat(problem.get("detail").asText()).contains("JWT_SECRETS");
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, 200",
    "application/json; charset=utf-8, 200",
    "APPLICATION/JSON, 200",
    "text/plain, 415",
    "application/problem+json, 415",
    "application/jsonx, 415",
    "application/x-www-form-urlencoded, 415"
  })
  void bodyMustBeDeclaredAsJson(String contentType, int status) throws Exception {
    HttpResponse<String> response =
        send(signed(WEBHOOK, NOW).setHeader("Content-Type", contentType));

    assertThat(response.statusCode()).isEqualTo(status);
  }

  @Test
  void noBodyNeedsNoDeclaration() throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri("/bell"))
            .header("Authorization", "Bearer " + token(Scope.WEBHOOK))
            .POST(BodyPublishers.noBody());

    assertThat(send(request).body()).isEqualTo("rung");
  }

  private HttpRequest.Builder signed(Secret secret, Instant at) {
    Signatures.Headers headers = SignaturesTest.signed(secret, at.getEpochSecond(), BODY);
    return bell()
        .header("Webhook-Id", String.valueOf(headers.id()))
        .header("Webhook-Timestamp", String.valueOf(headers.timestamp()))
        .header("Webhook-Signature", String.valueOf(headers.signature()));
  }

  private HttpRequest.Builder bell() {
    return HttpRequest.newBuilder(uri("/bell"))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofByteArray(BODY));
  }

  private HttpRequest.Builder rows() {
    return HttpRequest.newBuilder(uri("/rows"));
  }

  private URI uri(String path) {
    return URI.create("http://localhost:" + server.port() + path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static String token(Scope scope) {
    return Tokens.mint(TOKEN, scope, NOW, NOW.plusSeconds(60));
  }

  private static JsonNode assertRefused(
      HttpResponse<String> response, int status, String slug, @Nullable String error)
      throws Exception {
    Contract.served().judgeProblem(response.uri().getPath(), response);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    JsonNode problem = new ObjectMapper().readTree(response.body());
    assertThat(problem.get("type").asText()).isEqualTo("urn:vapi-provisioner:problem:" + slug);
    String challenge = response.headers().firstValue("WWW-Authenticate").orElseThrow();
    assertThat(challenge).startsWith("Bearer realm=\"vapi-provisioner\"");
    if (error == null) {
      assertThat(challenge).doesNotContain("error=");
    } else {
      assertThat(challenge).contains("error=\"" + error + "\"");
    }
    assertThat(response.body()).doesNotContain(TOKEN.value(), WEBHOOK.value());
    return problem;
  }
}
