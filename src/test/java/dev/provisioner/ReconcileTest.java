package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which rows a reconcile takes up, and which it leaves alone. */
@ExtendWith(SharedSupabase.class)
class ReconcileTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);

  private final World world;

  ReconcileTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void rowWhoseWebhookNeverCameIsTakenAfterItsMinute() {
    Person person = world.person();

    world.elapse(Duration.ofSeconds(50));
    assertThat(world.reconcile().number("claimed")).isZero();
    world.elapse(Duration.ofSeconds(11));
    Answer answer = world.reconcile();

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.vapi.assistants())
        .extracting(each -> each.id())
        .containsExactly(world.inUse(person));
  }

  @Test
  void rowWhoseWorkerDiedIsTakenWhenItsLeaseEndsAndIsLookedForFirst() {
    Person person = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processing', claim_token = gen_random_uuid(),
               next_attempt_at = now() + interval '1 minute',
               unconfirmed_since = now() - interval '1 minute',
               unconfirmed_until = now() + interval '1 minute'\
        """);

    assertThat(world.reconcile().number("claimed")).isZero();
    assertThat(world.vapi.calls()).isEmpty();
    world.elapse(A_MINUTE);
    assertThat(world.reconcile().number("created")).isEqualTo(1);

    assertThat(world.vapi.callsTo(Operation.LIST)).hasSize(1);
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).inDoubt()).as("the dead worker's create may come yet").isTrue();
  }

  @Test
  void erroredRowIsTakenWhenItsBackoffEnds() {
    Person person = world.person();
    becomeErrored(person);

    assertThat(world.reconcile().number("claimed")).isZero();
    world.elapse(Duration.ofSeconds(31));
    assertThat(world.reconcile().number("created")).isEqualTo(1);

    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).attempts()).isEqualTo(4);
    assertThat(world.row(person).error()).isNull();
    assertThat(world.row(person).errorCode()).isNull();
  }

  @Test
  void limitIsKeptAndTheLongestDueComeFirst() {
    List<Person> people = world.people(5);
    for (int i = 0; i < people.size(); i++) {
      world.sql(
          "update public.pending_vapi_provision set next_attempt_at = now() - ? * interval '1 minute' where id = ?",
          i + 1,
          people.get(i).provision());
    }

    Answer answer = world.reconcile("{\"limit\": 2}");

    assertThat(answer.number("claimed")).isEqualTo(2);
    assertThat(answer.number("created")).isEqualTo(2);
    assertThat(answer.number("remaining")).isEqualTo(3);
    assertThat(people)
        .extracting(each -> world.row(each).status())
        .containsExactly("pending", "pending", "pending", "processed", "processed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ids", "user_ids"})
  void namedRowsMayJumpABackoffAndOthersStayAsTheyAre(String field) {
    Person named = world.person();
    Person fresh = world.person();
    Person due = world.person();
    Person waiting = world.person();
    becomeErrored(named);
    becomeErrored(waiting);
    world.sql(
        "update public.pending_vapi_provision set next_attempt_at = now() where id = ?",
        due.provision());
    String others = world.dump(due) + world.dump(waiting);

    Answer answer = world.reconcile(naming(field, named, fresh));

    assertThat(answer.number("claimed")).as("%s", answer).isEqualTo(2);
    assertThat(answer.number("created")).isEqualTo(2);
    assertThat(answer.number("remaining")).isEqualTo(1);
    assertThat(world.dump(due) + world.dump(waiting)).isEqualTo(others);
    assertThat(world.vapi.creates()).isEqualTo(2);
  }

  @Test
  void waitAfterAnUnknownOutcomeIsNotJumped() {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.status(500));
    world.ring(person);
    String before = world.dump();

    Answer answer = world.reconcile(naming("ids", person));

    assertThat(answer.number("claimed")).as("%s", answer).isZero();
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).hasSize(1);
    world.elapse(Duration.ofSeconds(20));
    assertThat(world.reconcile(naming("ids", person)).number("created")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"ids, false", "user_ids, false", "ids, true", "user_ids, true"})
  void processedRowIsLeftAloneThoughItIsNamed(String field, boolean includeFailed) {
    Person person = world.person();
    world.ring(person);
    String before = world.dump();
    int calls = world.vapi.calls().size();

    Answer answer =
        world.reconcile(
            naming(field, person).replace("}", ", \"include_failed\": " + includeFailed + "}"));

    assertThat(answer.number("claimed")).isZero();
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).hasSize(calls);
  }

  @Test
  void rowBeingWorkedOnIsLeftAloneThoughItIsNamed() {
    Person person = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processing', claim_token = gen_random_uuid(),
               next_attempt_at = now() + interval '1 minute',
               unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'\
        """);
    String before = world.dump();

    Answer answer =
        world.reconcile(naming("ids", person).replace("}", ", \"include_failed\": true}"));

    assertThat(answer.number("claimed")).isZero();
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void failedRowsAreRevivedOnlyOnRequestWithTheirAttemptsReset() {
    Person person = world.person();
    becomeFailed(person);

    assertThat(world.reconcile().number("claimed")).isZero();
    assertThat(world.reconcile(naming("ids", person)).number("claimed")).isZero();
    Answer answer = world.reconcile("{\"include_failed\": true}");

    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).attempts()).isEqualTo(1);
  }

  @Test
  void failedRowIsNotRevivedWhileACreateOfItMayBeOnItsWay() {
    Person person = world.person();
    becomeFailed(person);
    world.sql(
        """
        update public.pending_vapi_provision
           set unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute',
               confirm_at = now() + interval '2 minutes'\
        """);
    String before = world.dump();

    assertThat(world.reconcile("{\"include_failed\": true}").number("claimed")).isZero();
    assertThat(world.dump()).isEqualTo(before);
    world.elapse(A_MINUTE);
    Answer answer = world.reconcile("{\"include_failed\": true}");

    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.vapi.callsTo(Operation.LIST)).as("looked first").hasSize(1);
    assertThat(world.row(person).inDoubt()).isTrue();
  }

  @Test
  void rowThatFailsInThisCallIsNotTriedAgainInIt() {
    Person failed = world.person();
    becomeFailed(failed);
    Person due = world.person();
    world.sql(
        "update public.pending_vapi_provision set next_attempt_at = now() where id = ?",
        due.provision());
    world.vapi.onCreate().always(Fault.status(400));

    Answer answer = world.reconcile("{\"include_failed\": true}");

    assertThat(answer.number("claimed")).as("%s", answer).isEqualTo(2);
    assertThat(answer.number("failed")).isEqualTo(2);
    assertThat(world.vapi.creates()).isEqualTo(2);
    assertThat(world.row(failed).attempts()).isEqualTo(1);
  }

  @Test
  void summaryAddsUp() {
    List<Person> people = world.people(4);
    world.sql(
        "insert into public.user_settings (user_id, vapi_assistant_id) values (?, 'the-apps-own')",
        people.getFirst().user());
    world.elapse(A_MINUTE);
    world.vapi.onCreate().next(Fault.status(400)).next(Fault.status(500));

    Answer answer = world.reconcile();

    assertThat(answer.number("claimed")).as("%s", answer).isEqualTo(4);
    assertThat(answer.number("created")).isEqualTo(1);
    assertThat(answer.number("already_provisioned")).isEqualTo(1);
    assertThat(answer.number("failed")).isEqualTo(1);
    assertThat(answer.number("errored")).isEqualTo(1);
    assertThat(
            List.of(
                answer.number("adopted"),
                answer.number("lost"),
                answer.number("released"),
                answer.number("remaining")))
        .containsOnly(0);
    assertThat(answer.number("duration_ms")).isNotNegative();
    assertThat(answer.json().has("paused")).isFalse();
  }

  private void becomeErrored(Person person) {
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'errored', attempts = 3, error_code = 'unreachable', error = 'once',
               next_attempt_at = now() + interval '30 seconds'
         where id = ?\
        """,
        person.provision());
  }

  private void becomeFailed(Person person) {
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'failed', attempts = 12, error_code = 'rejected', error = 'once',
               next_attempt_at = null
         where id = ?\
        """,
        person.provision());
  }

  private static String naming(String field, Person... people) {
    return List.of(people).stream()
        .map(each -> "\"" + (field.equals("ids") ? each.provision() : each.user()) + "\"")
        .collect(Collectors.joining(", ", "{\"" + field + "\": [", "]}"));
  }
}
