package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How a reconcile is asked for, how long it goes on, and how much it does at once. */
@ExtendWith(SharedSupabase.class)
class ReconcileCallTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final World world;

  ReconcileCallTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s").with("ACK_TIMEOUT", "1s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void dryRunChangesNothingAndSaysWhatWouldBeDone() {
    world.start();
    Person fresh = world.person();
    Person doubtful = world.person();
    Person provided = world.person();
    Person failed = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'errored', attempts = 2, next_attempt_at = now() + interval '50 seconds',
               unconfirmed_since = now() - interval '1 hour', unconfirmed_until = now()
         where id = ?\
        """,
        doubtful.provision());
    world.sql(
        "insert into public.user_settings (user_id, vapi_assistant_id) values (?, 'the-apps-own')",
        provided.user());
    world.sql(
        "update public.pending_vapi_provision set status = 'failed', next_attempt_at = null where id = ?",
        failed.provision());
    world.elapse(A_MINUTE);
    world.person(); // not due
    String before = world.dump();

    Answer due = world.reconcile("{\"dry_run\": true}");
    Answer all = world.reconcile("{\"dry_run\": true, \"include_failed\": true}");
    Answer one = world.reconcile("{\"dry_run\": true, \"limit\": 1}");

    assertThat(due.status()).isEqualTo(200);
    assertThat(due.json().path("dry_run").asBoolean()).isTrue();
    assertThat(due.number("would_claim")).isEqualTo(3);
    assertThat(due.json().path("rows"))
        .extracting(
            row -> row.path("id").asText(),
            row -> row.path("user_id").asText(),
            row -> row.path("status").asText(),
            row -> row.path("attempts").asInt(),
            row -> row.path("plan").asText())
        .containsExactlyInAnyOrder(
            planned(fresh, "pending", 0, "create"),
            planned(doubtful, "errored", 2, "look_first"),
            planned(provided, "pending", 0, "record_existing"));
    assertThat(all.number("would_claim")).isEqualTo(4);
    assertThat(all.response().body()).contains(failed.provision().toString()).doesNotContain("@");
    assertThat(one.number("would_claim")).isEqualTo(1);
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void noFurtherRowIsTakenWhenTheTimeIsUp() throws Exception {
    world.with("VAPI_CONCURRENCY", "1").start();
    world.people(6);
    world.elapse(A_MINUTE);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);

    Future<Answer> answer = world.reconcileInBackground("{\"max_seconds\": 5}");
    hold.awaitArrived(PATIENCE);
    world.elapse(Duration.ofSeconds(6));
    hold.release();

    assertThat(answer.get().number("claimed")).as("one batch").isEqualTo(4);
    assertThat(answer.get().number("created")).isEqualTo(4);
    assertThat(answer.get().number("remaining")).isEqualTo(2);
  }

  @Test
  void callerMayAskNotToWait() {
    world.with("VAPI_CONCURRENCY", "4").start();
    world.people(20);
    world.elapse(A_MINUTE);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().always(hold);

    Answer answer =
        world.send(
            world
                .signed(world.request("/reconcile"), "{}")
                .header("Content-Type", "application/json")
                .header("Prefer", "respond-async, wait=5"));

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertThat(answer.field("outcome")).isEqualTo("underway");
    assertThat(answer.response().headers().firstValue("Preference-Applied"))
        .hasValue("respond-async");
    assertThat(world.vapi.created()).isZero();
    hold.awaitArrived(PATIENCE);
    hold.release();
    eventually("all are processed", () -> processed() == 20);
    assertThat(world.vapi.creates()).isEqualTo(20);
  }

  @Test
  void operatorNeedsNothingButAToken() {
    world.start();
    Person person = world.person();
    world.elapse(A_MINUTE);

    Answer answer = world.send(bodiless(Scope.OPERATE));

    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.number("created")).isEqualTo(1);
    assertThat(world.row(person).status()).isEqualTo("processed");
  }

  @Test
  void tokenOfTheWebhookIsNotEnough() {
    world.start();
    world.person();
    world.elapse(A_MINUTE);

    Refusal.of(world, bodiless(Scope.WEBHOOK), 403, "insufficient-scope");
  }

  @Test
  void pausedCallsLeaveEverythingWhereItIs() {
    world.start();
    Person throttled = world.person();
    world.vapi.onCreate().next(Fault.throttled(Duration.ofMinutes(5)));
    world.ring(throttled);
    world.people(3);
    world.elapse(A_MINUTE);
    String before = world.dump();

    Answer answer = world.reconcile();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.number("claimed")).isZero();
    assertThat(answer.number("remaining")).isEqualTo(3);
    assertThat(answer.field("paused")).isEqualTo("Vapi asked for fewer calls.");
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).hasSize(1);
  }

  @Test
  void refusedAccountIsSaidInTheSummary() {
    world.start();
    world.vapi.revokeKeys();
    world.ring(world.person());

    assertThat(world.reconcile().field("paused")).isEqualTo("Vapi refuses the account: HTTP 401");
  }

  @Test
  void rowsFarBeyondABatchAreEachProvisionedOnceAndFewAtATime() throws Exception {
    world.with("VAPI_CONCURRENCY", "4").start();
    Person done = world.person();
    world.ring(done);
    List<Person> crowd = world.people(100);
    world.elapse(A_MINUTE);
    Person fresh = world.person();
    Person failed = world.person();
    world.sql(
        "update public.pending_vapi_provision set status = 'failed', next_attempt_at = null where id = ?",
        failed.provision());
    String bystanders = world.dump(done) + world.dump(fresh) + world.dump(failed);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().always(hold);

    Future<Answer> answer = world.reconcileInBackground("{}");
    hold.awaitArrived(4, PATIENCE);
    assertThat(world.ring(fresh).status()).as("no fifth slot within a second").isEqualTo(202);
    assertThat(world.vapi.creates()).isEqualTo(1 + 4);
    hold.release();

    assertThat(answer.get().number("claimed")).isEqualTo(100);
    assertThat(answer.get().number("created")).isEqualTo(100);
    assertThat(answer.get().number("remaining")).isZero();
    assertThat(world.vapi.creates()).isEqualTo(101);
    assertThat(crowd).extracting(world::inUse).doesNotContainNull().doesNotHaveDuplicates();
    assertThat(world.dump(done) + world.dump(fresh) + world.dump(failed)).isEqualTo(bystanders);
  }

  private int processed() {
    return world.count(
        "select count(*) from public.pending_vapi_provision where status = 'processed'");
  }

  private HttpRequest.Builder bodiless(Scope scope) {
    return world
        .request("/reconcile")
        .POST(HttpRequest.BodyPublishers.noBody())
        .header("Authorization", "Bearer " + World.token(scope));
  }

  private static Tuple planned(Person person, String status, int attempts, String plan) {
    return tuple(person.provision().toString(), person.user().toString(), status, attempts, plan);
  }
}
