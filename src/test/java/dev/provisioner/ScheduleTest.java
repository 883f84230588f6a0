package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.PgCron;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** pg_cron rings when something is due, and shares the work with whoever sweeps. */
@ExtendWith(SharedSupabase.class)
class ScheduleTest {
  private final World world;
  private final PgNetWorker worker;
  private final PgCron cron;

  ScheduleTest(SupabaseServer supabase) {
    world = World.empty(supabase);
    world.database.enablePgCron();
    world.database.applyMigrations();
    Service service = world.start();
    world.database.createVaultSecret("provisioner_url", World.uri(service, "").toString());
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    worker = PgNetWorker.start(world.database, Duration.ofMillis(5));
    cron = new PgCron(world.database);
  }

  @AfterEach
  void end() {
    worker.close();
    world.close();
  }

  @Test
  void applyingTwiceMakesEachJobOnce() {
    String jobs = "select string_agg(j::text, ' ' order by jobid) from cron.job j";
    String before = world.text(jobs);
    world.database.applyMigrations();

    assertThat(world.text(jobs)).isEqualTo(before);
    assertThat(world.count("select count(*) from cron.job")).isEqualTo(2);
  }

  @Test
  void whereNothingIsDueNothingIsPosted() {
    for (int minute = 0; minute < 60; minute++) {
      cron.tick(minute);
    }

    assertThat(failures()).isZero();
    assertThat(world.count("select count(*) from cron.job_run_details")).isEqualTo(61);
    assertThat(worker.deliveries()).isEmpty();
    assertThat(world.text("select is_called from net.http_request_queue_id_seq")).isEqualTo("f");
  }

  @Test
  void jobMayBeTakenAwayAgain() {
    world.as("postgres", "select cron.unschedule('vapi-provisioner-reconcile')");
    world.as("postgres", "select cron.unschedule('vapi-provisioner-enqueue-missing')");
    loseWebhooksOf(1);

    assertThat(cron.tick(17)).isZero();
    assertThat(worker.deliveries()).isEmpty();
  }

  @Test
  void serviceThatDoesNotSweepWorksEverythingOff() {
    worker.pause();
    Person leaving = world.provisioned();
    worker.lose();
    world.delete(leaving);
    loseWebhooksOf(120);
    UUID swallowed = world.unseen(1, "now()");

    cron.tick(17);
    eventually("everybody's assistant", () -> open() == 0 && world.vapi.assistants().size() == 121);
    eventually(
        "no tombstone", () -> world.count("select count(*) from provisioning.departed") == 0);

    assertThat(
            world.count(
                "select count(*) from public.pending_vapi_provision where user_id = ?", swallowed))
        .isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(122);
    eventually("every answer", () -> worker.deliveries().size() == 2);
    int before = worker.deliveries().size();
    cron.tick(18);
    assertThat(world.count("select count(*) from net.http_request_queue")).isZero();
    assertThat(worker.deliveries()).hasSize(before);
    assertThat(failures()).isZero();
  }

  @Test
  void whatAnotherSweepHasTakenIsNotRungFor() throws Exception {
    loseWebhooksOf(8);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().always(Fault.delay(Duration.ofMillis(1)));
    world.vapi.onCreate().next(hold);
    Future<Answer> sweep = world.inBackground(world::reconcile);
    hold.awaitArrived(Duration.ofSeconds(30));
    eventually("the others' assistants", () -> world.vapi.created() == 7);

    assertThat(requested()).isFalse();

    hold.release();
    assertThat(sweep.get().status()).isEqualTo(200);
  }

