package dev.provisioner.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VapiSimulatorTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final ObjectMapper JSON = new ObjectMapper();

  private volatile Instant now = Instant.parse("2026-03-01T12:00:00.1239Z");
  private final VapiSimulator vapi = VapiSimulator.start(() -> now).acceptKey("private-key");
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    client.shutdownNow();
    client.close();
    vapi.close();
  }

  @Test
  void aCreatedAssistantIsEchoedListedFetchedAndDeleted() throws Exception {
    HttpResponse<String> created =
        create("{\"name\": \"Für Ada\", \"metadata\": {\"user_id\": \"u-1\"}}");
    assertThat(created.statusCode()).isEqualTo(201);
    JsonNode assistant = JSON.readTree(created.body());
    String id = assistant.get("id").asText();
    assertThat(assistant.get("createdAt").asText()).isEqualTo("2026-03-01T12:00:00.123Z");
    assertThat(assistant.get("name").asText()).isEqualTo("Für Ada");
    assertThat(assistant.has("orgId")).isTrue();

    assertThat(JSON.readTree(get("/assistant").body()).get(0)).isEqualTo(assistant);
    assertThat(JSON.readTree(get("/assistant/" + id).body())).isEqualTo(assistant);
    assertThat(vapi.assistantsWith("user_id", "u-1"))
        .extracting(SimulatedAssistant::id)
        .containsExactly(id);

    assertThat(delete(id).statusCode()).isEqualTo(200);
    assertThat(delete(id).statusCode()).isEqualTo(404);
    assertThat(get("/assistant/" + id).statusCode()).isEqualTo(404);
    assertThat(vapi.assistants()).isEmpty();
    assertThat(vapi.deleted()).containsExactly(id);
    assertThat(vapi.created()).isEqualTo(1);
    assertThat(vapi.calls())
        .extracting(call -> call.operation() + " " + call.answer())
        .containsExactly(
            "CREATE 201", "LIST 200", "GET 200", "DELETE 200", "DELETE 404", "GET 404");
  }

  @Test
  void bodiesThatVapiWouldRefuseAreRefused() throws Exception {
    assertThat(messageOf(create("{\"name\": \"%s\"}".formatted("x".repeat(41)))).get(0).asText())
        .isEqualTo("name must be shorter than or equal to 40 characters");
    assertThat(messageOf(create("{\"serverUrl\": \"https://example.com\"}")).get(0).asText())
        .isEqualTo("property serverUrl should not exist");
    assertThat(messageOf(create("{\"name\": ")).isTextual()).isTrue();
    assertThat(messageOf(create("[]")).isTextual()).isTrue();
    assertThat(create("{\"name\": \"%s\"}".formatted("x".repeat(40))).statusCode()).isEqualTo(201);
  }

  @Test
  void unknownKeysAndDefaultUserAgentsAreTurnedAway() throws Exception {
    vapi.revokeKeys();
    HttpResponse<String> revoked = create("{}");
    assertThat(revoked.statusCode()).isEqualTo(401);
    assertThat(messageOf(revoked).asText()).startsWith("Invalid Key");

    vapi.acceptKey("another");
    assertThat(create("{}").statusCode()).isEqualTo(401);

    HttpResponse<String> nameless =
        client.send(
            HttpRequest.newBuilder(URI.create(vapi.baseUrl() + "/assistant"))
                .header("Authorization", "Bearer another")
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(nameless.statusCode()).isEqualTo(403);
    assertThat(nameless.body()).isEqualTo("error code: 1010");
    assertThat(vapi.created()).isZero();
  }

  @Test
  void listingsHonourLimitAndTimes() throws Exception {
    Instant noon = Instant.parse("2026-01-01T12:00:00Z");
    vapi.seed(150, Map.of(), noon, noon.plusSeconds(150));
    assertThat(namesIn(get("/assistant"))).hasSize(100).startsWith("Seeded 149", "Seeded 148");
    assertThat(namesIn(get("/assistant?limit=1000"))).hasSize(150);
    assertThat(get("/assistant?limit=1001").statusCode()).isEqualTo(400);
    assertThat(get("/assistant?createdAtGe=yesterday").statusCode()).isEqualTo(400);
    assertThat(
            namesIn(
                get(
                    "/assistant?createdAtGe=2026-01-01T12:00:10Z&createdAtLt=2026-01-01T12:00:12Z")))
        .containsExactly("Seeded 11", "Seeded 10");
    assertThat(
            namesIn(
                get(
                    "/assistant?createdAtGt=2026-01-01T12:00:10Z&createdAtLe=2026-01-01T12:00:12Z")))
        .containsExactly("Seeded 12", "Seeded 11");

    vapi.listOldestFirst();
    assertThat(namesIn(get("/assistant?limit=2"))).containsExactly("Seeded 0", "Seeded 1");
    vapi.listShuffled();
    List<String> shuffled = namesIn(get("/assistant?limit=150"));
    assertThat(shuffled).isNotEqualTo(namesInOrder(150)).hasSameElementsAs(namesInOrder(150));
    assertThat(namesIn(get("/assistant?limit=150"))).isEqualTo(shuffled);
  }

  @Test
  void laggingListingsHideWhatIsNewUntilTheyCatchUp() throws Exception {
    create("{\"name\": \"before\"}");
    vapi.lagListing();
    create("{\"name\": \"behind\"}");
    assertThat(namesIn(get("/assistant"))).containsExactly("before");
    String behind = vapi.assistants().getLast().id();
    assertThat(get("/assistant/" + behind).statusCode()).isEqualTo(200);
    vapi.catchUp();
    assertThat(namesIn(get("/assistant"))).containsExactly("behind", "before");

    vapi.lagListing(Duration.ofSeconds(2));
    now = now.plusSeconds(60);
    create("{\"name\": \"young\"}");
    assertThat(namesIn(get("/assistant"))).containsExactly("behind", "before");
    now = now.plusSeconds(3);
    assertThat(namesIn(get("/assistant"))).contains("young");
  }

  @Test
  void faultsBefallCallsInTheOrderPlanned() throws Exception {
    vapi.onCreate()
        .next(Fault.status(500))
        .next(2, Fault.status(502, "<html>bad gateway</html>"))
        .next(Fault.statusAfterApplying(504, "<html>too late</html>"))
        .next(Fault.throttled(Duration.ofSeconds(7)))
        .next(Fault.throttledUntil(Instant.parse("2026-03-02T03:04:05Z")))
        .next(Fault.withoutId())
        .next(Fault.redirect("/v2/assistant"))
        .always(Fault.status(402));
    assertThat(create("{}").statusCode()).isEqualTo(500);
    assertThat(create("{}").body()).contains("<html>");
    assertThat(create("{}").statusCode()).isEqualTo(502);
    assertThat(vapi.assistants()).isEmpty();
    assertThat(create("{}").statusCode()).isEqualTo(504);
    assertThat(vapi.assistants()).hasSize(1);
    assertThat(create("{}").headers().firstValue("Retry-After")).hasValue("7");
    assertThat(create("{}").headers().firstValue("Retry-After"))
        .hasValue("Mon, 02 Mar 2026 03:04:05 GMT");
    HttpResponse<String> withoutId = create("{}");
    assertThat(withoutId.statusCode()).isEqualTo(201);
    assertThat(JSON.readTree(withoutId.body()).has("id")).isFalse();
    assertThat(create("{}").headers().firstValue("Location")).hasValue("/v2/assistant");
    assertThat(create("{}").statusCode()).isEqualTo(402);
    assertThat(get("/assistant").statusCode()).isEqualTo(200);
    vapi.onCreate().clear();
    assertThat(create("{}").statusCode()).isEqualTo(201);
    assertThat(vapi.creates()).isEqualTo(10);
    assertThat(vapi.created()).isEqualTo(3);
  }

  @Test
  void aDroppedCallHasHappenedOrNotAsPlanned() {
    vapi.onCreate().next(Fault.dropBeforeApplying()).next(Fault.dropAfterApplying());
    assertThatThrownBy(() -> create("{}")).isInstanceOf(IOException.class);
    assertThat(vapi.created()).isZero();
    assertThatThrownBy(() -> create("{}")).isInstanceOf(IOException.class);
    assertThat(vapi.created()).isEqualTo(1);
    assertThat(vapi.callsTo(Operation.CREATE))
        .extracting(Call::answer)
        .containsExactly("dropped", "dropped");
  }

  @Test
  void aCutOrStalledBodyEndsHalfway() throws Exception {
    vapi.onCreate().next(Fault.cutBody()).next(Fault.stallBody());
    assertThatThrownBy(() -> create("{}")).isInstanceOf(IOException.class);

    HttpRequest stalling =
        HttpRequest.newBuilder(post("{}"), (name, value) -> true)
            .timeout(Duration.ofMillis(500))
            .build();
    // The client's own timeout ends at the headers, which do arrive.
    HttpResponse<InputStream> stalled =
        client.send(stalling, HttpResponse.BodyHandlers.ofInputStream());
    assertThat(stalled.statusCode()).isEqualTo(201);
    try (InputStream body = stalled.body()) {
      assertThat(body.read()).isEqualTo('{');
      CompletableFuture<byte[]> rest =
          CompletableFuture.supplyAsync(() -> {
            try {
              return body.readAllBytes();
            } catch (IOException e) {
              return new byte[0];
            }
          });
      assertThatThrownBy(() -> rest.get(200, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
    }

    vapi.onList().next(Fault.cutBody());
    vapi.seed(3, Map.of(), now, now);
    try (Socket socket = new Socket("localhost", vapi.port());
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      socket
          .getOutputStream()
          .write(
              """
              GET /assistant HTTP/1.1
              Host: localhost
              User-Agent: bare
              Authorization: Bearer private-key

              """
                  .replace("\n", "\r\n")
                  .getBytes(StandardCharsets.UTF_8));
      String answer = String.join("\n", reader.lines().toList());
      assertThat(answer).startsWith("HTTP/1.1 200").contains("[{\"name\"").doesNotEndWith("]");
    }
    assertThat(vapi.calls())
        .extracting(Call::answer)
        .containsExactly("201 cut", "201 stalled", "200 cut");
    assertThat(vapi.created()).isEqualTo(2);
  }

  @Test
  void aCreateHeldBeforeApplyingComesLateThoughItsClientIsGone() throws Exception {
    Hold hold = Hold.beforeApplying();
    vapi.onCreate().next(hold);
    CompletableFuture<HttpResponse<String>> call =
        client.sendAsync(post("{}"), HttpResponse.BodyHandlers.ofString());
    hold.awaitArrived(SOON);
    assertThat(vapi.assistants()).isEmpty();
    assertThat(vapi.calls().getFirst().answer()).isEqualTo("pending");

    call.cancel(true);
    client.shutdownNow();
    assertThat(client.awaitTermination(SOON)).isTrue();
    assertThat(vapi.assistants()).isEmpty();
    hold.release();
    assertThat(vapi.assistants()).hasSize(1);
  }

  @Test
  void aCreateHeldAfterApplyingExistsBeforeItIsAnswered() throws Exception {
    Hold hold = Hold.afterApplying();
    vapi.onCreate().next(hold);
    CompletableFuture<HttpResponse<String>> call =
        client.sendAsync(post("{}"), HttpResponse.BodyHandlers.ofString());
    hold.awaitArrived(SOON);
    assertThat(vapi.assistants()).hasSize(1);
    assertThat(call).isNotDone();
    hold.release();
    assertThat(call.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(201);
  }

  @Test
  void closingForgetsWhatIsHeld() {
    Hold hold = Hold.beforeApplying();
    vapi.onCreate().always(hold);
    var unused = client.sendAsync(post("{}"), HttpResponse.BodyHandlers.ofString());
    hold.awaitArrived(SOON);
    vapi.close();
    assertThat(vapi.created()).isZero();
  }

  @Test
  void aDelayedAnswerOutlastsItsTimeout() {
    vapi.onCreate().next(Fault.delay(Duration.ofSeconds(1)));
    HttpRequest impatient =
        HttpRequest.newBuilder(post("{}"), (name, value) -> true)
            .timeout(Duration.ofMillis(100))
            .build();
    assertThatThrownBy(() -> client.send(impatient, HttpResponse.BodyHandlers.ofString()))
        .isInstanceOf(HttpTimeoutException.class);
    assertThat(vapi.created()).isEqualTo(1);
  }

  private HttpResponse<String> create(String body) throws IOException, InterruptedException {
    return client.send(post(body), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest post(String body) {
    return request("/assistant")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> delete(String id) throws IOException, InterruptedException {
    return client.send(
        request("/assistant/" + id).DELETE().build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(vapi.baseUrl() + path))
        .header("User-Agent", "a-test/1")
        .header("Authorization", "Bearer private-key");
  }

  private static JsonNode messageOf(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body()).get("message");
  }

  private static List<String> namesIn(HttpResponse<String> response) throws IOException {
    List<String> names = new ArrayList<>();
    JSON.readTree(response.body()).forEach(each -> names.add(each.get("name").asText()));
    return names;
  }

  private static List<String> namesInOrder(int count) {
    List<String> names = new ArrayList<>();
    for (int i = count - 1; i >= 0; i--) {
      names.add("Seeded " + i);
    }
    return names;
  }
}
