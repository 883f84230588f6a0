package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.Clinic.Examination;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How the service's role comes in, on a server of its own that asks it for its password. What keeps
 * it out, or what it forgets at the door, is named by /readyz and by doctor, with what mends it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoginTest {
  private final SupabaseServer supabase = SupabaseServer.start();
  private final Clinic clinic = Clinic.open(supabase);

  @BeforeAll
  void serverAsksForThePassword() {
    supabase.askForPassword("provisioner");
    eventually("nobody comes in without it", () -> refusal("anything") != null);
    setPassword(Clinic.PASSWORD);
  }

  @AfterAll
  void end() {
    clinic.close();
    supabase.close();
  }

  @Test
  void roleComesInWithItsPasswordOnly() throws SQLException {
    assertThat(refusal("another")).isEqualTo("28P01");
    try (Connection connection = connect(Clinic.PASSWORD)) {
      assertThat(connection.isValid(10)).isTrue();
    }
  }

  @Test
  void roleWithoutAPasswordComesInWithNone() {
    clinic.world.as("postgres", "alter role provisioner with password null");
    try {
      assertThat(refusal(Clinic.PASSWORD)).isEqualTo("28P01");
      assertThat(refusal("null")).isEqualTo("28P01");
      assertThatThrownBy(() -> connect("")).isInstanceOf(SQLException.class);
    } finally {
      setPassword(Clinic.PASSWORD);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          alter role provisioner with password 'another'         | database | refuses the user or the password | alter role provisioner with password 'the password in DATABASE_URL'; | alter role provisioner with password
          alter role provisioner nologin                         | database | does not let the user of DATABASE_URL log in | alter role provisioner login; -- where it is not there: apply migrations/*.sql | alter role provisioner login;
          revoke connect on database :db from public, provisioner | database | does not let the user of DATABASE_URL connect | grant connect on database postgres to provisioner; -- or whatever DATABASE_URL names | grant connect on database postgres to provisioner;
          alter role provisioner reset lock_timeout              | schema | lock_timeout is not between | alter role provisioner set lock_timeout = '500ms'; /* and let the service log in as provisioner */ | alter role provisioner set lock_timeout = '500ms';
          alter role provisioner set lock_timeout = '1s'         | schema | lock_timeout is not between | alter role provisioner set lock_timeout = '500ms'; /* and let the service log in as provisioner */ | alter role provisioner set lock_timeout = '500ms';
          """)
  void whatIsWrongAtTheDoorIsNamedAndMended(
      String breaking, String check, String message, String remedy, String named) {
    World world = clinic.world;
    world.sql(breaking.replace(":db", world.database.name()));
    world.wire.cut(); // whoever is in already notices nothing
    world.wire.restore();

    eventually("it is named by /readyz", () -> databaseReason().contains(named));
    assertThat(world.get("/readyz").status()).isEqualTo(503);
    Examination sick = clinic.examine("--json");

    JsonNode line = sick.line(check, message);
    assertThat(sick.exit()).isEqualTo(2);
    assertThat(line.path("status").asText()).isEqualTo("broken");
    assertThat(line.path("remedy").asText()).isEqualTo(remedy);
    world.as(
        "postgres",
        remedy
            .replace("the password in DATABASE_URL", Clinic.PASSWORD)
            .replace("database postgres", "database " + world.database.name()));
    world.wire.cut();
    world.wire.restore();
    eventually("it is ready again", () -> databaseReason().isEmpty());
    Examination well = clinic.examine("--json");
    assertThat(well.exit()).as(well.out()).isZero();
  }

  private String databaseReason() {
    clinic.world.elapseMonotonically(Duration.ofSeconds(2));
    return clinic.world.get("/readyz").json().at("/checks/database/reason").asText();
  }

  /** The SQLSTATE; null where the role comes in. */
  private @Nullable String refusal(String password) {
    try {
      connect(password).close();
      return null;
    } catch (SQLException e) {
      return e.getSQLState();
    }
  }

  private Connection connect(String password) throws SQLException {
    return DriverManager.getConnection(
        clinic.world.database.jdbcUrl("provisioner") + "&password=" + password);
  }

  /** As the README says it. */
  private void setPassword(String password) {
    clinic.world.as("postgres", "alter role provisioner with password '" + password + "'");
  }
}
