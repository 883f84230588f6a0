package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
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
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Users who leave at any moment of their provision: every deletion succeeds, nothing is left. */
@ExtendWith(SharedSupabase.class)
class DeletionRaceTest {
  private static final int USERS = 200;

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
      world.with("VAPI_CONCURRENCY", "16").with("ACK_TIMEOUT", "10s").start();
      List<Person> people = new ArrayList<>();
      for (int i = 0; i < USERS; i++) {
        people.add(world.person());
      }

      race(world, people);

      assertThat(world.count("select count(*) from auth.users")).isZero();
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

  /** Each is rung for and deleted about together, now this first, now that. */
  private static void race(World world, List<Person> people) throws Exception {
    Random random = new Random(20260901);
    List<Future<Answer>> rings = new ArrayList<>();
    List<Future<?>> deletions = new ArrayList<>();
    List<Person> leaving = new ArrayList<>();
    // As many deletions at once as connections allow.
    try (ExecutorService auth = Executors.newFixedThreadPool(16)) {
      for (Person each : people) {
        rings.add(world.ringInBackground(each));
        leaving.add(each);
        while (leaving.size() > 12) {
          Person gone = leaving.remove(random.nextInt(leaving.size()));
          deletions.add(auth.submit(() -> world.delete(gone)));
        }
      }
      leaving.forEach(gone -> deletions.add(auth.submit(() -> world.delete(gone))));
    }
    for (Future<?> each : deletions) {
      each.get(); // would throw what made it fail
    }
    for (Future<Answer> each : rings) {
      assertThat(each.get().status()).isIn(200, 202, 404);
    }
  }
}
