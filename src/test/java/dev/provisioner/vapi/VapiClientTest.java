package dev.provisioner.vapi;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.provisioner.sandbox.ClosedPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPOutputStream;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class VapiClientTest {
  private static final String KEY = "vapi-key-0123456789";
  private static final Duration PATIENT = Duration.ofSeconds(20);
  private static final Duration HASTY = Duration.ofMillis(400);
  private static final Instant NOW = Instant.parse("2026-08-01T10:00:00Z");
  private static final byte[] BODY = "{\"name\":\"Jos\u00E9\"}".getBytes(StandardCharsets.UTF_8);

  private final MockWebServer vapi = new MockWebServer();
  private final Gate gate = new Gate(4, System::nanoTime);
  private final List<VapiClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    vapi.start();
  }

  @AfterEach
  void stop() {
    clients.forEach(VapiClient::close);
    vapi.close();
  }

  @Test
  void aCreateSendsExactlyTheBodyWithKeyAndName() throws InterruptedException {
    vapi.enqueue(answer(201, "{\"id\": \"a-1\", \"orgId\": \"o\"}"));

    assertThat(client(PATIENT).create(BODY)).isEqualTo(new Answer.Ok<>("a-1"));

    RecordedRequest request = vapi.takeRequest();

    assertThat(request.getRequestLine()).isEqualTo("POST /assistant HTTP/1.1");
    assertThat(request.getHeaders().get("Authorization")).isEqualTo("Bearer " + KEY);
    assertThat(request.getHeaders().get("Content-Type")).isEqualTo("application/json");
    assertThat(request.getHeaders().values("User-Agent")).containsExactly("our-own/1.0");
    assertThat(Objects.requireNonNull(request.getBody()).toByteArray()).isEqualTo(BODY);
  }

  @Test
  void theOtherCallsGoWhereTheyShould() throws InterruptedException {
    VapiClient client = client(PATIENT);
    vapi.enqueue(answer(200, "{\"id\": \"a_1\", \"createdAt\": \"2026-08-01T10:00:00Z\"}"));
    vapi.enqueue(answer(200, ""));
    vapi.enqueue(answer(200, "[{}]"));
    vapi.enqueue(answer(200, "[]"));

    assertThat(client.get("a_1"))
        .isEqualTo(new Answer.Ok<>(new Assistant("a_1", NOW, null, null, null)));
    assertThat(client.delete("a_1")).isEqualTo(new Answer.Ok<>("a_1"));
    assertThat(client.probe()).isEqualTo(new Answer.Ok<>(1));
    assertThat(client.list(NOW.plusNanos(1), NOW.plusNanos(1_000_001), any -> true))
        .isEqualTo(new Answer.Ok<>(List.of()));

    assertThat(vapi.takeRequest().getRequestLine()).isEqualTo("GET /assistant/a_1 HTTP/1.1");
    assertThat(vapi.takeRequest().getRequestLine()).isEqualTo("DELETE /assistant/a_1 HTTP/1.1");
    assertThat(vapi.takeRequest().getRequestLine()).isEqualTo("GET /assistant?limit=1 HTTP/1.1");
    RecordedRequest list = vapi.takeRequest();
    assertThat(list.getMethod()).isEqualTo("GET");
    assertThat(list.getUrl().encodedPath()).isEqualTo("/assistant");
    assertThat(list.getUrl().queryParameter("limit")).isEqualTo("1000");
    assertThat(list.getUrl().queryParameter("createdAtGe")).isEqualTo("2026-08-01T10:00:00.000Z");
    assertThat(list.getUrl().queryParameter("createdAtLe")).isEqualTo("2026-08-01T10:00:00.002Z");
    assertThat(list.getUrl().queryParameterNames()).hasSize(3);
  }

  @Test
  void aPathInTheBaseUrlIsKept() throws InterruptedException {
    vapi.enqueue(answer(200, "[]"));

    assertThat(client(vapi.url("/proxy/vapi/").uri(), PATIENT).probe())
        .isEqualTo(new Answer.Ok<>(0));

    assertThat(vapi.takeRequest().getTarget()).isEqualTo("/proxy/vapi/assistant?limit=1");
  }

  @ParameterizedTest
  @CsvSource({
    "200, Unknown",
    "301, Refused",
    "400, Rejected",
    "401, Refused",
    "402, Ambiguous",
    "403, Ambiguous",
    "404, Ambiguous",
    "408, Unknown",
    "409, Unknown",
    "413, Rejected",
    "422, Rejected",
    "429, Throttled",
    "500, Unknown",
    "502, Unknown",
    "503, Unknown"
  })
  void aCreateIsSentOnceWhateverIsAnswered(int status, String kind) {
    vapi.enqueue(
        answer(status, "{\"message\": \"as it is\"}")
            .newBuilder()
            .addHeader("Location", vapi.url("/elsewhere"))
            .addHeader("Retry-After", "1")
            .build());
    vapi.enqueue(answer(201, "{\"id\": \"second\"}"));

    Answer<String> answer = client(PATIENT).create(BODY);

    assertThat(answer.getClass().getSimpleName()).isEqualTo(kind);
    assertThat(vapi.getRequestCount()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void noRedirectIsFollowedByAnyCall(int status) {
    VapiClient client = client(PATIENT);
    for (int i = 0; i < 5; i++) {
      vapi.enqueue(
          new MockResponse.Builder()
              .code(status)
              .addHeader("Location", vapi.url("/elsewhere"))
              .build());
    }

    assertThat(client.create(BODY)).isInstanceOf(Answer.Refused.class);
    assertThat(client.get("a")).isInstanceOf(Answer.Refused.class);
    assertThat(client.delete("a")).isInstanceOf(Answer.Refused.class);
    assertThat(client.probe()).isInstanceOf(Answer.Refused.class);
    assertThat(client.list(NOW, NOW, any -> true)).isInstanceOf(Answer.Refused.class);
    assertThat(vapi.getRequestCount()).isEqualTo(5);
  }

  @Test
  void aBodyThatStallsIsCutOffByTheTimeout() {
    vapi.enqueue(
        new MockResponse.Builder()
            .code(201)
            .body("{\"id\": \"" + "a".repeat(4_000) + "\"}")
            .throttleBody(100, 1, TimeUnit.HOURS)
            .build());

    assertThat(client(HASTY).create(BODY))
        .isEqualTo(new Answer.Unknown<>("no complete answer within 0.4s"));
    assertThat(vapi.getRequestCount()).isEqualTo(1);
  }

  @Test
  void anAnswerThatNeverComesIsCutOffByTheTimeout() {
    vapi.enqueue(new MockResponse.Builder().onResponseStart(SocketEffect.Stall.INSTANCE).build());

    assertThat(client(HASTY).create(BODY)).isInstanceOf(Answer.Unknown.class);
    assertThat(vapi.getRequestCount()).isEqualTo(1);
  }

  @Test
  void aTruncatedBodyIsUnknownOnEveryCall() {
    VapiClient client = client(PATIENT);
    for (int i = 0; i < 4; i++) {
      vapi.enqueue(
          answer(201, "[{\"id\": \"a\"}]" + " ".repeat(50_000))
              .newBuilder()
              .onResponseBody(new SocketEffect.CloseSocket())
              .build());
    }

    assertThat(client.create(BODY)).isInstanceOf(Answer.Unknown.class);
    assertThat(client.get("a")).isInstanceOf(Answer.Unknown.class);
    assertThat(client.probe()).isInstanceOf(Answer.Unknown.class);
    assertThat(client.list(NOW, NOW, any -> true)).isInstanceOf(Answer.Unknown.class);
  }

  @Test
  void aCompressedBodyIsReadAndATruncatedOneIsNot() throws IOException {
    VapiClient client = client(PATIENT);
    byte[] whole = compressed("[]");
    vapi.enqueue(compressed(whole, whole.length));
    vapi.enqueue(compressed(whole, whole.length - 9));
    vapi.enqueue(compressed(whole, 5));
    vapi.enqueue(compressed(whole, 0));

    assertThat(client.probe()).isEqualTo(new Answer.Ok<>(0));
    assertThat(client.probe()).isInstanceOf(Answer.Unknown.class);
    assertThat(client.probe()).isInstanceOf(Answer.Unknown.class);
    assertThat(client.probe()).isInstanceOf(Answer.Unknown.class);
  }

  @Test
  void aConnectionThatBreaksAfterTheRequestIsUnknownAndNothingIsRepeated() {
    VapiClient client = client(PATIENT);
    vapi.enqueue(answer(200, "[]")); // so that a pooled connection is used
    vapi.enqueue(
        new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build());
    vapi.enqueue(answer(201, "{\"id\": \"second\"}"));

    assertThat(client.probe()).isInstanceOf(Answer.Ok.class);
    assertThat(client.create(BODY))
        .isInstanceOfSatisfying(
            Answer.Unknown.class,
            unknown -> assertThat(unknown.reason()).startsWith("no complete answer: "));
    assertThat(vapi.getRequestCount()).isEqualTo(2);
  }

  @Test
  void aConnectionThatBreaksWithinTheRequestIsUnknownAndNothingIsRepeated() {
    vapi.enqueue(new MockResponse.Builder().onRequestBody(new SocketEffect.CloseSocket()).build());
    vapi.enqueue(answer(201, "{\"id\": \"second\"}"));

    assertThat(client(PATIENT).create(BODY)).isInstanceOf(Answer.Unknown.class);
    // The server counts a broken request only when it is done with it.
    eventually("it was sent", () -> vapi.getRequestCount() > 0);
    assertThat(vapi.getRequestCount()).isEqualTo(1);
  }

  @Test
  void aConnectionIsUsedAgain() throws InterruptedException {
    VapiClient client = client(PATIENT);
    for (int i = 0; i < 3; i++) {
      vapi.enqueue(answer(201, "{\"id\": \"a\"}"));
      assertThat(client.create(BODY)).isInstanceOf(Answer.Ok.class);
    }

    for (int i = 0; i < 3; i++) {
      RecordedRequest request = vapi.takeRequest();
      assertThat(request.getConnectionIndex()).isZero();
      assertThat(request.getExchangeIndex()).isEqualTo(i);
    }
  }

  @Test
  void aRefusedConnectionWasNotSent() throws IOException {
    try (ClosedPort port = new ClosedPort()) {
      assertThat(client(URI.create("http://127.0.0.1:" + port.number()), PATIENT).create(BODY))
          .isEqualTo(new Answer.NotSent<>("connection refused"));
    }
  }

  @Test
  void aHostThatDoesNotExistWasNotSent() {
    assertThat(client(URI.create("http://no-such-host.invalid"), PATIENT).create(BODY))
        .isEqualTo(new Answer.NotSent<>("host name not resolved"));
  }

  @Test
  void aFailedTlsHandshakeWasNotSent() throws IOException {
    // A server that does not speak TLS: what it sends is no handshake.
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            while (true) {
              try (var connection = plain.accept()) {
                int first = connection.getInputStream().read();
                assertThat(first).isNotNegative();
                // An alert as TLS has it: handshake_failure, fatal.
                connection.getOutputStream().write(new byte[] {21, 3, 3, 0, 2, 2, 40});
                connection.getOutputStream().flush();
              } catch (IOException closed) {
                return;
              }
            }
          });

      assertThat(
              client(URI.create("https://127.0.0.1:" + plain.getLocalPort()), PATIENT).create(BODY))
          .isInstanceOfSatisfying(
              Answer.NotSent.class,
              notSent -> assertThat(notSent.reason()).startsWith("TLS handshake failed"));
    }
  }

  @Test
  void cookiesAreNotKept() throws InterruptedException {
    VapiClient client = client(PATIENT);
    vapi.enqueue(
        answer(200, "[]").newBuilder().addHeader("Set-Cookie", "session=1; Path=/").build());
    vapi.enqueue(answer(200, "[]"));

    client.probe();
    client.probe();

    vapi.takeRequest();
    assertThat(vapi.takeRequest().getHeaders().get("Cookie")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "..", "a/b", "a?b", "a b", "a%2Fb", "\u00E9", "a\n"})
  void whatCannotBeAnIdIsNeverSent(String id) {
    VapiClient client = client(PATIENT);

    assertThat(client.get(id))
        .isInstanceOfSatisfying(
            Answer.Rejected.class, rejected -> assertThat(rejected.status()).isZero());
    assertThat(client.delete(id)).isInstanceOf(Answer.Rejected.class);
    assertThat(client.get("x".repeat(101))).isInstanceOf(Answer.Rejected.class);
    assertThat(vapi.getRequestCount()).isZero();
  }

  @Test
  void anInterruptedCreateIsUnknownAndTheFlagStays() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    vapi.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
            arrived.countDown();
            over.await();
            return answer(201, "{\"id\": \"a\"}");
          }
        });
    VapiClient client = client(PATIENT);
    AtomicReference<@Nullable Answer<String>> answer = new AtomicReference<>();
    AtomicInteger flags = new AtomicInteger();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              answer.set(client.create(BODY));
              flags.set(Thread.currentThread().isInterrupted() ? 1 : 0);
            });
    arrived.await();
    caller.interrupt();
    caller.join();
    over.countDown();

    assertThat(answer.get()).isInstanceOf(Answer.Unknown.class);
    assertThat(flags).hasValue(1);
  }

  @Test
  void whoeverIsInterruptedAlreadySendsNothing() {
    Thread.currentThread().interrupt();

    Answer<String> answer = client(PATIENT).create(BODY);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(answer).isInstanceOf(Answer.NotSent.class);
    assertThat(vapi.getRequestCount()).isZero();
  }

  @Test
  void aClosedClientSendsNothing() {
    VapiClient client = client(PATIENT);
    client.close();

    assertThat(client.create(BODY)).isEqualTo(new Answer.NotSent<>("the client is closed"));
    assertThat(vapi.getRequestCount()).isZero();
  }

  @Test
  void a401ClosesTheGateAndASuccessOpensIt() {
    VapiClient client = client(PATIENT);
    vapi.enqueue(answer(401, "{\"message\": \"Invalid Key " + KEY + "\"}"));
    vapi.enqueue(answer(200, "[]"));

    assertThat(client.create(BODY)).isEqualTo(new Answer.Refused<>(401, "Invalid Key [redacted]"));
    assertThat(gate.state())
        .isInstanceOfSatisfying(
            Gate.State.Refused.class,
            refused -> assertThat(refused.message()).isEqualTo("HTTP 401"));
    assertThat(gate.paused()).isPositive();

    client.probe();
    assertThat(gate.state()).isEqualTo(new Gate.State.Open());
  }

  @Test
  void a429PausesTheGateForAsLongAsVapiAsked() {
    vapi.enqueue(
        answer(429, "{\"message\": \"Rate limit exceeded\"}")
            .newBuilder()
            .addHeader("Retry-After", "Sat, 01 Aug 2026 10:00:42 GMT")
            .build());

    assertThat(client(PATIENT).create(BODY))
        .isEqualTo(new Answer.Throttled<>(Duration.ofSeconds(42)));
    assertThat(gate.paused()).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(42));
  }

  @Test
  void whatProvesNothingLeavesTheGateAsItIs() {
    VapiClient client = client(PATIENT);
    gate.refuse("no");
    for (int status : new int[] {403, 413, 429, 500, 502}) {
      vapi.enqueue(answer(status, "").newBuilder().addHeader("Retry-After", "1").build());
      client.create(BODY);
      assertThat(gate.state()).isInstanceOf(Gate.State.Refused.class);
    }

    vapi.enqueue(answer(400, "{\"message\": \"name too long\"}"));
    client.create(BODY);
    assertThat(gate.state()).isNotInstanceOf(Gate.State.Refused.class);
  }

  @Test
  void aListingLongerThanAPageIsCompleteTiesIncluded() {
    List<Assistant> kept = new ArrayList<>();
    for (int i = 0; i < 3_500; i++) {
      // Two busy seconds with up to twenty in one millisecond, then calm.
      long millis = i < 3_000 ? i / 20 * 7L : i * 1_000L;
      kept.add(
          new Assistant("a%05d".formatted(i), NOW.plusMillis(millis), "p" + i, "u" + i, "here"));
    }
    AtomicInteger pages = new AtomicInteger();
    vapi.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            pages.incrementAndGet();
            return answer(200, page(kept, request));
          }
        });

    Answer<List<Assistant>> answer = client(PATIENT).list(NOW, NOW.plusSeconds(7_200), any -> true);

    assertThat(answer).isEqualTo(new Answer.Ok<>(kept));
    assertThat(pages.get()).isBetween(5, 60);
  }

  @Test
  void aFailureInTheMidstOfAListingIsItsAnswer() {
    List<Assistant> kept = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      kept.add(new Assistant("a" + i, NOW.plusSeconds(i), null, null, null));
    }
    vapi.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return request.getExchangeIndex() == 2
                ? answer(503, "busy")
                : answer(200, page(kept, request));
          }
        });

    assertThat(client(PATIENT).list(NOW, NOW.plusSeconds(2_000), any -> true))
        .isEqualTo(new Answer.Unknown<>("HTTP 503: busy"));
  }

  @Test
  void manyCallsAtOnceEachGetTheirOwnAnswer() throws InterruptedException {
    vapi.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            String sent = Objects.requireNonNull(request.getBody()).utf8();
            return answer(201, "{\"id\": \"for-" + sent + "\"}");
          }
        });
    VapiClient client = client(PATIENT);
    Set<String> ids = Collections.synchronizedSet(new TreeSet<>());
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      byte[] body = Integer.toString(i).getBytes(StandardCharsets.UTF_8);
      callers.add(
          Thread.ofVirtual()
              .start(() -> {
                if (client.create(body) instanceof Answer.Ok<String>(String id)) {
                  ids.add(id);
                }
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }

    assertThat(ids).hasSize(50);
  }

  @Test
  void theJdksOwnRetryMustBeOff() {
    String property = "jdk.httpclient.enableAllMethodRetry";
    try {
      for (String on : new String[] {"", "true", "1"}) {
        System.setProperty(property, on);
        assertThatThrownBy(() -> client(PATIENT))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining(property);
      }
      System.setProperty(property, "false");
      client(PATIENT);
    } finally {
      System.clearProperty(property);
    }
  }

  @Test
  void settingsThatCannotWorkAreRefusedWithoutQuotingThem() {
    URI url = URI.create("https://api.vapi.ai");
    assertThat(new VapiClient.Settings(url, KEY, PATIENT, "a").toString())
        .contains("api.vapi.ai")
        .doesNotContain(KEY);
    for (String bad : new String[] {"", "s3cret key", "s3cret\n", "s3cr\u00E9t"}) {
      assertThatThrownBy(() -> new VapiClient.Settings(url, bad, PATIENT, "a"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("s3cr");
    }
    for (String bad :
        new String[] {
          "api.vapi.ai",
          "ftp://api.vapi.ai",
          "https:///x",
          "https://me:s3cret@api.vapi.ai",
          "https://api.vapi.ai?key=s3cret",
          "https://api.vapi.ai#x"
        }) {
      assertThatThrownBy(() -> new VapiClient.Settings(URI.create(bad), KEY, PATIENT, "a"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("s3cret");
    }
    assertThatThrownBy(() -> new VapiClient.Settings(url, KEY, Duration.ZERO, "a"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new VapiClient.Settings(url, KEY, PATIENT, " "))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private VapiClient client(Duration timeout) {
    return client(vapi.url("/").uri(), timeout);
  }

  private VapiClient client(URI baseUrl, Duration timeout) {
    VapiClient client =
        new VapiClient(
            new VapiClient.Settings(baseUrl, KEY, timeout, "our-own/1.0"),
            gate,
            CallObserver.NOBODY,
            Clock.fixed(NOW, ZoneOffset.UTC));
    clients.add(client);
    return client;
  }

  private static MockResponse answer(int status, String body) {
    return new MockResponse.Builder().code(status).body(body).build();
  }

  private static byte[] compressed(String body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static MockResponse compressed(byte[] whole, int length) {
    return new MockResponse.Builder()
        .code(200)
        .addHeader("Content-Encoding", "gzip")
        .body(new Buffer().write(whole, 0, length))
        .build();
  }

  /** As Vapi does: what lies in the interval, newest first, cut at the limit. */
  private static String page(List<Assistant> kept, RecordedRequest request) {
    Instant from = parameter(request, "createdAtGe");
    Instant to = parameter(request, "createdAtLe");
    int limit = Integer.parseInt(Objects.requireNonNull(request.getUrl().queryParameter("limit")));
    ArrayNode page = JsonNodeFactory.instance.arrayNode();
    for (Assistant one : kept.reversed()) {
      if (!one.createdAt().isBefore(from) && !one.createdAt().isAfter(to) && page.size() < limit) {
        page.addObject()
            .put("id", one.id())
            .put("createdAt", one.createdAt().toString())
            .putObject("metadata")
            .put("provision_id", one.provisionId())
            .put("user_id", one.userId())
            .put("installation", one.installation());
      }
    }
    return page.toString();
  }

  private static Instant parameter(RecordedRequest request, String name) {
    return Instant.parse(Objects.requireNonNull(request.getUrl().queryParameter(name)));
  }
}
