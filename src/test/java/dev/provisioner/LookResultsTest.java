package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a look does about what it finds, and when it may say that nothing is left. */
@ExtendWith(SharedSupabase.class)
class LookResultsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** The first look, and nearly the last. */
  private static final Duration FEW_MINUTES = Duration.ofMinutes(5);

  /** Nothing can come any more: the next look is the last. */
  private static final Duration TWO_HOURS = Duration.ofHours(2);

  /** When a look comes again that should have been the last, but could not finish. */
  private static final Duration WITHIN_THE_HOUR = Duration.ofMinutes(61);

  private final World world;
  private final Person person;

  LookResultsTest(SupabaseServer supabase) {
    world = World.serving(supabase);
    person = world.person();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void lastLookEndsTheDoubt() {
    String used = processed(TWO_HOURS);
    String spare = ours(TWO_HOURS);

    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactly(spare);
    assertThat(world.inUse(person)).isEqualTo(used);
    assertDoubtEnded();
  }

  @Test
  void earlierLookDeletesAndKeepsTheDoubt() {
    String used = processed(FEW_MINUTES);
    String spare = ours(FEW_MINUTES);

    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactly(spare);
    assertThat(world.inUse(person)).isEqualTo(used);
    assertThat(world.row(person).inDoubt()).isTrue();
    assertThat(world.row(person).confirmAt()).isAfter(Instant.now());
  }

  @Test
  void lastLookThatCouldNotListLeavesTheDoubt() {
    processed(TWO_HOURS);
    String spare = ours(TWO_HOURS);
    world.vapi.onList().next(Fault.status(500));
    Row before = world.row(person);

    world.reconcile();

    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertDoubtStands(before);

    world.elapse(WITHIN_THE_HOUR);
    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactly(spare);
    assertDoubtEnded();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(ints = {500, 409, 401})
  void lastLookThatCouldNotDeleteLeavesTheDoubt(int status) {
    processed(TWO_HOURS);
    ours(TWO_HOURS);
    ours(TWO_HOURS);
    world.vapi.onDelete().next(Fault.status(status));
    Row before = world.row(person);

    world.reconcile();

    // What closes the gate ends the look; anything else leaves only the one assistant.
    assertThat(world.vapi.deleted()).hasSize(status == 401 || status == 429 ? 0 : 1);
    assertDoubtStands(before);

    world.elapse(WITHIN_THE_HOUR);
    world.reconcile();

    assertThat(world.vapi.deleted()).hasSize(2);
    assertDoubtEnded();
  }

  @Test
  void assistantThatIsGoneAlreadyNeedsNoDelete() {
    processed(TWO_HOURS);
    ours(TWO_HOURS);
    world.vapi.onDelete().next(Fault.status(404));

    world.reconcile();

    assertDoubtEnded();
  }

  @Test
  void doubtAddedWhileLookingIsNotErased() throws Exception {
    processed(TWO_HOURS);
    Hold hold = Hold.afterApplying();
    world.vapi.onList().next(hold);
    Future<Answer> look = world.inBackground(world::reconcile);
    hold.awaitArrived(PATIENCE);
    world.sql(
        """
        update public.pending_vapi_provision
           set unconfirmed_until = unconfirmed_until + interval '1 microsecond' where id = ?\
        """,
        person.provision());
    Row before = world.row(person);

    hold.release();

    assertThat(look.get().status()).isEqualTo(200);
    assertDoubtStands(before);
  }

  @Test
  void doubtAddedWhileDeletingIsNotErased() throws Exception {
    processed(TWO_HOURS);
    ours(TWO_HOURS);
    Hold hold = Hold.afterApplying();
    world.vapi.onDelete().next(hold);
    Future<Answer> look = world.inBackground(world::reconcile);
    hold.awaitArrived(PATIENCE);
    world.sql(
        "update public.pending_vapi_provision set unconfirmed_until = now() where id = ?",
        person.provision());

    hold.release();

    assertThat(look.get().status()).isEqualTo(200);
    assertThat(world.vapi.deleted()).hasSize(1);
    assertThat(world.row(person).inDoubt()).isTrue();
  }

  @Test
  void failedRowAdoptsWhatCameLate() {
    failed(FEW_MINUTES);
    String younger = ours(Duration.ofMinutes(4));
    String older = ours(FEW_MINUTES);

    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(older);
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("processed");
    assertThat(row.assistantId()).isEqualTo(older);
    assertThat(row.errorCode()).isNull();
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.confirmAt()).isNotNull();
    assertThat(world.vapi.deleted()).as("by the look that adopts").isEmpty();
    assertThat(world.vapi.creates()).isZero();

    world.elapse(Duration.ofSeconds(3));
    world.reconcile();
    assertThat(world.vapi.deleted()).containsExactly(younger);
    assertThat(world.inUse(person)).isEqualTo(older);
  }

  @Test
  void failedRowAdoptsEvenAtTheLastLookAndIsLookedAtOnceMore() {
    failed(TWO_HOURS);
    String late = ours(TWO_HOURS);

    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(late);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).inDoubt()).isTrue();
  }

  @Test
  void failedRowWhoseFindCouldNotBeReadStaysAsItIs() {
    failed(TWO_HOURS);
    String late = ours(TWO_HOURS);
    world.vapi.onGet().next(Fault.status(500));
    Row before = world.row(person);

    world.reconcile();

    assertThat(world.row(person).status()).isEqualTo("failed");
    assertThat(world.inUse(person)).isNull();
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertDoubtStands(before);
    world.elapse(WITHIN_THE_HOUR);
    world.reconcile();
    assertThat(world.inUse(person)).isEqualTo(late);
  }

  @Test
  void failedRowThatIsTakenUpMeanwhileIsLeftToItsHolder() throws Exception {
    failed(FEW_MINUTES);
    ours(FEW_MINUTES);
    Hold hold = Hold.afterApplying();
    world.vapi.onGet().next(hold);
    Future<Answer> look = world.inBackground(world::reconcile);
    hold.awaitArrived(PATIENCE);
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processing', claim_token = gen_random_uuid(), confirm_at = null,
               next_attempt_at = now() + interval '1 minute'
         where id = ?\
        """,
        person.provision());

    hold.release();

    assertThat(look.get().status()).isEqualTo(200);
    assertThat(world.row(person).status()).isEqualTo("processing");
    assertThat(world.inUse(person)).isNull();
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
  }

  @Test
  void failedRowWhoseUserGotOneFromTheAppKeepsThat() {
    failed(TWO_HOURS);
    String ours = ours(TWO_HOURS);
    String apps = world.vapi.seed(Map.of(), Instant.now().minus(TWO_HOURS)).id();
    world.use(person, apps);

    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactly(ours);
    assertThat(world.inUse(person)).isEqualTo(apps);
    assertThat(world.vapi.callsTo(Operation.GET)).isEmpty();
    assertThat(world.row(person).status()).isEqualTo("failed");
    assertDoubtEnded();
  }

  @Test
  void whatIsInUseStaysEvenIfTheAppHasSwitched() {
    String first = processed(FEW_MINUTES);
    String second = ours(FEW_MINUTES);
    world.use(person, second);

    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactly(first);
    assertThat(world.inUse(person)).isEqualTo(second);
  }

  @Test
  void nothingIsDeletedWhileNoneIsInUse() {
    processed(TWO_HOURS);
    ours(TWO_HOURS);
    world.sql("update public.user_settings set vapi_assistant_id = null");

    world.reconcile();

    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertThat(world.inUse(person)).isNull();
  }

  /** Settled that long ago with an assistant of ours in use, and a look is due. */
  private String processed(Duration ago) {
    String id = ours(ago);
    world.settleInDoubt(person, ago);
    world.use(person, id);
    return id;
  }

  private void failed(Duration ago) {
    world.settleInDoubt(person, ago);
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'failed', processed_at = null, error_code = 'unknown_outcome'
         where id = ?\
        """,
        person.provision());
  }

  private String ours(Duration ago) {
    return world.vapi.seed(world.marks(person), Instant.now().minus(ago)).id();
  }

  private void assertDoubtStands(Row before) {
    Row row = world.row(person);
    assertThat(row.unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(row.unconfirmedUntil()).isEqualTo(before.unconfirmedUntil());
    assertThat(row.confirmAt()).isAfter(Instant.now());
  }

  private void assertDoubtEnded() {
    Row row = world.row(person);
    assertThat(row.unconfirmedSince()).isNull();
    assertThat(row.unconfirmedUntil()).isNull();
    assertThat(row.confirmAt()).isNull();
  }
}
