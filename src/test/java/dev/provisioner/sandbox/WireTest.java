package dev.provisioner.sandbox;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(SharedSupabase.class)
class WireTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final SupabaseDatabase project;
  private final Wire wire;

  WireTest(SupabaseServer server) {
    project = server.createDatabase();
    wire = Wire.to("localhost", server.port());
  }

  @BeforeEach
  void aTable() throws SQLException {
    try (Connection direct = project.connect("postgres");
        Statement statement = direct.createStatement()) {
      statement.execute("create table public.noted (what text)");
    }
  }

  @AfterEach
  void close() {
    wire.close();
  }

  @Test
  void bytesPassBothWays() throws SQLException {
    try (Connection connection = connect("")) {
      note(connection, "x".repeat(100_000));
      assertThat(noted()).isEqualTo(1);
    }
  }

  @Test
  void aCutBreaksConnectionsAndRefusesNewOnesUntilRestored() throws Exception {
    try (Connection connection = connect("")) {
      note(connection, "before");
      wire.cut();
      assertThatThrownBy(() -> note(connection, "during")).isInstanceOf(SQLException.class);
      assertThatThrownBy(() -> new Socket("localhost", wire.port()).close())
          .isInstanceOf(ConnectException.class);
    }
    wire.restore();
    try (Connection connection = connect("")) {
      note(connection, "after");
    }
    assertThat(noted()).isEqualTo(2);
  }

  @Test
  void aFrozenWireIsSilentAndLosesNothing() throws Exception {
    try (Connection connection = connect("&socketTimeout=1")) {
      note(connection, "before");
      wire.freeze();
      assertThatThrownBy(() -> note(connection, "frozen"))
          .hasRootCauseInstanceOf(SocketTimeoutException.class);
      assertThat(noted()).isEqualTo(1);
    }
    wire.thaw();
    try (Connection connection = connect("")) {
      note(connection, "after");
    }
    assertThat(noted()).isGreaterThanOrEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void aLostAnswerLeavesTheCommitApplied(int prepareThreshold) throws SQLException {
    try (Connection connection = connect("&prepareThreshold=" + prepareThreshold)) {
      connection.setAutoCommit(false);
      // By now a COMMIT may be a prepared statement, without any text of its own.
      for (int i = 0; i < 10; i++) {
        note(connection, "earlier");
        connection.commit();
      }
      note(connection, "doubtful");
      wire.loseAnswerAfter("COMMIT");
      assertThatThrownBy(connection::commit).isInstanceOf(SQLException.class);
      assertThat(noted()).isEqualTo(11);
      assertThat(wire.lostAnswers()).isEqualTo(1);
    }
    try (Connection connection = connect("")) {
      note(connection, "as usual again");
    }
  }

  @Test
  void aStatementIsRecognisedByItsParametersAndItsLongAnswerIsAwaited() throws SQLException {
    try (Connection connection = connect("");
        PreparedStatement statement =
            connection.prepareStatement(
                "insert into public.noted select ? from generate_series(1, 20000) returning what")) {
      statement.setString(1, "the-marker");
      wire.loseAnswerAfter("the-marker");
      assertThatThrownBy(statement::executeQuery).isInstanceOf(SQLException.class);
    }
    assertThat(noted()).isEqualTo(20_000);
  }

  @Test
  void otherProtocolsPassAndLoseAnswersToo() throws IOException, InterruptedException {
    try (VapiSimulator vapi = VapiSimulator.start().acceptKey("key");
        Wire toVapi = Wire.to("localhost", vapi.port());
        HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest create =
          HttpRequest.newBuilder(
                  URI.create("http://localhost:%d/assistant".formatted(toVapi.port())))
              .header("User-Agent", "a-test/1")
              .header("Authorization", "Bearer key")
              .POST(HttpRequest.BodyPublishers.ofString("{}"))
              .build();
      assertThat(client.send(create, HttpResponse.BodyHandlers.discarding()).statusCode())
          .isEqualTo(201);
      toVapi.loseAnswerAfter("POST /assistant");
      assertThatThrownBy(() -> client.send(create, HttpResponse.BodyHandlers.discarding()))
          .isInstanceOf(IOException.class);
      eventually("the second assistant", () -> vapi.created() == 2);
      assertThat(toVapi.lostAnswers()).isEqualTo(1);
    }
  }

  @Test
  void whatIsHeldBeforeIsUnknownToTheServerUntilItIsReleased() throws Exception {
    try (Connection connection = connect("")) {
      note(connection, "before");
      Hold hold = Hold.beforeApplying();
      wire.hold("held", hold);
      Thread client = inBackground(() -> note(connection, "held"));
      hold.awaitArrived(PATIENCE);
      assertThat(noted()).isEqualTo(1);

      hold.release();

      assertThat(noted()).as("at once").isEqualTo(2);
      client.join();
      note(connection, "held no more");
      assertThat(noted()).isEqualTo(3);
    }
  }

  @Test
  void whatIsHeldAfterwardsIsKnownOnlyToTheServer() throws Exception {
    try (Connection connection = connect("")) {
      Hold hold = Hold.afterApplying();
      wire.hold("held", hold);
      Thread client = inBackground(() -> note(connection, "held"));
      hold.awaitArrived(PATIENCE);
      assertThat(noted()).isEqualTo(1);
      assertThat(client.isAlive()).isTrue();

      hold.release();

      client.join();
      note(connection, "held no more");
      assertThat(noted()).isEqualTo(2);
    }
  }

  @Test
  void whatIsHeldComesLateThoughItsClientIsGone() throws Exception {
    Hold hold = Hold.beforeApplying();
    try (Connection connection = connect("")) {
      note(connection, "before");
      wire.hold("held", hold);
      Thread client = inBackground(() -> note(connection, "held"));
      hold.awaitArrived(PATIENCE);
      connection.abort(Runnable::run);
      client.join();
    }
    assertThat(noted()).isEqualTo(1);

    hold.release();

    assertThat(noted()).isEqualTo(2);
  }

  @Test
  void whatIsHeldAndAbandonedNeverHappens() throws Exception {
    try (Connection connection = connect("")) {
      note(connection, "before");
      Hold hold = Hold.beforeApplying();
      wire.hold("held", hold);
      Thread client = inBackground(() -> note(connection, "held"));
      hold.awaitArrived(PATIENCE);

      hold.abandon();

      client.join();
      assertThat(connection.isValid(1)).isFalse();
      assertThat(noted()).isEqualTo(1);
    }
  }

  @Test
  void heldIsTheNextAfterTheOneWhoseAnswerIsLost() throws Exception {
    Hold hold = Hold.afterApplying();
    wire.loseAnswerAfter("twice");
    wire.hold("twice", hold);
    try (Connection connection = connect("")) {
      assertThatThrownBy(() -> note(connection, "twice")).isInstanceOf(SQLException.class);
    }
    assertThat(wire.lostAnswers()).isEqualTo(1);
    try (Connection connection = connect("")) {
      Thread client = inBackground(() -> note(connection, "twice"));
      hold.awaitArrived(PATIENCE);
      hold.release();
      client.join();
    }
    assertThat(noted()).isEqualTo(2);
  }

  private interface Statements {
    void run() throws SQLException;
  }

  /** Where its client goes, a statement's error goes, too. */
  private static Thread inBackground(Statements statements) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            statements.run();
          } catch (SQLException e) {
            // Aborted, or cut.
          }
        });
  }

  private Connection connect(String options) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://localhost:%d/%s?user=postgres%s"
            .formatted(wire.port(), project.name(), options));
  }

  private static void note(Connection connection, String what) throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement("insert into public.noted (what) values (?)")) {
      insert.setString(1, what);
      insert.executeUpdate();
    }
  }

  private int noted() throws SQLException {
    try (Connection direct = project.connect("postgres");
        Statement statement = direct.createStatement();
        ResultSet rows = statement.executeQuery("select count(*) from public.noted")) {
      rows.next();
      return rows.getInt(1);
    }
  }
}
