package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.PgBouncer;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
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
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  /** Fewer than the clients have, so that statements of one are carried out in turns by all. */
  private static final int POOL = 4;

  @TempDir static Path logs;
  private SupabaseServer supabase;
  private World world;
  private PgBouncer pooler;

  @BeforeAll
  void startServer() {
    Map<String, String> settings = new HashMap<>(SupabaseServer.FAST);
    settings.put("logging_collector", "on");
    settings.put("log_directory", logs.toAbsolutePath().toString());
    settings.put("log_filename", "postgresql.log");
    supabase = SupabaseServer.start(settings);
  }

  @AfterAll
  void stopServer() {
    supabase.close();
  }

  @AfterEach
  void end() {
    pooler.close();
    world.close();
  }

  private void world(Map<String, String> settings) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s").with("ACK_TIMEOUT", "1s");
    pooler = PgBouncer.transaction(supabase, world.database, POOL, settings);
    world.with("DATABASE_URL", pooler.databaseUrl());
  }

  @Test
  void twoInstancesProvisionThousandUsersWithoutAnError() throws Exception {
    world(Map.of());
    List<Person> people = new ArrayList<>(world.people(500));
    world.elapse(Duration.ofMinutes(2)); // for the sweeps; the others have only their webhooks
    people.addAll(world.people(500));
    assertThat(Set.copyOf(people)).hasSize(1000);
    world.with("RECONCILE_INTERVAL", "1s");
    int before = postgresLog().size();

    try (Packaged one = start();
        Packaged other = start()) {
      ringAll(people, List.of(one.uri(WEBHOOK), other.uri(WEBHOOK)));
      eventually("all processed", PATIENCE, () -> unprocessed() == 0);

      assertThat(pooler.sum("POOLS", "cl_active") + pooler.sum("POOLS", "cl_waiting"))
          .as("connections of the two instances")
          .isGreaterThan(POOL);
      assertThat(pooler.sum("POOLS", "sv_active") + pooler.sum("POOLS", "sv_idle") + pooler.sum("POOLS", "sv_used")).isBetween(2L, (long) POOL);
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

  private void ringAll(List<Person> people, List<URI> doors) throws Exception {
    Semaphore callers = new Semaphore(40);
    List<Future<Answer>> answers = new ArrayList<>();
    AtomicInteger turn = new AtomicInteger();
    try (ExecutorService crowd = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Person each : people) {
        answers.add(
            crowd.submit(() -> {
              callers.acquire();
              try {
                return ring(doors.get(turn.getAndIncrement() % doors.size()), each);
              } finally {
                callers.release();
              }
            }));
      }
    }
    for (Future<Answer> each : answers) {
      assertThat(each.get().status()).as("%s", each.get()).isIn(200, 202);
    }
  }

  private Answer ring(URI door, Person person) {
    return world.send(
        world
            .signed(HttpRequest.newBuilder(door), World.announcement(person.provision()))
            .header("Content-Type", "application/json"));
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
        .toList();
  }

  private static List<String> postgresLog() {
    try {
      return Files.readAllLines(logs.resolve("postgresql.log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
