package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an instance says of itself. One world serves all: each test mends what it has broken, with
 * the very statement that the answer names.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadinessTest {
  private static final String PASSWORD = "the-password-of-the-database";

  private final SupabaseServer supabase;
  private final World world;

  ReadinessTest(SupabaseServer supabase) {
    this.supabase = supabase;
    this.world = World.empty(supabase);
    world
        .with(
            "DATABASE_URL", world.database.databaseUrl("provisioner", PASSWORD, world.wire.port()))
        .start();
  }

  @AfterAll
  void end() {
    world.close();
  }

  @Test
  void soundInstanceIsReady() {
    Answer ready = readiness(world);

    assertThat(ready.status()).as("%s", ready).isEqualTo(200);
    assertThat(ready.response().body().strip())
        .isEqualTo(
            "{\"status\":\"ready\",\"checks\":{\"instance\":{\"status\":\"ready\"},"
                + "\"database\":{\"status\":\"ready\"},\"vapi\":{\"status\":\"ready\"}}}");
  }

  @ParameterizedTest
  @MethodSource("dev.provisioner.Lacking#everything")
  void whatTheRoleLacksIsNamedAsTheStatementThatGivesIt(Lacking thing) throws SQLException {
    world.sql(thing.breaking());

    Answer unready = readiness(world);

    asPostgres(thing.remedy());
    assertThat(unready.status()).as("%s", unready).isEqualTo(503);
    assertThat(unready.field("status")).isEqualTo("unready");
    assertThat(unready.json().at("/checks/database/status").asText()).isEqualTo("unready");
    assertThat(databaseReason(unready))
        .isEqualTo(
            "The database is not as this version needs it. As role postgres: " + thing.remedy());
    assertThat(readiness(world).status()).isEqualTo(200);
  }

  @Test
  void tableOfAnotherVersionIsSaidToBe() {
    try (World older = World.empty(supabase)) {
      older.sql("alter table public.pending_vapi_provision drop column error_code");
      older.start();

      Answer unready = readiness(older);

      assertThat(unready.status()).as("%s", unready).isEqualTo(503);
      assertThat(databaseReason(unready)).endsWith("As role postgres: apply migrations/*.sql");
    }
  }

  @Test
  void unmigratedDatabaseIsSaidToBe() {
    try (World bare = World.of(supabase, supabase.createDatabase())) {
      bare.start();

      Answer unready = readiness(bare);

      assertThat(unready.status()).as("%s", unready).isEqualTo(503);
      assertThat(databaseReason(unready)).contains("apply migrations/*.sql");
      Answer rung = bare.ring(new Person(UUID.randomUUID(), UUID.randomUUID()));
      assertThat(rung.status()).as("%s", rung).isEqualTo(503);
      assertThat(rung.field("type")).endsWith(":database-unavailable");
      assertThat(rung.response().headers().firstValue("Retry-After")).hasValue("60");
    }
  }

  @Test
  void instanceWithoutItsDatabaseIsAliveButNotReady() {
    try (World cutOff = World.serving(supabase)) {
      cutOff.wire.cut();

      Answer unready = readiness(cutOff);

      assertThat(unready.status()).as("%s", unready).isEqualTo(503);
      assertThat(databaseReason(unready)).contains("DATABASE_URL");
      cutOff.wire.restore();
      eventually("it is ready again", () -> readiness(cutOff).status() == 200);
    }
  }

  @Test
  void instanceThatShutsDownIsNotReady() throws Exception {
    try (World leaving = World.empty(supabase)) {
      Service service = leaving.start();
      Thread drain =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  service.drain(Duration.ofMinutes(1));
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      eventually("it says so", () -> leaving.get("/readyz").status() == 503);

      Answer unready = leaving.get("/readyz");

      assertThat(unready.field("status")).isEqualTo("unready");
      assertThat(unready.json().at("/checks/instance/reason").asText()).contains("shutting down");
      assertThat(unready.json().at("/checks/database/status").asText()).isEqualTo("ready");
      assertThat(leaving.get("/healthz").status()).isEqualTo(200);
      drain.interrupt();
      drain.join();
    }
  }

  /** Freshly asked. Whatever it says, the process is alive, and nothing secret is told. */
  private static Answer readiness(World world) {
    Answer healthy = world.get("/healthz");
    assertThat(healthy.status()).isEqualTo(200);
    assertThat(healthy.field("status")).isEqualTo("alive");
    world.elapseMonotonically(Duration.ofSeconds(2));
    Answer answer = world.get("/readyz");
    assertThat(answer.response().body())
        .doesNotContain(PASSWORD, World.API_KEY, World.JWT_SECRET, World.WEBHOOK_SECRET)
        .doesNotContain("localhost", world.database.name());
    return answer;
  }

  private static String databaseReason(Answer answer) {
    return answer.json().at("/checks/database/reason").asText();
  }

  private void asPostgres(String sql) throws SQLException {
    try (Connection postgres = world.database.connect("postgres");
        Statement statement = postgres.createStatement()) {
      statement.execute(sql);
    }
  }
}
