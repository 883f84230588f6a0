package dev.provisioner;

import static dev.provisioner.AuditTest.counts;
import static dev.provisioner.AuditTest.only;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What changes, or cannot be told, while an audit runs is left alone. */
@ExtendWith(SharedSupabase.class)
class AuditRacesTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final World world;

  AuditRacesTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void assistantCreatedWhileVapiIsListedIsNeitherStrayNorDangling(boolean listed) throws Exception {
    Hold hold = listed ? Hold.beforeApplying() : Hold.afterApplying();
    world.vapi.onList().next(hold);

    Future<Answer> audit = world.inBackground(world::applyAudit);
    hold.awaitArrived(PATIENCE);
    Person person = world.provisioned();
    hold.release();

    assertThat(counts(audit.get()))
        .isEqualTo(
            listed ? Map.of("limit", 10, "assistants", 1, "in_use", 1) : Map.of("limit", 10));
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.vapi.callsTo(Operation.GET)).isEmpty();
  }

  @Test
  void assistantThatIsCreatedButNotYetSettledIsHeldBack() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> rung = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    Answer applied = world.applyAudit();
    hold.release();

    assertThat(only(applied, "held_back").path("outcome").asText()).isEqualTo("kept");
    assertThat(rung.get().field("outcome")).isEqualTo("created");
    assertThat(world.vapi.deleted()).isEmpty();
  }

  @Test
  void userWhoIsMovedOnWhileTheAuditRunsIsLeftAlone() throws Exception {
    Person person = world.provisioned();
    world.vapi.deleteByHand(requireNonNull(world.inUse(person)));
    Hold second = Hold.afterApplying();
    world.vapi.onGet().next(Fault.delay(Duration.ZERO)).next(second);

    Future<Answer> audit = world.inBackground(world::applyAudit);
    second.awaitArrived(PATIENCE);
    world.use(person, "the-apps-own");
    second.release();

    assertThat(only(audit.get(), "dangling").path("outcome").asText()).isEqualTo("left");
    assertThat(world.inUse(person)).isEqualTo("the-apps-own");
    assertThat(world.provisionOf(person.user())).isEqualTo(person.provision());
  }

  @Test
  void idThatVapiCannotBeAskedForIsNotRequeued() {
    Person person = world.provisioned();
    String gone = requireNonNull(world.inUse(person));
    world.vapi.deleteByHand(gone);
    String before = world.dump();

    world.vapi.onGet().next(Fault.status(500));
    Answer unsure = world.applyAudit();
    world.vapi.onGet().next(Fault.delay(Duration.ZERO)).next(Fault.status(500));
    Answer unsureLater = world.applyAudit();

    assertThat(only(unsure, "dangling").path("outcome").asText()).isEqualTo("unconfirmed");
    assertThat(counts(unsure)).doesNotContainKey("to_mend");
    assertThat(only(unsureLater, "dangling").path("outcome").asText()).isEqualTo("unconfirmed");
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void assistantThatVapiDoesNotDeleteRemains() {
    SimulatedAssistant orphan = world.orphan();
    world.vapi.onDelete().next(Fault.status(409));

    assertThat(only(world.applyAudit(), "orphans").path("outcome").asText()).isEqualTo("remains");
    assertThat(only(world.applyAudit(), "orphans").path("outcome").asText()).isEqualTo("deleted");
    assertThat(world.vapi.deleted()).containsExactly(orphan.id());
  }

  @Test
  void pauseInTheMiddleLeavesTheRestForTheNextTime() {
    for (int i = 0; i < 3; i++) {
      world.orphan();
    }
    world.vapi.onDelete().next(Fault.delay(Duration.ZERO)).next(Fault.throttled(A_MINUTE));

    Answer applied = world.applyAudit();

    assertThat(applied.json().path("orphans").findValuesAsText("outcome"))
        .containsExactly("deleted", "remains", "remains");
    assertThat(world.vapi.callsTo(Operation.DELETE)).hasSize(2);
    world.elapse(A_MINUTE);
    assertThat(counts(world.applyAudit())).containsEntry("deleted", 2);
  }
}
