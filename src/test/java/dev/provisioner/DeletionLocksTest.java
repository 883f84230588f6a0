package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A user is deleted while others hold what our triggers need. The auth server's lock_timeout tells
 * whether it has waited, for it makes a deletion that waits for longer than we may hold it fail.
 */
@ExtendWith(SharedSupabase.class)
class DeletionLocksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final World world;

  DeletionLocksTest(SupabaseServer supabase) {
    SupabaseDatabase database = supabase.createDatabase();
    world = World.of(supabase, database);
    // Without a foreign key, so that only what we do touches the settings.
    world.as(
        "postgres",
        "create table public.user_settings (user_id uuid primary key, vapi_assistant_id text)");
    database.applyMigrations();
    world.sql(
        "alter role supabase_auth_admin in database %s set lock_timeout = '5s'"
            .formatted(database.name()));
    world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lock table public.user_settings in access exclusive mode",
        "select from public.user_settings for update",
        "lock table provisioning.departed in access exclusive mode",
        "insert into provisioning.departed (user_id) select id from auth.users",
      })
  void deletionSucceedsWhateverIsLocked(String lock) throws Exception {
    Person person = world.provisioned();

    Session.during(
        world.database,
        lock,
        () -> {
          world.delete(person);
          return true;
        });

    assertThat(world.count("select count(*) from auth.users")).isZero();
    assertThat(world.count("select count(*) from public.pending_vapi_provision")).isZero();
  }

  @Test
  void deletionDoesNotFailForASettleThatWaitsForTheSettings() throws Exception {
    Person person = world.person();
    world.use(person, null);
    Future<Answer> ring =
        Session.during(
            world.database,
            "select from public.user_settings for update",
            () -> {
              Future<Answer> rung = world.ringInBackground(person);
              eventually("a settle that waits", PATIENCE, () -> waiting() > 0);
              world.delete(person);
              return rung;
            });

    assertThat(ring.get().status()).isEqualTo(202);
    world.elapse(Duration.ofHours(3));
    world.reconcile();
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(deadlocks()).isZero();
  }

  @Test
  void deletionDuringALookIsNotInItsWay() throws Exception {
    Person person = world.person();
    world.settleInDoubt(person, Duration.ofMinutes(5));
    String made = world.vapi.seed(world.marks(person), Instant.now().minusSeconds(320)).id();
    world.use(person, made);
    Hold hold = Hold.beforeApplying();
    world.vapi.onList().next(hold);
    Future<Answer> look = world.inBackground(world::reconcile);
    hold.awaitArrived(PATIENCE);

    world.delete(person);
    hold.release();

    assertThat(look.get().status()).isEqualTo(200);
    world.elapse(Duration.ofHours(3));
    world.reconcile();
    assertThat(world.count("select count(*) from provisioning.departed")).isZero();
    assertThat(deadlocks()).isZero();
  }

  private int waiting() {
    return world.count(
        """
        select count(*) from pg_stat_activity
         where datname = current_database() and usename = 'provisioner' and wait_event_type = 'Lock'\
        """);
  }

  private int deadlocks() {
    return world.count("select deadlocks from pg_stat_database where datname = current_database()");
  }
}
