package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the queue's table refuses by itself, and that it stays quick with a long history. */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueueTableTest {
  private final SupabaseServer supabase;
  private final World world;

  QueueTableTest(SupabaseServer supabase) {
    this.supabase = supabase;
    world = World.empty(supabase);
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status = 'pending'",
        "status = 'pending', unconfirmed_since = now(), unconfirmed_until = now()",
        "status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now()",
        "status = 'errored'",
        "status = 'errored', unconfirmed_since = now(), unconfirmed_until = now()",
        "status = 'failed', next_attempt_at = null",
        "status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()",
        "status = 'processed', next_attempt_at = null, processed_at = now()",
        "status = 'processed', next_attempt_at = null, processed_at = now(), unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()",
      })
  void rowThatMakesSenseIsTaken(String columns) {
    set(world.person(), columns);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          status_is_known                    | status = 'done', next_attempt_at = null
          status_is_known                    | status = '', next_attempt_at = null
          attempts_are_counted               | attempts = -1
          processed_rows_say_when            | processed_at = now()
          processed_rows_say_when            | status = 'processed', next_attempt_at = null
          processed_rows_say_when            | status = 'failed', next_attempt_at = null, processed_at = now()
          open_rows_have_a_clock             | next_attempt_at = null
          open_rows_have_a_clock             | status = 'errored', next_attempt_at = null
          open_rows_have_a_clock             | status = 'failed'
          open_rows_have_a_clock             | status = 'processed', processed_at = now()
          open_rows_have_a_clock             | status = 'processing', next_attempt_at = null, claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now()
          claimed_rows_have_a_token          | claim_token = gen_random_uuid()
          claimed_rows_have_a_token          | status = 'errored', claim_token = gen_random_uuid()
          claimed_rows_have_a_token          | status = 'processing', unconfirmed_since = now(), unconfirmed_until = now()
          claimed_rows_are_in_doubt          | status = 'processing', claim_token = gen_random_uuid()
          doubt_is_a_span                    | unconfirmed_since = now()
          doubt_is_a_span                    | unconfirmed_until = now()
          doubt_is_a_span                    | unconfirmed_since = now(), unconfirmed_until = now() - interval '1 microsecond'
          settled_rows_in_doubt_are_looked_at | confirm_at = now()
          settled_rows_in_doubt_are_looked_at | status = 'errored', unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()
          settled_rows_in_doubt_are_looked_at | status = 'failed', next_attempt_at = null, confirm_at = now()
          settled_rows_in_doubt_are_looked_at | status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now()
          settled_rows_in_doubt_are_looked_at | status = 'processed', next_attempt_at = null, processed_at = now(), unconfirmed_since = now(), unconfirmed_until = now()
          """)
  void rowThatMakesNoSenseIsRefused(String constraint, String columns) {
    Person person = world.person();
    assertThatThrownBy(() -> set(person, columns))
        .hasMessageContaining("violates check constraint \"" + constraint + "\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status = 'pending'",
        "status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now()",
        "status = 'errored'",
        "status = 'failed', next_attempt_at = null",
      })
  void userHasOneOpenRowAtMost(String open) {
    Person person = world.person();
    set(person, open);

    assertThatThrownBy(() -> enqueue(person.user()))
        .hasMessageContaining("pending_vapi_provision_one_open_per_user");
  }

  @Test
  void userMayHaveManyProcessedRowsAndAnOpenOne() {
    Person person = world.person();
    for (int i = 0; i < 3; i++) {
      world.sql(
          """
          update public.pending_vapi_provision
             set status = 'processed', processed_at = now(), next_attempt_at = null
           where user_id = ? and status <> 'processed'\
          """,
          person.user());
      enqueue(person.user());
    }

    assertThat(
            world.count(
                "select count(*) from public.pending_vapi_provision where user_id = ?",
                person.user()))
        .isEqualTo(4);
  }

  @Test
  void rowNeedsAUser() {
    assertThatThrownBy(() -> enqueue(UUID.randomUUID())).hasMessageContaining("foreign key");
    assertThatThrownBy(() -> enqueue(null)).hasMessageContaining("not-null");
  }

  /** Told by the server's own statistics, of the statements that the service really sends. */
  @Test
  void longHistoryIsNeverReadThrough() {
    try (World old = World.empty(supabase)) {
      old.sql("set session_replication_role = replica");
      old.sql(
          """
          insert into auth.users (id, email, email_confirmed_at)
          select gen_random_uuid(), 'old' || n || '@example.com', now() from generate_series(1, 50000) n\
          """);
      old.sql(
          """
          insert into public.pending_vapi_provision
                 (user_id, email, status, created_at, processed_at, next_attempt_at, assistant_id)
          select id, email, 'processed', now() - interval '1 day', now() - interval '1 day', null, id::text
            from auth.users\
          """);
      old.sql("insert into public.user_settings select id, id::text from auth.users");
      old.sql("set session_replication_role = origin");
      old.sql("analyze");
      Person rung = old.person();
      Person due = old.person();
      Person gone = old.person();
      Service service = old.start();
      int readThrough = statistic(old, "seq_scan", "pg_stat_user_tables", "relname", QUEUE);

      assertThat(old.ring(rung).field("outcome")).isEqualTo("created");
      old.elapse(Duration.ofMinutes(2));
      int ourOwn = 1; // the test's elapse() reads it through
      assertThat(old.reconcile().number("created")).isEqualTo(2);
      assertThat(old.reconcile("{\"dry_run\": true}").number("would_claim")).isZero();
      assertThat(
              old.reconcile(
                      "{\"ids\": [\"%s\"], \"include_failed\": true}".formatted(due.provision()))
                  .number("claimed"))
          .isZero();
      assertThat(old.get("/provisions/" + due.provision()).status()).isEqualTo(200);
      assertThat(old.get("/provisions").status()).isEqualTo(200);
      assertThat(old.get("/provisions?status=failed&user_id=" + due.user()).status())
          .isEqualTo(200);
      assertThat(old.get("/provisions?needs_a_person=true").status()).isEqualTo(200);
      assertThat(old.get("/stats").json().path("processed_is_estimated").asBoolean()).isTrue();
      old.as("postgres", "select provisioning.request_reconcile()");
      old.delete(gone);
      service.close();

      // A connection tells what it has done when it ends, at the latest.
      eventually(
          "statistics of the due rows",
          () -> statistic(old, "idx_scan", "pg_stat_user_indexes", "indexrelname", DUE) > 0);
      assertThat(statistic(old, "idx_scan", "pg_stat_user_indexes", "indexrelname", CONFIRM))
          .isPositive();
      assertThat(statistic(old, "seq_scan", "pg_stat_user_tables", "relname", QUEUE))
          .isEqualTo(readThrough + ourOwn);
    }
  }

  private static final String QUEUE = "pending_vapi_provision";
  private static final String DUE = "pending_vapi_provision_due";
  private static final String CONFIRM = "pending_vapi_provision_confirm";

  private static int statistic(
      World world, String counter, String view, String column, String name) {
    world.query("select pg_stat_force_next_flush()");
    return world.count("select %s from %s where %s = ?".formatted(counter, view, column), name);
  }

  private void set(Person person, String columns) {
    world.sql(
        "update public.pending_vapi_provision set " + columns + " where id = ?",
        person.provision());
  }

  private void enqueue(@Nullable UUID user) {
    world.sql("insert into public.pending_vapi_provision (user_id) values (?::uuid)", user);
  }
}
