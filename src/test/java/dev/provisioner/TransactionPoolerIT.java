package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.PgBouncer;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar as it is deployed, behind a pooler that hands each of its transactions to whichever
 * connection is free, on port 6543 as at Supabase.
 */
@ExtendWith(PgBouncer.Needed.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TransactionPoolerIT {
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** Fewer than the clients have, so that statements of one are carried out in turns by all. */
  private static final int POOL = 4;

  private final Path log;
  private final SupabaseServer supabase;
  private World world;
  private PgBouncer pooler;

  TransactionPoolerIT(@TempDir Path folder) {
    log = folder.resolve("postgresql.log");
    Map<String, String> settings = new HashMap<>(SupabaseServer.FAST);
    settings.put("logging_collector", "on");
    settings.put("log_directory", folder.toAbsolutePath().toString());
    settings.put("log_filename", "postgresql.log");
    supabase = SupabaseServer.start(settings);
  }

  @AfterAll
  void stopServer() {
    supabase.close();
  }

  @BeforeEach
  void begin() {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s").with("ACK_TIMEOUT", "1s");
    pooler = pooler(Map.of());
  }

  @AfterEach
  void end() {
    pooler.close();
    world.close();
  }

  private PgBouncer pooler(Map<String, String> settings) {
    PgBouncer started = PgBouncer.transaction(supabase, world.database, POOL, settings);
    world.with("DATABASE_URL", started.databaseUrl());
    return started;
  }

  @Test
  void twoInstancesProvisionThousandUsersWithoutAnError() throws Exception {
    List<Person> people = new ArrayList<>(world.people(500));
    world.elapse(Duration.ofMinutes(2)); // for the sweeps; the others have only their webhooks
    people.addAll(world.people(500));
    assertThat(Set.copyOf(people)).hasSize(1000);
    world.with("RECONCILE_INTERVAL", "1s");
    int before = postgresLog().size();

    try (Packaged one = start();
        Packaged other = start()) {
      // A JVM that has only just begun, on a machine with much to do, answers 503 to a crowd.
      eventually("ready", PATIENCE, () -> status(one, "/readyz") == 200);
      eventually("ready", PATIENCE, () -> status(other, "/readyz") == 200);
      ring(people.subList(0, 20), 2, one, other);
      ring(people.subList(20, 1000), 16, one, other);
      eventually("all processed", PATIENCE, () -> unprocessed() == 0);

      assertThat(pooler.sum("POOLS", "cl_active") + pooler.sum("POOLS", "cl_waiting"))
          .as("connections of the two instances")
          .isGreaterThan(POOL);
      assertThat(
              pooler.sum("POOLS", "sv_active")
                  + pooler.sum("POOLS", "sv_idle")
                  + pooler.sum("POOLS", "sv_used"))
          .isBetween(2L, (long) POOL);
      assertThat(troubles(one)).isEmpty();
      assertThat(troubles(other)).isEmpty();
    }
    assertThat(world.vapi.creates()).isEqualTo(1000);
    assertThat(world.vapi.assistants()).hasSize(1000);
    assertThat(
            world.count(
                """
                select count(distinct s.vapi_assistant_id)
                  from public.user_settings s join public.pending_vapi_provision p
                    on p.user_id = s.user_id and p.assistant_id = s.vapi_assistant_id\
                """))
        .isEqualTo(1000);
    assertThat(
            world.count(
                """
                select count(*) from public.pending_vapi_provision
                 where attempts <> 1 or unconfirmed_since is not null\
                """))
        .isZero();
    assertThat(pooler.log()).noneMatch(line -> line.matches(".*(WARNING|ERROR|FATAL).*"));
    assertThat(postgresLog().subList(before, postgresLog().size()))
        .noneMatch(line -> line.matches(".*(WARNING|ERROR|FATAL).*"));
  }

  /** So that it is known what the other tests prove. */
  @Test
  void preparedStatementsDoNotSurviveHere() throws Exception {
    world.with("DATABASE_URL", pooler.databaseUrl() + "?prepareThreshold=1");
    int before = postgresLog().size();

    try (Packaged service = start();
        Crowd crowd = Crowd.of(world, world.people(200), 40, service)) {
      assertThat(crowd.answers()).hasSize(200);
    }

    assertThat(postgresLog().subList(before, postgresLog().size()))
        .anyMatch(line ->
            line.matches(".*ERROR:.*prepared statement .* (does not exist|already exists).*"));
  }

  @Test
  void operatorsCommandsWork() throws Exception {
    Person rung = world.person();
    Person due = world.person();
    Person doubtful = world.person();
    world.vapi.seed(world.marks(doubtful), Instant.now().minusSeconds(60));
    try (Packaged service = start()) {
      Crowd.ring(world, Crowd.door(service), rung);
      eventually("it is provisioned", () -> world.row(rung).status().equals("processed"));
      world.elapse(Duration.ofMinutes(2));
      world.doubt(doubtful);
      Answer reconciled = operate(service, "/reconcile", "{}");
      assertThat(reconciled.number("created")).as("%s", reconciled).isEqualTo(1);
      assertThat(reconciled.number("adopted")).as("%s", reconciled).isEqualTo(1);
      assertThat(world.row(due).status()).isEqualTo("processed");
      world.settleInDoubt(doubtful, Duration.ofHours(3));
      operate(service, "/reconcile", "{}");
      assertThat(world.row(doubtful).inDoubt()).as("looked into").isFalse();
      assertThat(operate(service, "/audit", "{}").status()).isEqualTo(200);
      assertThat(read(service, "/stats").at("/counts/processed").asInt()).isEqualTo(3);
      assertThat(read(service, "/provisions").path("provisions")).hasSize(3);
      assertThat(read(service, "/readyz").path("status").asText()).isEqualTo("ready");
      assertThat(troubles(service)).isEmpty();
    }
    try (Packaged doctor = Packaged.run(world.environment(), "doctor")) {
      doctor.exitCode();
      assertThat(doctor.out())
          .anyMatch(line -> line.matches("✓ database .*:6543, transaction pooler"))
          .anyMatch(line -> line.startsWith("✓ role"))
          .anyMatch(line -> line.startsWith("✓ schema"))
          .anyMatch(line -> line.startsWith("✓ settings"))
          .noneMatch(line -> line.matches(".*(itself failed|refuses to be looked at).*"));
    }
  }

  @Test
  void settleGivesWayToAUserBeingDeleted() throws Exception {
    Person leaving = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    int before = postgresLog().size();

    try (Packaged service = start();
        Crowd crowd = Crowd.of(world, List.of(leaving), 1, service);
        Connection auth = world.database.connect("supabase_auth_admin");
        PreparedStatement delete = auth.prepareStatement("delete from auth.users where id = ?")) {
      hold.awaitArrived(Packaged.PATIENCE);
      auth.setAutoCommit(false);
      delete.setObject(1, leaving.user());
      delete.executeUpdate();
      hold.release();
      eventually(
          "the role's lock_timeout",
          Packaged.PATIENCE,
          () ->
              postgresLog().stream()
                  .skip(before)
                  .anyMatch(line -> line.contains("canceling statement due to lock timeout")));
      auth.commit();

      assertThat(crowd.answers()).extracting(Crowd.Rung::status).containsAnyOf(200, 202, 404);
      eventually(
          "nothing is left",
          PATIENCE,
          () -> {
            world.elapse(Duration.ofHours(3));
            operate(service, "/reconcile", "{}");
            return world.vapi.assistants().isEmpty()
                && world.count("select count(*) from provisioning.departed") == 0;
          });
    }
  }

  @Test
  void nothingIsLostWhenConnectionsBreakUnderneath() throws Exception {
    List<Person> people = world.people(400);
    world.with("RECONCILE_INTERVAL", "1s").with("VAPI_TIMEOUT", "4s").with("LEASE", "14s");

    try (Packaged one = start();
        Packaged other = start();
        Crowd crowd = Crowd.of(world, people, 8, one, other)) {
      eventually("a beginning", PATIENCE, () -> crowd.sent() > 50);
      pooler.command("RECONNECT");
      eventually("more", PATIENCE, () -> crowd.sent() > 100);
      pooler.killConnections();
      eventually("more", PATIENCE, () -> crowd.sent() > 150);
      world.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'provisioner'");
      eventually("more", PATIENCE, () -> crowd.sent() > 200);
      pooler.stop();
      eventually("unready", PATIENCE, () -> status(one, "/readyz") == 503);
      pooler.restart();

      assertThat(crowd.answers())
          .as("settled, under way, or to be sent again")
          .allMatch(each -> each.status() == 200 || each.status() == 202 || each.retryable());
      eventually("ready", PATIENCE, () -> status(one, "/readyz") == 200);
      world.sql(
          """
          update public.pending_vapi_provision set next_attempt_at = now()
           where status = 'pending'\
          """); // Their webhooks came to nothing; a minute later they would be due.
      eventually("all processed", PATIENCE, () -> unprocessed() == 0);
    }
    assertThat(world.vapi.assistants()).hasSize(400);
    assertThat(world.count("select count(distinct vapi_assistant_id) from public.user_settings"))
        .isEqualTo(400);
  }

  @Test
  void refusalIsToldAtTheStartAndUntilItEnds() throws Exception {
    pooler.close();
    pooler = pooler(Map.of("max_client_conn", "1"));
    Connection hog =
        DriverManager.getConnection(
            "jdbc:" + pooler.databaseUrl().replaceFirst("//.*@", "//"),
            PgBouncer.USER,
            PgBouncer.PASSWORD);
    world.with("ACK_TIMEOUT", "10s"); // A JVM that has just started is slow.
    try (Packaged service = start()) {
      assertThat(read(service, "/readyz").at("/checks/database/reason").asText())
          .startsWith(
              "The database cannot be reached: it has no connection left for this service.");
      assertThat(troubles(service))
          .singleElement()
          .asString()
          .contains("No new connection to the database: it has no connection left")
          .contains("VAPI_CONCURRENCY");
      hog.close();

      eventually("ready", Packaged.PATIENCE, () -> status(service, "/readyz") == 200);
      assertThat(service.out()).anyMatch(line -> line.contains("gives connections again"));
      assertThat(Crowd.ring(world, Crowd.door(service), world.person()).status()).isEqualTo(200);
    } finally {
      hog.close();
    }
  }

  private Answer operate(Packaged service, String path, String body) {
    return world.send(
        HttpRequest.newBuilder(service.uri(path))
            .header("Authorization", "Bearer " + World.token(Scope.OPERATE))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  private JsonNode read(Packaged service, String path) {
    return get(service, path).json();
  }

  private int status(Packaged service, String path) {
    return get(service, path).status();
  }

  private Answer get(Packaged service, String path) {
    return world.send(
        HttpRequest.newBuilder(service.uri(path))
            .header("Authorization", "Bearer " + World.token(Scope.OPERATE)));
  }

  private void ring(List<Person> people, int atOnce, Packaged... services) throws Exception {
    try (Crowd crowd = Crowd.of(world, people, atOnce, services)) {
      assertThat(crowd.answers())
          .extracting(Crowd.Rung::status)
          .allMatch(status -> status == 200 || status == 202);
    }
  }

  private int unprocessed() {
    return world.count(
        "select count(*) from public.pending_vapi_provision where status <> 'processed'");
  }

  private Packaged start() {
    return Packaged.run(world.environment());
  }

  /** What is worth an operator's look. */
  private static List<String> troubles(Packaged service) {
    assertThat(service.err()).isEmpty();
    return service.out().stream()
        .filter(line -> line.contains("\"WARN\"") || line.contains("\"ERROR\""))
        // A machine with much to do is slow, which is no error.
        .filter(line -> !line.contains(" in time"))
        .toList();
  }

  private List<String> postgresLog() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
