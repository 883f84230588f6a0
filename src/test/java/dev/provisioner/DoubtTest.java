package dev.provisioner;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.Wire;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an attempt knows is only about itself: an earlier one's doubt outlives a definite answer.
 */
@ExtendWith(SharedSupabase.class)
class DoubtTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final World world;

  DoubtTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  static Stream<Arguments> definiteNo() {
    return Stream.of(
        Arguments.of("400", Fault.status(400), "failed", "rejected", 1),
        Arguments.of("422", Fault.status(422), "failed", "rejected", 1),
        Arguments.of("402, account works", Fault.status(402), "errored", "rejected", 1),
        Arguments.of("429", Fault.throttled(), "errored", "throttled", 0),
        Arguments.of("401", Fault.status(401), "errored", "account_refused", 0),
        Arguments.of("308", Fault.redirect("http://localhost/"), "errored", "account_refused", 0));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("definiteNo")
  void definiteNoLeavesNoDoubt(String name, Fault fault, String status, String code, int spent) {
    world.start();
    Person person = world.person();
    world.vapi.onCreate().next(fault);

    world.ring(person);

    Row row = world.row(person);
    assertThat(row.status()).isEqualTo(status);
    assertThat(row.errorCode()).isEqualTo(code);
    assertThat(row.attempts()).isEqualTo(spent);
    assertThat(row.inDoubt()).isFalse();
    assertThat(row.unconfirmedUntil()).isNull();
    assertThat(row.confirmAt()).isNull();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("definiteNo")
  void definiteNoLeavesOlderDoubtAsItWas(
      String name, Fault fault, String status, String code, int spent) {
    world.start();
    Person person = world.person();
    world.doubt(person);
    Row before = world.row(person);
    world.vapi.onCreate().next(fault);

    world.ring(person);

    Row row = world.row(person);
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(row.status()).isEqualTo(status);
    assertThat(row.errorCode()).isEqualTo(code);
    assertThat(row.attempts()).isEqualTo(1 + spent);
    assertThat(row.unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    if (status.equals("failed")) {
      // It reaches to the settle, so that the last look comes an hour after that.
      assertThat(row.unconfirmedUntil()).isAfter(before.unconfirmedUntil()).isBefore(Instant.now());
    } else {
      assertThat(row.unconfirmedUntil()).isEqualTo(before.unconfirmedUntil());
    }
    assertThat(row.confirmAt() != null).isEqualTo(status.equals("failed"));
  }

  @Test
  void doubtAddedMeanwhileOutlivesDefiniteNo() throws Exception {
    world.with("VAPI_TIMEOUT", "20s").start();
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onList().next(hold);
    world.vapi.onCreate().next(Fault.status(400));
    world.doubt(person);
    var ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    // What a worker does that has lost the row before.
    world.sql(
        """
        update public.pending_vapi_provision
           set unconfirmed_until = unconfirmed_until + interval '1 second' where id = ?\
        """,
        person.provision());
    Row marked = world.row(person);

    hold.release();

    assertThat(ring.get().field("outcome")).isEqualTo("failed");
    assertThat(world.row(person).unconfirmedSince()).isEqualTo(marked.unconfirmedSince());
    assertThat(world.row(person).unconfirmedUntil()).isEqualTo(marked.unconfirmedUntil());
    assertThat(world.row(person).confirmAt()).isNotNull();
  }

  @Test
  void doubtAddedMeanwhileOutlivesSuccess() throws Exception {
    world.with("VAPI_TIMEOUT", "20s").start();
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    var ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    world.sql(
        """
        update public.pending_vapi_provision
           set unconfirmed_until = unconfirmed_until + interval '1 microsecond' where id = ?\
        """,
        person.provision());
    Row marked = world.row(person);

    hold.release();

    assertThat(ring.get().field("outcome")).isEqualTo("created");
    assertThat(world.row(person).unconfirmedUntil()).isEqualTo(marked.unconfirmedUntil());
    assertThat(world.row(person).confirmAt()).isNotNull();
  }

  @Test
  void successOfOneWithoutOlderDoubtIsCertain() {
    world.start();
    Person person = world.person();

    world.ring(person);

    assertThat(world.row(person).inDoubt()).isFalse();
    assertThat(world.row(person).unconfirmedUntil()).isNull();
    assertThat(world.row(person).confirmAt()).isNull();
  }

  @Test
  void successKeepsOlderDoubt() {
    world.start();
    Person person = world.person();
    world.doubt(person);
    Row before = world.row(person);

    Answer answer = world.ring(person);

    assertThat(answer.field("outcome")).isEqualTo("created");
    assertThat(world.row(person).unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(world.row(person).confirmAt()).isNotNull();
  }

  @Test
  void notSentLeavesNoDoubtAndKeepsOlder() {
    try (Wire toVapi = Wire.to("localhost", world.vapi.port())) {
      world.with("VAPI_BASE_URL", "http://localhost:" + toVapi.port()).start();
      Person fresh = world.person();
      Person doubtful = world.person();
      world.doubt(doubtful);
      Row before = world.row(doubtful);
      toVapi.cut();

      assertThat(world.ring(fresh).status()).isEqualTo(202);
      assertThat(world.ring(doubtful).status()).isEqualTo(202);

      assertThat(world.vapi.calls()).isEmpty();
      assertThat(world.row(fresh).errorCode()).isEqualTo("unreachable");
      assertThat(world.row(fresh).attempts()).isEqualTo(1);
      assertThat(world.row(fresh).inDoubt()).isFalse();
      Row row = world.row(doubtful);
      assertThat(row.errorCode()).isEqualTo("unreachable");
      assertThat(row.unconfirmedSince()).isEqualTo(before.unconfirmedSince());
      assertThat(row.unconfirmedUntil()).isEqualTo(before.unconfirmedUntil());

      toVapi.restore();
      Answer jumped = world.reconcile(fresh);
      assertThat(jumped.number("created")).as("without doubt, by hand: %s", jumped).isEqualTo(1);
      assertThat(world.reconcile(doubtful).number("claimed")).as("in doubt, by hand").isZero();
    }
  }

  @Test
  void alreadyProvisionedKeepsOlderDoubtAndLeavesNone() {
    world.start();
    Person fresh = world.person();
    Person doubtful = world.person();
    world.doubt(doubtful);
    Row before = world.row(doubtful);
    world.use(fresh, "of the app");
    world.use(doubtful, "of the app, too");

    assertThat(world.ring(fresh).field("outcome")).isEqualTo("already_provisioned");
    assertThat(world.ring(doubtful).field("outcome")).isEqualTo("already_provisioned");

    assertThat(world.vapi.calls()).isEmpty();
    assertThat(world.row(fresh).status()).isEqualTo("processed");
    assertThat(world.row(fresh).inDoubt()).isFalse();
    assertThat(world.row(fresh).assistantId()).as("not ours").isNull();
    assertThat(world.row(doubtful).status()).isEqualTo("processed");
    assertThat(world.row(doubtful).unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(world.row(doubtful).confirmAt()).isNotNull();
    assertThat(world.inUse(fresh)).isEqualTo("of the app");
    assertThat(world.inUse(doubtful)).isEqualTo("of the app, too");
  }

  @Test
  void appThatWasFasterKeepsItsAssistantAndOursStaysInDoubt() throws Exception {
    world.start();
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    var ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    world.use(person, "of the app");

    hold.release();

    assertThat(ring.get().field("outcome")).isEqualTo("already_provisioned");
    assertThat(ring.get().field("assistant_id")).isEqualTo("of the app");
    assertThat(world.inUse(person)).isEqualTo("of the app");
    assertThat(world.row(person).inDoubt()).isTrue();
    assertThat(world.row(person).assistantId()).isNull();
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    world.elapse(Duration.ofSeconds(3));
    world.reconcile();
    assertThat(world.vapi.deleted()).hasSize(1);
    assertThat(world.inUse(person)).isEqualTo("of the app");
  }

  @Test
  void createThatComesLateIsRemovedByALook() {
    world.with("VAPI_TIMEOUT", "1s").start();
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    assertThat(world.ring(person).status()).isEqualTo(202);
    world.elapse(Duration.ofSeconds(30));
    assertThat(world.reconcile().number("created")).isEqualTo(1);
    String used = requireNonNull(world.inUse(person));

    hold.release();

    assertThat(world.vapi.assistants()).hasSize(2);
    assertThat(world.row(person).inDoubt()).isTrue();
    String late = world.vapi.assistants().getLast().id();
    world.elapse(Duration.ofSeconds(2));
    world.reconcile();
    assertThat(world.vapi.deleted()).containsExactly(late);
    assertThat(world.inUse(person)).isEqualTo(used);
    assertThat(world.row(person).inDoubt()).as("another may still come").isTrue();
    assertThat(world.vapi.creates()).isEqualTo(2);
  }
}
