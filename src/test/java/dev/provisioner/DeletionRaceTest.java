package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Users who leave at any moment of their provision: every deletion succeeds, nothing is left. */
@ExtendWith(SharedSupabase.class)
class DeletionRaceTest {
  private static final int USERS = 200;
  private static final int CALL_MILLIS = 20;

  private final SupabaseServer supabase;

  DeletionRaceTest(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user_id uuid primary key references auth.users on delete cascade, vapi_assistant_id text",
        "user_id uuid primary key, vapi_assistant_id text",
      })
  void webhooksAndDeletionsRaceAndNothingIsLeft(String settings) throws Exception {
    SupabaseDatabase database = supabase.createDatabase();
    try (World world = World.of(supabase, database)) {
      world.as("postgres", "create table public.user_settings (" + settings + ")");
      database.applyMigrations();
      // A deletion that waits for longer fails, and a deadlock is counted.
      world.sql(
          "alter role supabase_auth_admin in database %s set lock_timeout = '5s'"
              .formatted(database.name()));
      world.with("VAPI_CONCURRENCY", "16").start();
      world.vapi.onCreate().always(Fault.delay(Duration.ofMillis(CALL_MILLIS)));
      List<Person> people = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        people.add(world.person());
      }

      race(world, people);

      assertThat(world.count("select count(*) from auth.users")).isZero();
      assertThat(
              world.count(
                  "select deadlocks from pg_stat_database where datname = current_database()"))
          .isZero();
      assertThat(world.count("select count(*) from public.pending_vapi_provision")).isZero();
      assertThat(
              world.count(
                  "select count(*) from public.user_settings where vapi_assistant_id is not null"))
          .isZero();
      for (int looks = 0; looks < 2; looks++) {
        world.elapse(Duration.ofHours(3));
        world.reconcile();
      }
      assertThat(world.vapi.assistants()).isEmpty();
      assertThat(world.count("select count(*) from provisioning.departed")).isZero();
    }
  }

  /** Each is rung for, and leaves a random moment later. */
  private static void race(World world, List<Person> people) throws Exception {
    Random random = new Random(20260901);
    List<Future<Answer>> departures = new ArrayList<>();
    // As many at once as there are connections and slots.
    try (ExecutorService browsers = Executors.newFixedThreadPool(16)) {
      for (Person each : people) {
        int stay = random.nextInt(2 * CALL_MILLIS + 40);
        departures.add(
            browsers.submit(() -> {
              Future<Answer> ring = world.ringInBackground(each);
              try {
                ring.get(stay, TimeUnit.MILLISECONDS);
              } catch (TimeoutException e) {
                // Still being provisioned: all the better.
              }
              world.delete(each);
              return ring.get();
            }));
      }
    }
    for (Future<Answer> each : departures) {
      assertThat(each.get().status()).isIn(200, 202, 404);
    }
  }
}
