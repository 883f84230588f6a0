package dev.provisioner.sandbox;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedSupabase.class)
class PgNetWorkerTest {
  private final SupabaseDatabase project;
  private final PgNetWorker worker;
  private final MockWebServer receiver = new MockWebServer();

  PgNetWorkerTest(SupabaseServer server) {
    project = server.createDatabase();
    worker = PgNetWorker.start(project, Duration.ofMillis(5));
  }

  @BeforeEach
  void start() throws IOException {
    receiver.start();
  }

  @AfterEach
  void close() {
    worker.close();
    receiver.close();
  }

  @Test
  void aCommittedRequestIsSentByteForByte() throws Exception {
    receiver.enqueue(new MockResponse.Builder().code(202).body("later").build());
    post("{\"name\": \"Ä \\\"quoted\\\"\"}", 5000);

    RecordedRequest request =
        Objects.requireNonNull(receiver.takeRequest(10, TimeUnit.SECONDS), "no request");
    assertThat(Objects.requireNonNull(request.getBody()).utf8())
        .isEqualTo("{\"name\": \"Ä \\\"quoted\\\"\"}");
    assertThat(request.getHeaders().get("Content-Type")).isEqualTo("application/json");
    assertThat(request.getHeaders().get("webhook-id")).isEqualTo("w-1");
    assertThat(request.getHeaders().get("User-Agent")).isEqualTo("pg_net/0.14.0");

    eventually("a response on record", () -> "202 later f".equals(responses()));
    assertThat(worker.deliveries())
        .singleElement()
        .satisfies(delivery -> {
          assertThat(delivery.status()).isEqualTo(202);
          assertThat(delivery.body()).isEqualTo("{\"name\": \"Ä \\\"quoted\\\"\"}");
          assertThat(delivery.headers()).containsEntry("webhook-id", "w-1");
        });
  }

  @Test
  void aRequestOfARolledBackTransactionIsNeverSent() throws SQLException {
    try (Connection connection = project.connect("postgres");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(httpPost("{\"n\": 1}", 5000));
      connection.rollback();
    }
    receiver.enqueue(ok());
    post("{\"n\": 2}", 5000);
    eventually("the second request", () -> worker.deliveries().size() == 1);
    assertThat(worker.deliveries().getFirst().body()).isEqualTo("{\"n\": 2}");
  }

  @Test
  void aSlowAnswerTimesOutAndIsNotSentAgain() throws SQLException {
    receiver.enqueue(new MockResponse.Builder().headersDelay(1, TimeUnit.SECONDS).build());
    post("{}", 50);
    eventually("a timeout on record", () -> "null null t".equals(responses()));
    post("{}", 50);
    eventually("the next request", () -> worker.deliveries().size() == 2);
    assertThat(receiver.getRequestCount()).isEqualTo(2);
  }

  @Test
  void aPausedWorkerLeavesRequestsQueuedUntilTheyAreLostOrSent() throws SQLException {
    worker.pause();
    post("{\"n\": 1}", 5000);
    post("{\"n\": 2}", 5000);
    assertThat(worker.lose()).isEqualTo(2);
    post("{\"n\": 3}", 5000);
    assertThat(receiver.getRequestCount()).isZero();

    receiver.enqueue(ok());
    worker.resume();
    eventually("the one not lost", () -> worker.deliveries().size() == 1);
    assertThat(worker.deliveries().getFirst().body()).isEqualTo("{\"n\": 3}");
  }

  @Test
  void aBatchWaitsForTheSlowestOfTheOneBefore() throws SQLException {
    receiver.enqueue(new MockResponse.Builder().headersDelay(300, TimeUnit.MILLISECONDS).build());
    receiver.enqueue(ok());
    post("{\"n\": 1}", 5000);
    eventually("the first request", () -> receiver.getRequestCount() == 1);
    post("{\"n\": 2}", 5000);
    eventually("both", () -> worker.deliveries().size() == 2);
    assertThat(
            Duration.between(
                worker.deliveries().get(0).sentAt(), worker.deliveries().get(1).sentAt()))
        .isGreaterThanOrEqualTo(Duration.ofMillis(300));
  }

  @Test
  void anUnreachableReceiverIsReportedAndForgotten() throws SQLException {
    receiver.close();
    post("{}", 5000);
    eventually("an error", () -> worker.deliveries().size() == 1);
    assertThat(worker.deliveries().getFirst().error()).contains("ConnectException");
  }

  private static MockResponse ok() {
    return new MockResponse.Builder().build();
  }

  private void post(String body, int timeoutMillis) throws SQLException {
    try (Connection connection = project.connect("postgres");
        Statement statement = connection.createStatement()) {
      statement.execute(httpPost(body, timeoutMillis));
    }
  }

  private String httpPost(String body, int timeoutMillis) {
    return "select net.http_post('http://localhost:%d/hook', '%s', '{}', '{\"webhook-id\": \"w-1\"}', %d)"
        .formatted(receiver.getPort(), body, timeoutMillis);
  }

  private String responses() {
    try (Connection connection = project.connect("postgres");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "select status_code, content, timed_out from net._http_response")) {
      return rows.next()
          ? "%s %s %s".formatted(rows.getString(1), rows.getString(2), rows.getString(3))
          : "";
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
