package dev.provisioner.ops;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.provision.Observer.Ended;
import dev.provisioner.provision.Observer.Leftover;
import dev.provisioner.provision.Outcome;
import dev.provisioner.provision.Statistics;
import dev.provisioner.provision.Status;
import dev.provisioner.vapi.Gate;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a channel is told, over real HTTP; the test moves the clock and says when to look. */
class AlertsTest {
  private static final String URL = "https://provisioner.example.com";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final MockWebServer channel = new MockWebServer();
  private long now = 42;
  private final Gate gate = new Gate(1, () -> now);
  private Supplier<Statistics> queue = () -> statistics(0, null);
  private @Nullable Alerts alerts;

  @BeforeEach
  void open() throws IOException {
    channel.start();
    alerts = alerts(Duration.ofSeconds(10));
  }

  @AfterEach
  void close() {
    alerts().close();
    channel.close();
  }

  @Test
  void failedRowIsToldOnceWithItsCauseAndItsCure() throws Exception {
    fail("rejected");
    fail("rejected");
    fail("attempts_spent");
    queue = () -> statistics(3, null);
    accept();

    tick(Alarm.GATHER);
    tick(Duration.ofSeconds(1));

    String text = text();
    assertThat(text)
        .contains("row-failed", "3 rows failed for good")
        .contains("2 rejected", "1 attempts_spent")
        .contains("curl -sS --fail-with-body \"" + URL + "/provisions?status=failed\"")
        .contains("-X POST " + URL + "/reconcile", "{\"include_failed\": true}", "$TOKEN");
    assertNothingMore();
  }

  @Test
  void failedRowIsOverWhenNoneIsLeft() throws Exception {
    fail("rejected");
    queue = () -> statistics(1, null);
    accept();
    tick(Alarm.GATHER);
    assertThat(text()).contains("1 row failed for good");

    tick(Duration.ofMinutes(1));
    assertNothingMore();
    queue = () -> statistics(0, null);
    accept();
    tick(Duration.ofMinutes(1));

    assertThat(text()).contains("row-failed, resolved", "No row is failed any more.");
    tick(Duration.ofMinutes(1));
    assertNothingMore();
  }

  @Test
  void refusedAccountIsToldUntilItIsAccepted() throws Exception {
    gate.refuse("HTTP 401");
    accept();
    tick(Duration.ofSeconds(1));
    assertThat(text())
        .contains("account-refused", "HTTP 401", "VAPI_API_KEY")
        .contains("java -jar vapi-provisioner.jar doctor");

    tick(Duration.ofMinutes(5));
    assertNothingMore();
    gate.accepted();
    accept();
    tick(Duration.ofSeconds(1));

    assertThat(text()).contains("account-refused, resolved");
  }

  @Test
  void overdueRowsAreToldWithTheirNumberAndTheirAge() throws Exception {
    queue = () -> statistics(0, Duration.ofMinutes(9));
    tick(Duration.ofMinutes(1));
    assertNothingMore();
    queue = () -> statistics(0, Duration.ofMinutes(12));
    accept();
    tick(Duration.ofMinutes(1));
    assertThat(text())
        .contains("rows-overdue", "7 rows due, the oldest for 12 minutes; more than 10")
        .contains("-X POST " + URL + "/reconcile");

    queue = () -> statistics(0, null);
    accept();
    tick(Duration.ofMinutes(1));
    assertThat(text()).contains("rows-overdue, resolved");
  }

