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
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an instance says of itself. One world serves all: each test mends what it has broken, with
 * the very statement that the answer names.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReadinessTest {
  private static final String PASSWORD = "the-password-of-the-database";
  private static final String POLICY =
      "create policy \"the provisioner works the queue\" on public.pending_vapi_provision for all"
          + " to provisioner using (true) with check (true);";

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
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          usage                      | schema public
          usage                      | schema provisioning
          select                     | public.pending_vapi_provision
          update                     | public.pending_vapi_provision
          select                     | provisioning.installation
          select                     | provisioning.departed
          update (confirm_at)        | provisioning.departed
          delete                     | provisioning.departed
          select                     | provisioning.user_assistant
          insert (user_id)           | provisioning.user_assistant
          insert (vapi_assistant_id) | provisioning.user_assistant
          update (vapi_assistant_id) | provisioning.user_assistant
          execute | function provisioning.bury(uuid, uuid, text, timestamptz, timestamptz)
          execute | function provisioning.enqueue_missing(integer, timestamptz)
          execute | function provisioning.check_secret(text)
          execute | function provisioning.check_url(text)
          execute | function provisioning.deliveries(interval)
          execute | function provisioning.is_scheduled()
          execute | function provisioning.missing_count(timestamptz)
          execute | function provisioning.requeue(uuid)
          execute | function provisioning.pin_organisation(text)
          """)
  void missingRightIsNamedAsTheStatementThatGrantsIt(String right, String object)
      throws SQLException {
    asPostgres("revoke %s on %s from provisioner".formatted(right, object)); // who granted it
    world.sql("revoke %s on %s from provisioner, public".formatted(right, object));

    Answer unready = readiness(world);

    String grant = "grant %s on %s to provisioner;".formatted(right, object);
    if (object.equals("schema public")) {
      world.sql(grant); // in the sandbox, unlike at Supabase, postgres does not own the database
    } else {
      asPostgres(grant);
    }
    assertThat(unready.status()).as("%s", unready).isEqualTo(503);
    assertThat(unready.field("status")).isEqualTo("unready");
    assertThat(unready.json().at("/checks/database/status").asText()).isEqualTo("unready");
    assertThat(databaseReason(unready)).contains(grant);
    assertThat(readiness(world).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({"all, anon", "select, provisioner"})
  void missingPolicyIsNamed(String command, String role) throws SQLException {
    world.sql("drop policy \"the provisioner works the queue\" on public.pending_vapi_provision");
    world.sql(
        "create policy \"not enough\" on public.pending_vapi_provision for %s to %s using (true)"
            .formatted(command, role));

    Answer unready = readiness(world);

    assertThat(unready.status()).as("%s", unready).isEqualTo(503);
    assertThat(databaseReason(unready)).contains(POLICY);
    asPostgres(POLICY);
    assertThat(readiness(world).status()).isEqualTo(200);
    world.sql("drop policy \"not enough\" on public.pending_vapi_provision");
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