  /** Each by itself: what the schedule rings for is what a reconcile finds something to do at. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          status = 'pending', next_attempt_at = now()                                               | true
          status = 'pending', next_attempt_at = now() + interval '1 minute'                         | false
          status = 'errored', attempts = 1, next_attempt_at = now() - interval '1 hour'             | true
          status = 'errored', attempts = 1, next_attempt_at = now() + interval '1 hour'             | false
          status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now() - interval '1 hour', unconfirmed_until = now() - interval '1 minute', next_attempt_at = now() - interval '1 minute' | true
          status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute', next_attempt_at = now() + interval '1 minute' | false
          status = 'failed', next_attempt_at = null                                                 | false
          status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now() | true
          status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now() + interval '1 minute' | false
          status = 'processed', processed_at = now(), next_attempt_at = null                        | false
          status = 'processed', processed_at = now(), next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now() | true
          status = 'processed', processed_at = now(), next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now() + interval '1 minute' | false
          """)
  void scheduleAndReconcileAgreeOnWhatIsDue(String state, boolean due) {
    worker.pause();
    Person person = world.person();
    worker.lose();
    world.sql("insert into public.user_settings values (?, 'in use')", person.user());
    world.sql("update public.pending_vapi_provision set " + state);

    assertThat(requested()).isEqualTo(due);
    worker.lose();
    String before = world.dump();
    world.reconcile();

    assertThat(!world.dump().equals(before)).as("taken by reconcile").isEqualTo(due);
    assertThat(requested()).as("when it is done").isFalse();
  }

  @ParameterizedTest
  @CsvSource({"0 seconds, true", "1 minute, false"})
  void theyAgreeOnTombstonesToo(String in, boolean due) {
    worker.pause();
    world.sql(
        "insert into provisioning.departed (user_id, confirm_at) values (gen_random_uuid(), now() + cast(? as interval))",
        in);

    assertThat(requested()).isEqualTo(due);
    worker.lose();
    world.reconcile();

    assertThat(world.count("select count(*) from provisioning.departed")).isEqualTo(due ? 0 : 1);
    assertThat(requested()).isFalse();
  }

  @Test
  void scheduleAndSweepsOfTwoInstancesShareTheWork() {
    Service second = world.start();
    loseWebhooksOf(150);
    world.vapi.onCreate().always(Fault.delay(Duration.ofMillis(10)));

    Future<Answer> first = world.inBackground(world::reconcile);
    Future<Answer> other = world.inBackground(() -> world.post(second, "/reconcile", "{}"));
    int rung = 0;
    while (open() > 0) {
      cron.tick(0);
      rung++;
    }

    assertThat(rung).isPositive();
    eventually("both are done", () -> first.isDone() && other.isDone());
    assertThat(world.vapi.creates()).isEqualTo(150);
    assertThat(world.vapi.assistants()).extracting(SimulatedAssistant::id).hasSize(150);
    assertThat(
            world.count(
                "select count(*) from public.pending_vapi_provision where attempts = 1 and status = 'processed'"))
        .isEqualTo(150);
    assertThat(world.vapi.calls()).as("nobody listed").hasSize(150);
  }

  /** At as many rows as make reading through them dearer than an index. */
  @Test
  void askingIsCheapHoweverLongTheHistory() throws Exception {
    world.sql("set session_replication_role = replica");
    world.sql(
        """
        insert into public.pending_vapi_provision (user_id, status, processed_at, next_attempt_at)
        select gen_random_uuid(), 'processed', now(), null from generate_series(1, ?)\
        """,
        Integer.getInteger("history.rows", 100_000));
    world.sql("set session_replication_role = origin");
    world.sql(
        "insert into provisioning.departed (user_id, confirm_at) select gen_random_uuid(), now() + interval '1 day' from generate_series(1, 5000)");
    world.sql("analyze public.pending_vapi_provision, provisioning.departed");

    String asked = world.text("select prosrc from pg_proc where proname = 'request_reconcile'");
    String plan = world.text("explain (format json) " + asked.strip());

    assertThat(new ObjectMapper().readTree(plan).findValuesAsText("Index Name"))
        .containsExactlyInAnyOrder(
            "pending_vapi_provision_due", "pending_vapi_provision_confirm", "departed_confirm");
    assertThat(plan).doesNotContain("Seq Scan");
  }

  private void loseWebhooksOf(int users) {
    worker.pause();
    world.people(users);
    assertThat(worker.lose()).isEqualTo(users);
    world.database.age(Duration.ofMinutes(2));
    worker.resume();
  }

  private boolean requested() {
    return world.as("postgres", "select provisioning.request_reconcile()") != null;
  }

  private int open() {
    return world.count(
        "select count(*) from public.pending_vapi_provision where status <> 'processed'");
  }

  private int failures() {
    return world.count("select count(*) from cron.job_run_details where status = 'failed'");
  }
}
