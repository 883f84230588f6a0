package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.Secret;
import dev.provisioner.fuzz.RawClient;
import dev.provisioner.fuzz.Reply;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers, and clients with mistakes in them, do to a server, byte by byte. */
@Timeout(60)
class RobustHttpTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LARGEST_BODY = 64 * 1024;
  private static final String EXPECT = "Expect: 100-continue\r\n";
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);

  private HttpServer server = server(HttpServer.Limits.DEFAULT);

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static HttpServer server(HttpServer.Limits limits) {
    Authenticator authenticator =
        new Authenticator(
            new Signatures(List.of(), InstantSource.system()),
            new Tokens(
                List.of(new Secret("a-secret-of-the-tests-with-more-than-32-bytes")),
                InstantSource.system()));
    return new HttpServer(
        0,
        List.of(
            Route.post("/size", ctx -> ctx.result(ctx.bodyAsBytes().length + " bytes")),
            Route.post(
                "/json",
                ctx -> {
                  JsonBody body = JsonBody.read(ctx, ctx.bodyAsBytes());
                  int number = body.optionalInt("/n", 7, 1, 100);
                  body.check();
                  ctx.result("n is " + number);
                }),
            Route.get("/thing", ctx -> ctx.result("thing")),
            Route.get(
                "/closed",
                ctx -> {
                  authenticator.requireToken(ctx, Scope.OPERATE);
                  ctx.result("open");
                })),
        limits);
  }

  @Test
  void chunkedBodyIsRefusedBeforeItsEnd() throws Exception {
    String chunk = "1000\r\n" + "x".repeat(0x1000) + "\r\n";
    try (Socket socket = connect()) {
      write(socket, "POST /size HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
      for (int i = 0; i <= LARGEST_BODY / 0x1000; i++) {
        write(socket, chunk);
      }

      // The last chunk never comes.
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 413");
    }
  }

  @Test
  void headersThatStopArrivingAreGivenUp() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, SHORT, LONG));
    try (Socket socket = connect()) {
      write(socket, "GET /thing HTTP/1.1\r\nHost: local");

      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);

      assertThat(answer)
          .satisfiesAnyOf(
              it -> assertThat(it).isEmpty(), it -> assertThat(it).startsWith("HTTP/1.1 408"));
    }
  }

  @Test
  void chunkThatStopsArrivingIsGivenUp() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, SHORT, LONG));
    try (Socket socket = connect()) {
      write(
          socket,
          "POST /size HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf");

      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);

      assertThat(answer).startsWith("HTTP/1.1 408").contains("problem:request-timeout");
    }
  }

  @Test
  void silentConnectionIsClosed() throws Exception {
    restart(new HttpServer.Limits(LARGEST_BODY, SHORT, LONG));
    try (Socket socket = connect()) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, ''",
    "HEAD, ''",
    "GET, 'Authorization: Bearer rubbish'",
    "HEAD, 'Authorization: Bearer x'"
  })
  void headIsRefusedAsGetIs(String method, String header) throws Exception {
    Reply reply = send(method, "/closed", header, "");

    assertThat(reply.status()).isEqualTo(401);
    assertThat(reply.header("WWW-Authenticate")).startsWith("Bearer");
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(reply.body().isEmpty()).isEqualTo(method.equals("HEAD"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON ; charset=\"utf-8\"; x=y",
        "application/json; charset=no-such-charset",
        "application/json; charset=",
        "application/json;"
      })
  void jsonMayBeDeclaredWithParameters(String type) throws Exception {
    Reply reply = send("POST", "/json", "Content-Type: " + type, "{}");

    assertThat(reply.body()).as("%s", reply).isEqualTo("n is 7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"text/plain", "application/jsonx", "application/json, text/plain", "é", "", ";"})
  void anotherTypeIsRefused(String type) throws Exception {
    Reply reply = send("POST", "/json", "Content-Type: " + type, "{}");

    assertProblem(reply, 415, "unsupported-media-type");
    assertThat(reply.header("Accept")).isEqualTo("application/json");
  }

  @Test
  void numberOfManyDigitsIsRefusedAndCostsLittle() throws Exception {
    for (String number :
        List.of("9".repeat(10_000), "9".repeat(60_000), "1e" + "9".repeat(9), "1E999999999")) {
      long begun = System.nanoTime();
      Reply reply =
          send("POST", "/json", "Content-Type: application/json", "{\"n\": " + number + "}");

      assertThat(reply.status()).as("%s", reply).isEqualTo(400);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
    }
  }

  @ParameterizedTest
  @CsvSource({"60, 200", "65, 400", "30000, 400"})
  void jsonMayNotBeNestedForEver(int depth, int status) throws Exception {
    String body = "{\"a\": " + "[".repeat(depth) + "]".repeat(depth) + "}";

    Reply reply = send("POST", "/json", "Content-Type: application/json", body);

    assertThat(reply.status()).as("%s", reply).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET /thing%zz HTTP/1.1     | 400 | bad-request
          GET /thing%00 HTTP/1.1     | 400 | bad-request
          GET /%C3%28 HTTP/1.1       | 400 | bad-request
          GET /thing HTTP/3.0        | 400 | bad-request
          GET /nowhere HTTP/1.1      | 404 | not-found
          BREW /thing HTTP/1.1       | 405 | method-not-allowed
          """)
  void nextRequestIsAnsweredUnlessItWasSaidThatNoneWill(String line, int status, String slug)
      throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      String request = line + "\r\nHost: localhost\r\n\r\n";
      Reply first = client.exchange(request.getBytes(ISO_8859_1), List.of("GET")).getFirst();
      assertProblem(first, status, slug);

      // The client opens another connection only where the first answer said that it must.
      assertThat(get(client, "/thing").body()).isEqualTo("thing");
    }
  }

  @Test
  void addressWithTwoMeaningsIsRefused() throws Exception {
    for (String path : List.of("/thing;x=1", "/closed/../thing", "//thing", "/%2e%2e/thing")) {
      assertThat(send("GET", path, "", "").status()).as(path).isIn(200, 400, 404);
    }
    for (String path : List.of("/x/../closed", "/./closed", "/closed;x", "//closed", "/%63losed")) {
      assertThat(send("GET", path, "", "").status()).as(path).isIn(400, 401, 404);
    }
  }

  @ParameterizedTest
  @CsvSource({"/thing, 200", "/closed, 401", "/nowhere, 404", "/thing%zz, 400"})
  void everyAnswerIsAsDiscreet(String path, int status) throws Exception {
    Reply reply = send("GET", path, "X-Request-Id: mine-1", "");

    assertThat(reply.status()).isEqualTo(status);
    assertThat(reply.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(reply.header("Cache-Control")).isEqualTo("no-store");
    assertThat(reply.header("Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(reply.headers()).doesNotContainKeys("server", "set-cookie", "x-powered-by");
    assertThat(reply.header("X-Request-Id")).isNotEmpty();
  }

  @Test
  void upgradeToAWebSocketIsAnOrdinaryRequest() throws Exception {
    String upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

    assertThat(send("GET", "/thing", upgrade, "").body()).isEqualTo("thing");
    assertThat(send("GET", "/closed", upgrade, "").status()).isEqualTo(401);
    assertThat(send("GET", "/nowhere", upgrade, "").status()).isEqualTo(404);
  }

  @Test
  void callerThatWaitsToBeToldToContinueIsTold() throws Exception {
    try (Socket socket = connect()) {
      write(
          socket,
          "POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
              + EXPECT
              + "Connection: close\r\n\r\n");
      assertThat(firstLine(socket)).startsWith("HTTP/1.1 100");
      write(socket, "xx");

      String rest = new String(socket.getInputStream().readAllBytes(), UTF_8);

      assertThat(rest).contains("HTTP/1.1 200").endsWith("2 bytes");
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
    String get = "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n";
    String post = "POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc";
    try (RawClient client = new RawClient(server.port())) {
      List<Reply> replies =
          client.exchange(
              (get.formatted("/thing") + post + get.formatted("/nowhere") + post)
                  .getBytes(ISO_8859_1),
              List.of("GET", "POST", "GET", "POST"));

      assertThat(replies).extracting(Reply::status).containsExactly(200, 200, 404, 200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: -1",
        "Content-Length: 0x2",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip"
      })
  void bodyOfDisputedLengthIsRefused(String headers) throws Exception {
    try (RawClient client = new RawClient(server.port())) {
      List<Reply> replies =
          client.finish(
              ("POST /size HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n0\r\n\r\n")
                  .getBytes(ISO_8859_1));

      // One answer: whatever follows is never taken for another request.
      assertThat(replies).hasSize(1);
      assertProblem(replies.getFirst(), 400, "bad-request");
    }
  }

  @Test
  void manyIdleConnectionsAreInNobodysWay() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try (RawClient client = new RawClient(server.port())) {
      for (int i = 0; i < 500; i++) {
        Socket socket = connect();
        idle.add(socket);
        if (i % 2 == 0) {
          write(socket, "POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
        }
      }

      assertThat(get(client, "/thing").body()).isEqualTo("thing");
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
  }

  private static Reply get(RawClient client, String path) throws IOException {
    String request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    return client.exchange(request.getBytes(ISO_8859_1), List.of("GET")).getFirst();
  }

  private Reply send(String method, String path, String header, String body) throws IOException {
    String request =
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\n"
            + (header.isEmpty() ? "" : header + "\r\n")
            + (body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n")
            + "\r\n"
            + body;
    try (RawClient client = new RawClient(server.port())) {
      return client.exchange(request.getBytes(UTF_8), List.of(method)).getFirst();
    }
  }

  private void restart(HttpServer.Limits limits) {
    server.close();
    server = server(limits);
    server.start();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket("localhost", server.port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
  }

  private static String firstLine(Socket socket) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int next = socket.getInputStream().read();
        next >= 0 && next != '\n';
        next = socket.getInputStream().read()) {
      line.append((char) next);
    }
    return line.toString();
  }

  private static void assertProblem(Reply reply, int status, String slug) throws IOException {
    assertThat(reply.status()).as("%s", reply).isEqualTo(status);
    assertThat(reply.header("Content-Type")).isEqualTo("application/problem+json");
    JsonNode problem = JSON.readTree(reply.body());
    assertThat(problem.path("type").asText()).isEqualTo("urn:vapi-provisioner:problem:" + slug);
    assertThat(problem.path("instance").asText()).endsWith(reply.header("X-Request-Id"));
  }
}
