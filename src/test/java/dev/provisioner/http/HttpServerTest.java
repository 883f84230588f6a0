package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.contract.Contract;
import io.javalin.util.JavalinException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

class HttpServerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LARGEST_BODY = 64 * 1024;

  private static final Duration LONG = Duration.ofSeconds(30);

  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private final HttpClient client = HttpClient.newHttpClient();
  private HttpServer server = server(HttpServer.Limits.DEFAULT);

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    released.countDown();
    server.close();
    client.close();
  }

  private HttpServer server(HttpServer.Limits limits) {
    return new HttpServer(
        0,
        List.of(
            Route.post("/size", ctx -> ctx.result(ctx.bodyAsBytes().length + " bytes")),
            Route.post("/unread", ctx -> ctx.result("done")),
            Route.get("/things/{id}", ctx -> ctx.result("thing " + ctx.pathParam("id"))),
            Route.post("/things/{id}", ctx -> ctx.result("posted")),
            Route.get(
                "/refused",
                ctx -> {
                  throw new ProblemException(
                          ProblemType.DATABASE_UNAVAILABLE, "Later.", Map.of("X-Why", "test"))
                      .retryAfter(Duration.ofMillis(1500));
                }),
            Route.get(
                "/bug",
                ctx -> {
                  throw new IllegalStateException("jdbc:postgresql://u:hunter2@host");
                }),
            Route.get(
                "/error",
                ctx -> {
                  throw new StackOverflowError("deep");
                }),
            Route.get("/mdc", ctx -> ctx.result(String.valueOf(MDC.get("request_id")))),
            Route.get(
                "/thread", ctx -> ctx.result(String.valueOf(Thread.currentThread().isVirtual()))),
            Route.get("/long", ctx -> ctx.result("x".repeat(100_000))),
            Route.get(
                "/slow",
                ctx -> {
                  entered.countDown();
                  assertThat(released.await(30, TimeUnit.SECONDS)).isTrue();
                  ctx.result("finished");
                })),
        limits);
  }

  @Test
  void bodyOfTheLargestSizeIsTaken() throws Exception {
    HttpResponse<String> response = post("/size", new byte[LARGEST_BODY]);

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(LARGEST_BODY + " bytes");
  }

  @Test
  void bodyThatDeclaresItselfTooLargeIsRefused() throws Exception {
    assertProblem(post("/size", new byte[LARGEST_BODY + 1]), 413, "payload-too-large");
  }

  @Test
  void chunkedBodyIsRefusedWhenItTurnsOutTooLarge() throws Exception {
    HttpRequest request =
        request("/size")
            .POST(
                BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(new byte[LARGEST_BODY + 1])))
            .build();

    assertProblem(send(request), 413, "payload-too-large");
  }

  @Test
  void unknownPathIsAProblem() throws Exception {
    assertProblem(get("/nowhere"), 404, "not-found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          DELETE | /things/1 | GET, HEAD, OPTIONS, POST
          PUT    | /things/1 | GET, HEAD, OPTIONS, POST
          GET    | /size     | OPTIONS, POST
          HEAD   | /size     | OPTIONS, POST
          PATCH  | /refused  | GET, HEAD, OPTIONS
          """)
  void anotherMethodIsToldWhichOnesThereAre(String method, String path, String allowed)
      throws Exception {
    HttpRequest.Builder request = request(path).method(method, BodyPublishers.noBody());
    for (String accept : List.of("application/json", "text/html")) {
      HttpResponse<String> response = send(request.setHeader("Accept", accept).build());

      assertThat(response.statusCode()).isEqualTo(405);
      assertThat(allow(response)).containsExactlyInAnyOrder(allowed.split(", ", -1));
      if (!method.equals("HEAD")) {
        assertProblem(response, 405, "method-not-allowed");
      }
    }
  }

  @Test
  void optionsNamesTheMethods() throws Exception {
    HttpResponse<String> response =
        send(request("/things/1").method("OPTIONS", BodyPublishers.noBody()).build());

    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(allow(response)).containsExactlyInAnyOrder("GET", "HEAD", "OPTIONS", "POST");
    assertThat(response.body()).isEmpty();
  }

  @Test
  void headRunsTheHandlerOfGet() throws Exception {
    HttpResponse<String> found = head("/things/1");
    HttpResponse<String> refused = head("/refused");

    assertThat(found.statusCode()).isEqualTo(200);
    assertThat(found.body()).isEmpty();
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).isEmpty();
  }

  @Test
  void refusalSaysWhatWhyAndWhen() throws Exception {
    HttpResponse<String> response = get("/refused");

    JsonNode problem = assertProblem(response, 503, "database-unavailable");
    assertThat(problem.get("detail").asText()).isEqualTo("Later.");
    assertThat(problem.get("title").asText()).isEqualTo("The database cannot be reached");
    assertThat(problem.has("errors")).isFalse();
    assertThat(response.headers().firstValue("Retry-After")).contains("2");
    assertThat(response.headers().firstValue("X-Why")).contains("test");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/bug", "/error"})
  void bugShowsNothingButTheRequestId(String path) throws Exception {
    HttpResponse<String> response = get(path);

    JsonNode problem = assertProblem(response, 500, "internal-error");
    assertThat(response.body()).doesNotContain("hunter2", "Exception", "StackOverflow", "\tat ");
    assertThat(problem.get("instance").asText())
        .isEqualTo("urn:vapi-provisioner:request:" + requestId(response));
  }

  @Test
  void requestIdOfTheCallerIsKept() throws Exception {
    HttpResponse<String> response =
        send(request("/mdc").header("X-Request-Id", "fly-01.A_z").build());

    assertThat(requestId(response)).isEqualTo("fly-01.A_z");
    assertThat(response.body()).isEqualTo("fly-01.A_z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"has blank", "<script>", "a:b"})
  void requestIdThatCouldDoHarmIsReplaced(String given) throws Exception {
    HttpResponse<String> response = send(request("/mdc").header("X-Request-Id", given).build());

    assertThat(requestId(response)).matches("[0-9a-f-]{36}");
    assertThat(response.body()).isEqualTo(requestId(response));
  }

  @Test
  void requestIdIsReplacedWhenLongerThan64() throws Exception {
    HttpResponse<String> response =
        send(request("/mdc").header("X-Request-Id", "a".repeat(65)).build());

    assertThat(requestId(response)).hasSize(36);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/things/1", "/nowhere", "/bug", "/refused"})
  void everyAnswerHasTheHeadersThatBrowsersHeed(String path) throws Exception {
    Map<String, List<String>> headers = get(path).headers().map();

    assertThat(headers)
        .containsEntry("x-content-type-options", List.of("nosniff"))
        .containsEntry("cache-control", List.of("no-store"))
        .containsEntry("referrer-policy", List.of("no-referrer"))
        .doesNotContainKeys("server", "set-cookie", "x-powered-by");
  }

  @Test
  void handlersRunOnVirtualThreads() throws Exception {
    assertThat(get("/thread").body()).isEqualTo("true");
  }

  @Test
  void answersAreNotCompressed() throws Exception {
    HttpResponse<String> response =
        send(request("/long").header("Accept-Encoding", "gzip, br").build());

    assertThat(response.headers().firstValue("Content-Encoding")).isEmpty();
    assertThat(response.body()).hasSize(100_000);
  }

  @Test
  void askingForAWebSocketIsAnOrdinaryRequest() throws Exception {
    String answer =
        raw(
            """
            GET /things/1 HTTP/1.1
            Host: localhost
            Connection: close
            Sec-WebSocket-Version: 13

            """);

    assertThat(answer).startsWith("HTTP/1.1 200").endsWith("thing 1");
    assertThat(answer).doesNotContainIgnoringCase("set-cookie");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET /things/%zz HTTP/1.1                      | Host: localhost            | 400 | bad-request
          GET /things/1 HTTP/1.1                        | X-No-Host: 1               | 400 | bad-request
          GET /things/1 HTTP/7.7                        | Host: localhost            | 400 | bad-request
          rubbish                                       |                            | 400 | bad-request
          POST /size HTTP/1.1                           | Content-Length: many       | 400 | bad-request
          TRACE /things/1 HTTP/1.1                      | Host: localhost            | 405 | method-not-allowed
          PROPFIND /things/1 HTTP/1.1                   | Host: localhost            | 405 | method-not-allowed
          """)
  void whatJettyRefusesIsAProblemToo(String line, String header, int status, String slug)
      throws Exception {
    String answer =
        raw(line + "\n" + (header == null ? "" : header + "\n") + "Connection: close\n\n");

    assertRawProblem(answer, status, slug);
  }

  @Test
  void headersThatAreTooLargeAreAProblem() throws Exception {
    String answer = raw("GET / HTTP/1.1\nHost: localhost\nX-Large: " + "x".repeat(20_000) + "\n\n");

    assertRawProblem(answer, 431, "header-too-large");
  }

  @Test
  void addressThatIsTooLongIsAProblem() throws Exception {
    String answer = raw("GET /" + "x".repeat(20_000) + " HTTP/1.1\nHost: localhost\n\n");

    assertRawProblem(answer, 414, "uri-too-long");
  }

  @Test
  void bodyThatStopsArrivingIsGivenUp() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, Duration.ofMillis(300), LONG));

    String answer = raw("POST /size HTTP/1.1\nHost: localhost\nContent-Length: 10\n\nhalf");

    assertRawProblem(answer, 408, "request-timeout");
  }

  @Test
  void slowHandlerIsNotTakenForASilentCaller() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, Duration.ofMillis(200), LONG));
    CompletableFuture<HttpResponse<String>> slow =
        client.sendAsync(request("/slow").build(), BodyHandlers.ofString());
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

    // Each of these takes longer than the slow one may be silent.
    for (int i = 0; i < 3; i++) {
      raw("POST /size HTTP/1.1\nHost: localhost\nContent-Length: 10\n\nhalf");
    }
    released.countDown();

    assertThat(slow.get(10, TimeUnit.SECONDS).body()).isEqualTo("finished");
  }

  @Test
  void bodyThatDripsIsGivenUp() throws Exception {
    Duration arrival = Duration.ofMillis(300);
    restart(new HttpServer.Limits(LARGEST_BODY, LONG, arrival));

    try (Socket socket = new Socket("localhost", server.port())) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write("POST /size HTTP/1.1\r\nHost: localhost\r\n".getBytes(UTF_8));
      out.write("Content-Length: 60000\r\n\r\nx".getBytes(UTF_8));
      long begun = System.nanoTime();
      while (System.nanoTime() - begun < 2 * arrival.toNanos()) {
        assertThat(get("/things/1").statusCode()).isEqualTo(200);
      }
      out.write('x');

      assertRawProblem(read(socket), 408, "request-timeout");
    }
  }

  @Test
  void bodyInTwoPacketsIsTaken() throws Exception {
    try (Socket socket = new Socket("localhost", server.port())) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write("POST /size HTTP/1.1\r\nHost: localhost\r\n".getBytes(UTF_8));
      out.write("Connection: close\r\nContent-Length: 2\r\n\r\nx".getBytes(UTF_8));
      for (int i = 0; i < 20; i++) {
        assertThat(get("/things/1").statusCode()).isEqualTo(200);
      }
      out.write('x');

      assertThat(read(socket)).startsWith("HTTP/1.1 200").endsWith("2 bytes");
    }
  }

  @Test
  void stopFinishesWhatIsInFlight() throws Exception {
    CompletableFuture<HttpResponse<String>> slow =
        client.sendAsync(request("/slow").build(), BodyHandlers.ofString());
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();
    int port = server.port();

    CompletableFuture<Void> stopped =
        CompletableFuture.runAsync(() -> server.stop(Duration.ofSeconds(20)));
    while (listening(port)) {
      Thread.onSpinWait();
    }
    assertThat(stopped).isNotDone();
    released.countDown();

    assertThat(slow.get(10, TimeUnit.SECONDS).body()).isEqualTo("finished");
    stopped.get(10, TimeUnit.SECONDS);
  }

  @Test
  void stopDoesNotWaitLongerThanItsGrace() throws Exception {
    CompletableFuture<HttpResponse<String>> slow =
        client.sendAsync(request("/slow").build(), BodyHandlers.ofString());
    assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

    CompletableFuture.runAsync(() -> server.stop(Duration.ofMillis(50))).get(10, TimeUnit.SECONDS);

    assertThat(slow).failsWithin(Duration.ofSeconds(10));
  }

  @Test
  void portThatIsTakenIsSaidAtTheStart() {
    try (HttpServer second = new HttpServer(server.port(), List.of())) {
      assertThatThrownBy(second::start)
          .isInstanceOf(JavalinException.class)
          .hasMessageContaining(Integer.toString(server.port()));
    }
  }

  @Test
  void bodyThatNobodyReadsIsInNobodysWay() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, LONG, Duration.ZERO));

    assertThat(post("/unread", new byte[LARGEST_BODY]).body()).isEqualTo("done");
    assertProblem(post("/size", new byte[1]), 408, "request-timeout");
  }

  private static boolean listening(int port) {
    try (Socket socket = new Socket("localhost", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private void restart(HttpServer.Limits limits) {
    server.close();
    server = server(limits);
    server.start();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
        .timeout(Duration.ofSeconds(30));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path).build());
  }

  private HttpResponse<String> head(String path) throws Exception {
    return send(request(path).method("HEAD", BodyPublishers.noBody()).build());
  }

  private HttpResponse<String> post(String path, byte[] body) throws Exception {
    return send(request(path).POST(BodyPublishers.ofByteArray(body)).build());
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, BodyHandlers.ofString());
  }

  private String raw(String request) throws IOException {
    try (Socket socket = new Socket("localhost", server.port())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(UTF_8));
      return read(socket);
    }
  }

  private static String read(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      return "broken off: " + e.getMessage();
    }
  }

  private static JsonNode assertProblem(HttpResponse<String> response, int status, String slug)
      throws IOException {
    Contract.served().judgeProblem(response.uri().getPath(), response);
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
    JsonNode problem = JSON.readTree(response.body());
    assertThat(problem.get("type").asText()).isEqualTo("urn:vapi-provisioner:problem:" + slug);
    assertThat(problem.get("status").asInt()).isEqualTo(status);
    assertThat(problem.get("instance").asText()).endsWith(requestId(response));
    return problem;
  }

  private static void assertRawProblem(String answer, int status, String slug) {
    assertThat(answer).startsWith("HTTP/1.1 " + status);
    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
    assertThat(Contract.served().problemViolations(status, body)).as(body).isEmpty();
    assertThat(answer).contains("urn:vapi-provisioner:problem:" + slug);
    assertThat(answer).containsIgnoringCase("Content-Type: application/problem+json");
    assertThat(answer).containsIgnoringCase("X-Request-Id: ");
    assertThat(answer).containsIgnoringCase("X-Content-Type-Options: nosniff");
    assertThat(answer).doesNotContainIgnoringCase("<html").doesNotContainIgnoringCase("jetty");
  }

  private static String requestId(HttpResponse<String> response) {
    return response.headers().firstValue("X-Request-Id").orElseThrow();
  }

  private static List<String> allow(HttpResponse<String> response) {
    return List.of(response.headers().firstValue("Allow").orElseThrow().split(", ", -1));
  }
}
