package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An app's table without a foreign key: settings stay when their user is deleted. */
@ExtendWith(SharedSupabase.class)
class LooseSettingsTest {
  /** A settle gives way after half a second; the rest is for slow machines. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private final World world;

  LooseSettingsTest(SupabaseServer supabase) {
    SupabaseDatabase database = supabase.createDatabase();
    world = World.of(supabase, database);
    world.as(
        "postgres",
        "create table public.user_settings (user_id uuid primary key, vapi_assistant_id text)");
    database.applyMigrations();
    world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void settingThatDoesNotFollowItsUserIsCleared() {
    Person person = world.person();
    world.ring(person);
    assertThat(world.inUse(person)).isNotNull();

    world.delete(person);
    assertThat(world.count("select count(*) from public.user_settings")).isEqualTo(1);
    assertThat(world.inUse(person)).isNull();
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(world.count("select count(*) from provisioning.departed")).isZero();
  }

  @Test
  void settingThatMayNotBeNullCostsNoTombstone() {
    Person person = world.person();
    world.ring(person);
    world.sql("alter table public.user_settings alter vapi_assistant_id set not null");

    world.delete(person);
    assertThat(world.inUse(person)).isEmpty();
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
  }

  @Test
  void settingThatMayNotBeTouchedCostsNoTombstone() {
    Person person = world.person();
    world.ring(person);
    world.sql(
        """
        create function public.keep() returns trigger language plpgsql as $$
        begin
          raise exception 'settings are for ever';
        end $$;
        create trigger keep before update on public.user_settings
          for each row execute function public.keep()\
        """);

    world.delete(person);

    assertThat(world.count("select count(*) from provisioning.departed")).isEqualTo(1);
  }

  @Test
  void deletionDoesNotWaitForASettleThatWaits() throws Exception {
    Person person = world.person();
    world.sql("insert into public.user_settings values (?, null)", person.user());
    Future<Answer> ring =
        Session.during(
            world.database,
            "select from public.user_settings for update",
            () -> {
              Future<Answer> rung = world.ringInBackground(person);
              eventually("a settle that waits", () -> waiting() > 0);
              long begin = System.nanoTime();
              world.delete(person);
              assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(SOON);
              return rung;
            });

    assertThat(ring.get().status()).isEqualTo(202);
    assertThat(world.vapi.created()).isEqualTo(1);
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(world.inUse(person)).isNull();
  }

  private int waiting() {
    return world.count(
        """
        select count(*) from pg_stat_activity
         where datname = current_database() and usename = 'provisioner' and wait_event_type = 'Lock'\
        """);
  }
}