  @Test
  void duplicatesAreCounted() throws Exception {
    alerts().collected(Leftover.DUPLICATE);
    alerts().collected(Leftover.DUPLICATE);
    alerts().collected(Leftover.DEPARTED);
    accept();
    tick(Alarm.GATHER);

    assertThat(text())
        .contains("duplicates-collected", "2 assistants too many were found", URL + "/stats");
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 307, 404, 429, 500, 503})
  void messageThatIsNotTakenIsToldLater(int status) throws Exception {
    fail("rejected");
    queue = () -> statistics(1, null);
    channel.enqueue(
        new MockResponse.Builder()
            .code(status)
            .addHeader("Location", channel.url("/elsewhere").toString())
            .build());
    tick(Alarm.GATHER);
    assertThat(text()).contains("1 row");
    fail("rejected");
    tick(Duration.ofSeconds(10));
    assertNothingMore();
    accept();
    tick(Duration.ofSeconds(20));

    assertThat(text()).contains("2 rows failed for good");
    assertNothingMore();
  }

  @Test
  void channelThatDoesNotAnswerKeepsNobody() throws Exception {
    alerts().close();
    alerts = alerts(Duration.ofMillis(200));
    fail("rejected");
    queue = () -> statistics(1, null);
    channel.enqueue(new MockResponse.Builder().headersDelay(1, TimeUnit.HOURS).build());
    tick(Alarm.GATHER);
    text();
    channel.enqueue(
        new MockResponse.Builder().body("never sent").bodyDelay(1, TimeUnit.HOURS).build());
    tick(Duration.ofSeconds(30));
    text();
    accept();
    tick(Duration.ofSeconds(30));

    assertThat(text()).contains("1 row failed for good");
  }

  @Test
  void channelThatIsAwayForLongMissesWhatItWasToTell() throws Exception {
    fail("rejected");
    queue = () -> statistics(1, null);
    for (int i = 0; i <= 60; i++) {
      channel.enqueue(new MockResponse.Builder().code(404).build());
      tick(Duration.ofMinutes(1));
      assertThat(text()).contains("1 row failed for good");
    }
    tick(Duration.ofMinutes(1));
    assertNothingMore();

    fail("attempts_spent");
    accept();
    tick(Alarm.QUIET);
    assertThat(text()).contains("1 row failed for good (1 attempts_spent)");
  }

  @Test
  void itsTextShowsNoAddress() {
    assertThat(
            new Alerts.Settings(channel.url("/secret").uri(), Duration.ofMinutes(10), URL)
                .toString())
        .doesNotContain("secret", Integer.toString(channel.getPort()));
  }

  private Alerts alerts(Duration postTimeout) {
    return new Alerts(
        new Alerts.Settings(channel.url("/services/secret").uri(), Duration.ofMinutes(10), URL),
        gate,
        () -> now,
        postTimeout);
  }

  private Alerts alerts() {
    return requireNonNull(alerts);
  }

  private void accept() {
    channel.enqueue(new MockResponse.Builder().body("ok").build());
  }

  private void tick(Duration after) throws InterruptedException {
    now += after.toNanos();
    alerts().tick(() -> queue.get());
  }

  private void fail(String code) {
    alerts()
        .ended(
            new Ended(
                new Outcome(
                    UUID.randomUUID(),
                    UUID.randomUUID(),
                    Outcome.Result.FAILED,
                    null,
                    "what Vapi said"),
                code,
                1,
                Duration.ZERO,
                Duration.ZERO,
                Duration.ZERO,
                null));
  }

  /** Of the next message that has arrived; ticks are over when it has, or has not. */
  private String text() throws Exception {
    RecordedRequest request = channel.takeRequest(5, TimeUnit.SECONDS);
    assertThat(request).as("a message").isNotNull();
    assertThat(request.getMethod()).isEqualTo("POST");
    assertThat(request.getTarget()).isEqualTo("/services/secret");
    assertThat(request.getHeaders().get("Content-Type")).isEqualTo("application/json");
    String text = JSON.readTree(requireNonNull(request.getBody()).utf8()).path("text").asText();
    assertThat(text).doesNotContain("what Vapi said").isNotBlank();
    return text;
  }

  private void assertNothingMore() throws InterruptedException {
    assertThat(channel.takeRequest(0, TimeUnit.SECONDS)).as("no message").isNull();
  }

  private static Statistics statistics(long failed, @Nullable Duration oldestDue) {
    return new Statistics(
        Map.of(Status.FAILED, failed),
        false,
        Map.of(),
        oldestDue == null ? 0 : 7,
        oldestDue,
        0,
        0,
        0,
        failed,
        List.of());
  }
}
