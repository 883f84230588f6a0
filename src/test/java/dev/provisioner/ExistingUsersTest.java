package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * An app that has had users for long: they are offered an assistant, and none is forced on them.
 */
@ExtendWith(SharedSupabase.class)
class ExistingUsersTest {
  private static final int USERS = 5_000;

  private final World world;

  ExistingUsersTest(SupabaseServer supabase) {
    world = World.of(supabase, supabase.createDatabase());
    world.sql(
        """
        insert into auth.users (id, email, email_confirmed_at)
        select gen_random_uuid(), 'early-' || n || '@example.com', now() - interval '1 day'
          from generate_series(1, ?) n\
        """,
        USERS);
    world.database.applyMigrations();
    world.database.createVaultSecret("provisioner_url", "https://provisioner.example.com");
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void nothingHappensToThemByItself() {
    world.start();
    for (int minutes = 0; minutes < 3; minutes++) {
      assertThat(world.reconcile().number("claimed")).isZero();
      world.elapse(Duration.ofMinutes(1));
    }

    assertThat(rows()).isZero();
    assertThat(world.vapi.creates()).isZero();
    assertThat(world.text("select provisioning.missing_count()")).isEqualTo("5000");
    assertThat(world.person().provision()).isNotNull();
  }

  @Test
  void readmesBatchesEnqueueEachOnceAndInSilence() {
    String count = Readme.block(ExistingUsersTest.class, "count");
    String batches = Readme.block(ExistingUsersTest.class, "batches");
    assertThat(world.as("postgres", count)).isEqualTo("5000");

    Readme.run(world.database, batches);

    assertThat(rows()).isEqualTo(USERS);
    assertThat(world.count("select count(distinct user_id) from public.pending_vapi_provision"))
        .isEqualTo(USERS);
    // A thousand per transaction: each has the time of its own.
    assertThat(world.count("select count(distinct created_at) from public.pending_vapi_provision"))
        .isEqualTo(USERS / 1000);
    assertThat(world.as("postgres", count)).isEqualTo("0");
    assertThat(world.count("select count(*) from net.http_request_queue")).isZero();

    Readme.run(world.database, batches);
    assertThat(rows()).isEqualTo(USERS);

    // The silence was that of those transactions.
    world.person();
    assertThat(world.count("select count(*) from net.http_request_queue")).isEqualTo(1);
  }

  @Test
  void oneBatchAtATimeShowsItsProgress() {
    for (int left = USERS; left > 0; left -= 1_000) {
      assertThat(world.count("select provisioning.missing_count()")).isEqualTo(left);
      Readme.run(
          world.database,
          """
          set statement_timeout = '60s';
          begin;
          set local provisioning.silent = 'on';
          select provisioning.enqueue_missing(1000);
          commit;
          """);
    }
    assertThat(world.count("select provisioning.missing_count()")).isZero();
    assertThat(rows()).isEqualTo(USERS);
  }

  private int rows() {
    return world.count("select count(*) from public.pending_vapi_provision");
  }
}
