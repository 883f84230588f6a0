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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A worker comes back with an answer and finds that its row is no longer its own. */
@ExtendWith(SharedSupabase.class)
class LostClaimsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final World world;
  private final Service other;

  LostClaimsTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s");
    world.start();
    other = world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void whatTheNextHolderHasAdoptedStays() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    Future<Answer> first = ringAndHold(person, hold);

    Answer second = takeOver(person);

    assertThat(second.number("adopted")).as("%s", second).isEqualTo(1);
    Row before = world.row(person);
    hold.release();
    assertThat(first.get().field("outcome")).as("%s", first.get()).isEqualTo("created");
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertProcessedAndMarked(person, before);
  }

  @Test
  void ownIsDeletedAtOnceWhereAnotherIsInUse() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.lagListing();
    Future<Answer> first = ringAndHold(person, hold);
    String ours = world.vapi.assistants().getFirst().id();

    Answer second = takeOver(person);

    assertThat(second.number("created")).as("%s", second).isEqualTo(1);
    String theirs = requireNonNull(world.inUse(person));
    assertThat(theirs).isNotEqualTo(ours);
    assertThat(world.vapi.deleted()).isEmpty();
    Row before = world.row(person);
    hold.release();
    assertThat(first.get().status()).as("%s", first.get()).isEqualTo(202);
    assertThat(world.vapi.deleted()).containsExactly(ours);
    assertThat(world.vapi.callsTo(Operation.LIST)).as("the taker's own").hasSize(1);
    assertThat(world.inUse(person)).isEqualTo(theirs);
    assertProcessedAndMarked(person, before);
  }

  @Test
  void ownIsDeletedAtOnceWhereTheAppWasFaster() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    Future<Answer> first = ringAndHold(person, hold);
    String ours = world.vapi.assistants().getFirst().id();
    world.use(person, "of the app");

    Answer second = takeOver(person);

    assertThat(second.number("already_provisioned")).as("%s", second).isEqualTo(1);
    assertThat(world.vapi.deleted()).isEmpty();
    Row before = world.row(person);
    assertThat(before.inDoubt()).as("the first create may have happened").isTrue();
    hold.release();
    assertThat(first.get().status()).isEqualTo(202);
    assertThat(world.vapi.deleted()).containsExactly(ours);
    assertThat(world.inUse(person)).isEqualTo("of the app");
    assertProcessedAndMarked(person, before);
  }

  @Test
  void ownIsDeletedAtOnceAndRememberedWhereTheUserIsGone() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    Future<Answer> first = ringAndHold(person, hold);
    String ours = world.vapi.assistants().getFirst().id();

    world.database.deleteUser(person.user());
    String before = tombstone(person, "departed_at");
    hold.release();

    assertThat(first.get().status()).isEqualTo(202);
    assertThat(world.vapi.deleted()).containsExactly(ours);
    assertThat(world.vapi.callsTo(Operation.LIST)).isEmpty();
    assertThat(tombstone(person, "assistant_ids[1]")).isEqualTo(ours);
    assertThat(tombstone(person, "provision_ids[1]")).isEqualTo(person.provision().toString());
    assertThat(tombstone(person, "unconfirmed_until")).isNotEmpty();
    assertThat(tombstone(person, "departed_at")).isNotEqualTo(before);
  }

  @Test
  void deleteThatFailsIsLeftToTheTombstone() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    Future<Answer> first = ringAndHold(person, hold);
    world.database.deleteUser(person.user());
    world.vapi.onDelete().next(Fault.status(500));

    hold.release();
    first.get();

    assertThat(world.vapi.deleted()).isEmpty();
    world.reconcile();
    assertThat(world.vapi.deleted()).hasSize(1);
    assertThat(world.vapi.assistants()).isEmpty();
  }

  @Test
  void ownIsLeftAloneWhileItsRowIsOpenAndNoneIsInUse() throws Exception {
    Person person = world.person();
    Hold firstHold = Hold.afterApplying();
    Hold secondHold = Hold.beforeApplying();
    world.vapi.lagListing();
    Future<Answer> first = ringAndHold(person, firstHold);
    String ours = world.vapi.assistants().getFirst().id();
    world.vapi.onCreate().next(secondHold);
    world.endLease(person);
    Future<Answer> second = world.inBackground(() -> world.post(other, "/reconcile", "{}"));
    secondHold.awaitArrived(PATIENCE);
    Row before = world.row(person);

    firstHold.release();

    assertThat(first.get().status()).isEqualTo(202);
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    Row marked = world.row(person);
    assertThat(marked.status()).isEqualTo("processing");
    assertThat(marked.unconfirmedUntil()).isAfter(before.unconfirmedUntil());
    assertThat(marked.confirmAt()).isNull();

    secondHold.release();

    assertThat(second.get().number("created")).as("%s", second.get()).isEqualTo(1);
    String theirs = requireNonNull(world.inUse(person));
    assertThat(theirs).isNotEqualTo(ours);
    assertThat(world.vapi.callsTo(Operation.DELETE)).as("by the settle").isEmpty();
    world.vapi.catchUp();
    world.elapse(Duration.ofSeconds(21));
    world.reconcile();
    assertThat(world.vapi.deleted()).containsExactly(ours);
    assertThat(world.inUse(person)).isEqualTo(theirs);
  }

  @Test
  void unknownOutcomeOfLostClaimMarksTheDoubt() throws Exception {
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    world.with("VAPI_TIMEOUT", "2s");
    Service hasty = world.start();
    Future<Answer> first = world.inBackground(() -> world.ring(hasty, person.provision()));
    hold.awaitArrived(PATIENCE);
    takeOver(person);
    // As if the taker had known nothing, and all looks had been taken.
    world.sql(
        """
        update public.pending_vapi_provision
           set unconfirmed_since = null, unconfirmed_until = null, confirm_at = null
         where id = ?\
        """,
        person.provision());

    assertThat(first.get().status()).as("%s", first.get()).isEqualTo(202);

    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("processed");
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.unconfirmedSince()).as("when it was claimed").isBefore(row.unconfirmedUntil());
    assertThat(requireNonNull(row.confirmAt())).isBefore(Instant.now().plusSeconds(2));
    hold.release();
    world.elapse(Duration.ofSeconds(3));
    world.reconcile();
    assertThat(world.vapi.deleted()).hasSize(1);
    assertThat(world.vapi.assistantsWith("provision_id", person.provision().toString()))
        .extracting("id")
        .isEqualTo(List.of(requireNonNull(world.inUse(person))));
  }

  @Test
  void definiteNoOfLostClaimTouchesNothing(@TempDir Path folder) throws Exception {
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    // What is held is refused once it goes on: its body has a property that Vapi does not know.
    Path template = Files.writeString(folder.resolve("t.json"), "{\"nmae\": \"{{user.name}}\"}");
    Service refused = world.with("ASSISTANT_TEMPLATE", template.toString()).start();
    world.vapi.onCreate().next(hold);
    Future<Answer> first = world.inBackground(() -> world.ring(refused, person.provision()));
    hold.awaitArrived(PATIENCE);
    Hold secondHold = Hold.beforeApplying();
    world.vapi.onCreate().next(secondHold);
    Future<Answer> second = world.inBackground(() -> takeOver(person));
    secondHold.awaitArrived(PATIENCE);
    Row before = world.row(person);

    hold.release();

    assertThat(first.get().status()).as("%s", first.get()).isEqualTo(202);
    assertThat(before.status()).isEqualTo("processing");
    assertThat(world.row(person)).isEqualTo(before);
    secondHold.release();
    assertThat(second.get().number("created")).as("%s", second.get()).isEqualTo(1);
    assertThat(world.vapi.assistants()).hasSize(1);
  }

  @Test
  void whoLetsGoOfALostClaimTouchesNothing() throws Exception {
    Person person = world.person();
    world.doubt(person);
    Hold listing = Hold.afterApplying();
    world.vapi.onList().next(listing);
    Future<Answer> first = world.ringInBackground(person);
    listing.awaitArrived(PATIENCE);
    Hold create = Hold.beforeApplying();
    world.vapi.onCreate().next(create);
    Future<Answer> second = world.inBackground(() -> takeOver(person));
    create.awaitArrived(PATIENCE);
    Row before = world.row(person);
    world.elapseMonotonically(Duration.ofMinutes(2));

    listing.release();

    assertThat(first.get().status()).as("%s", first.get()).isEqualTo(202);
    assertThat(before.status()).isEqualTo("processing");
    assertThat(world.row(person)).isEqualTo(before);
    create.release();
    assertThat(second.get().number("created")).as("%s", second.get()).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void settleWhoseAnswerWasLostDeletesNothing() {
    Person person = world.person();
    world.wire.loseAnswerAfter("returning now_.in_use");

    Answer answer = world.ring(person);

    assertThat(world.wire.lostAnswers()).isEqualTo(1);
    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("created");
    assertThat(answer.field("assistant_id")).isEqualTo(world.inUse(person));
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).attempts()).isEqualTo(1);
    assertThat(world.row(person).inDoubt()).as("it cannot know whose settle that was").isTrue();

    world.elapse(Duration.ofHours(2));
    world.reconcile();

    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.row(person).inDoubt()).isFalse();
  }

  private Future<Answer> ringAndHold(Person person, Hold hold) {
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    return ring;
  }

  /** The lease ends, and the other instance claims the row. */
  private Answer takeOver(Person person) {
    world.endLease(person);
    return world.post(other, "/reconcile", "{}");
  }

  private void assertProcessedAndMarked(Person person, Row before) {
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("processed");
    assertThat(row.unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(row.unconfirmedUntil()).isAfter(before.unconfirmedUntil());
    assertThat(row.confirmAt()).isNotNull();
  }

  private String tombstone(Person person, String column) {
    return world.text(
        "select " + column + " from provisioning.departed where user_id = ?", person.user());
  }
}
