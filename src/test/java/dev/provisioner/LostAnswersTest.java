package dev.provisioner;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A create whose answer does not arrive: it may have happened, so the next attempt looks first. */
@ExtendWith(SharedSupabase.class)
class LostAnswersTest {
  private static final String SHORT_TIMEOUT = "1s";

  /** Its ten seconds more are longer than any first backoff. */
  private static final String LONG_TIMEOUT = "20s";

  private static final Duration WAIT = Duration.ofSeconds(30);

  private final World world;

  LostAnswersTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  static Stream<Arguments> appliedButUnanswered() {
    return Stream.of(
        Arguments.of("connection dropped", Fault.dropAfterApplying()),
        Arguments.of("502 of a proxy", Fault.statusAfterApplying(502, "<html>Bad Gateway</html>")),
        Arguments.of("body cut short", Fault.cutBody()),
        Arguments.of("no id", Fault.withoutId()),
        Arguments.of("408", Fault.statusAfterApplying(408, "{}")),
        Arguments.of("409", Fault.statusAfterApplying(409, "{}")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void appliedButUnanswered(String name, Fault fault) {
    world.with("VAPI_TIMEOUT", LONG_TIMEOUT).start();
    Person person = world.person();
    world.vapi.onCreate().next(fault);

    Answer answer = world.ring(person);

    assertErroredInDoubt(answer, person);
    assertThat(world.vapi.assistants()).hasSize(1);
    assertNothingJumpsTheWait(person);
    world.elapse(WAIT.plusSeconds(1));
    assertAdopted(person, world.reconcile());
    assertLooksEndTheDoubt(person);
  }

  @Test
  void stalledBody() {
    world.with("VAPI_TIMEOUT", SHORT_TIMEOUT).start();
    Person person = world.person();
    world.vapi.onCreate().next(Fault.stallBody());

    Answer answer = world.ring(person);

    assertThat(answer.status()).isEqualTo(202);
    assertThat(world.row(person).errorCode()).isEqualTo("unknown_outcome");
    assertThat(world.row(person).inDoubt()).isTrue();
    world.elapse(WAIT);
    assertAdopted(person, world.ring(person));
  }

  static Stream<Arguments> unansweredAndNotApplied() {
    return Stream.of(
        Arguments.of("connection dropped", Fault.dropBeforeApplying()),
        Arguments.of("500", Fault.status(500)),
        Arguments.of("503", Fault.status(503, "upstream connect error")),
        Arguments.of("2xx that says nothing", Fault.status(201, "{}")),
        Arguments.of("408", Fault.status(408)),
        Arguments.of("409", Fault.status(409)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void unansweredAndNotApplied(String name, Fault fault) {
    world.with("VAPI_TIMEOUT", LONG_TIMEOUT).start();
    Person person = world.person();
    world.vapi.onCreate().next(fault);

    Answer answer = world.ring(person);

    assertErroredInDoubt(answer, person);
    assertNothingJumpsTheWait(person);
    world.elapse(WAIT.plusSeconds(1));
    Answer again = world.reconcile();

    assertThat(again.number("created")).as("%s", again).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(2);
    assertThat(world.vapi.callsTo(Operation.LIST)).as("looked first").hasSize(1);
    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).attempts()).isEqualTo(2);
    assertThat(world.row(person).inDoubt()).as("the first create may still come").isTrue();
    assertThat(world.row(person).confirmAt()).isNotNull();
  }

  @Test
  void lastAttemptWithoutAnswerFailsInDoubt() {
    world.with("VAPI_TIMEOUT", LONG_TIMEOUT).with("MAX_ATTEMPTS", "1").start();
    Person person = world.person();
    world.vapi.onCreate().next(Fault.dropAfterApplying());

    Answer answer = world.ring(person);

    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("failed");
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("failed");
    assertThat(row.errorCode()).isEqualTo("unknown_outcome");
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.confirmAt()).isNotNull();
    assertThat(row.nextAttemptAt()).isNull();
  }

  @Test
  void rowWhoseLastWorkerDiedAdoptsAndNeverCreates() {
    world.with("MAX_ATTEMPTS", "1").start();
    Person childless = world.person();
    Person lucky = world.person();
    world.doubt(childless);
    world.doubt(lucky);
    String id = world.vapi.seed(world.marks(lucky), Instant.now().minusSeconds(45)).id();

    Answer answer = world.reconcile();

    assertThat(answer.number("adopted")).as("%s", answer).isEqualTo(1);
    assertThat(answer.number("failed")).isEqualTo(1);
    assertThat(world.inUse(lucky)).isEqualTo(id);
    assertThat(world.row(childless).errorCode()).isEqualTo("attempts_spent");
    assertThat(world.row(childless).inDoubt()).isTrue();
    assertThat(world.row(childless).confirmAt()).isNotNull();
    assertThat(world.vapi.creates()).isZero();
  }

  private void assertErroredInDoubt(Answer answer, Person person) {
    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("errored");
    assertThat(row.errorCode()).isEqualTo("unknown_outcome");
    assertThat(row.attempts()).isEqualTo(1);
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.confirmAt()).isNull();
    assertThat(requireNonNull(row.nextAttemptAt()))
        .isAfter(Instant.now().plus(WAIT).minusSeconds(10))
        .isBefore(Instant.now().plus(WAIT).plusSeconds(1));
    assertThat(world.inUse(person)).isNull();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  /** An outcome that nobody knows may still be on its way: not even a person may hurry it. */
  private void assertNothingJumpsTheWait(Person person) {
    int calls = world.vapi.calls().size();
    Row before = world.row(person);

    assertThat(world.reconcile(person).number("claimed")).isZero();
    assertThat(world.reconcile().number("claimed")).isZero();
    assertThat(world.ring(person).status()).isEqualTo(202);

    assertThat(world.row(person)).isEqualTo(before);
    assertThat(world.vapi.calls()).hasSize(calls);
  }

  private void assertAdopted(Person person, Answer answer) {
    assertThat(answer.field("outcome").equals("adopted") || answer.number("adopted") == 1)
        .as("%s", answer)
        .isTrue();
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("processed");
    assertThat(row.assistantId()).isEqualTo(world.inUse(person));
    assertThat(row.errorCode()).isNull();
    assertThat(row.attempts()).isEqualTo(2);
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.confirmAt()).isNotNull();
  }

  private void assertLooksEndTheDoubt(Person person) {
    world.elapse(Duration.ofMinutes(30));
    world.reconcile();
    assertThat(world.row(person).inDoubt()).as("too early to end it").isTrue();
    world.elapse(Duration.ofHours(2));
    world.reconcile();
    assertThat(world.row(person).inDoubt()).isFalse();
    assertThat(world.row(person).confirmAt()).isNull();
    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }
}
