package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of an assistant when its user, or its row, is deleted. */
@ExtendWith(SharedSupabase.class)
class LifecycleTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** More than the horizon of any doubt. */
  private static final Duration LONG_AFTER = Duration.ofHours(3);

  private final SupabaseServer supabase;
  private @Nullable World opened;

  LifecycleTest(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @AfterEach
  void end() {
    if (opened != null) {
      opened.close();
    }
  }

  @Test
  void assistantOfADepartedUserIsDeletedAtTheNextLook() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    world.ring(person);

    world.delete(person);
    assertThat(tombstones(world)).isEqualTo(1);
    assertThat(world.vapi.assistants()).hasSize(1);
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void assistantsOutliveTheirUsersWhereSoConfigured() {
    World world = open(World.empty(supabase).with("DEPROVISION", "off"));
    world.start();
    Person person = world.person();
    world.ring(person);

    world.delete(person);
    world.reconcile();
    world.elapse(LONG_AFTER);
    world.reconcile();

    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(tombstones(world)).as("or they would pile up, and ring forever").isZero();
  }

  @Test
  void userWhoWasNeverProvisionedLeavesNothing() {
    World world = open(World.serving(supabase));
    world.delete(world.person());
    world.database.deleteUser(world.database.signUp("ada@example.com", "Ada"));

    assertThat(tombstones(world)).isZero();
    world.reconcile();
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void userWhoLeavesDuringTheCreateLeavesNoAssistant() throws Exception {
    World world = open(World.serving(supabase));
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    world.delete(person);
    assertThat(tombstones(world)).isEqualTo(1);
    hold.release();

    assertThat(ring.get().status()).isEqualTo(202);
    // Deleted by the one who made it, before anybody has looked.
    assertThat(world.vapi.created()).isEqualTo(1);
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(world.inUse(person)).isNull();
    world.elapse(LONG_AFTER);
    world.reconcile();
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void createThatComesAfterItsUserHasLeftIsFoundByALook() throws Exception {
    World world = open(World.serving(supabase));
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    assertThat(world.ring(person).status()).isEqualTo(202);
    assertThat(world.row(person).errorCode()).isEqualTo("unknown_outcome");

    world.delete(person);
    world.reconcile();
    assertThat(tombstones(world)).as("more may come").isEqualTo(1);
    hold.release();
    assertThat(world.vapi.assistants()).hasSize(1);
    world.elapse(Duration.ofMinutes(10));
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(tombstones(world)).as("more may still come").isEqualTo(1);
    world.elapse(LONG_AFTER);
    world.reconcile();
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void tombstoneStaysUntilVapiHasDeleted() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    world.ring(person);
    world.vapi.onDelete().next(Fault.status(500));
    world.vapi.onGet().next(Fault.status(503));

    world.delete(person);
    world.reconcile();
    assertThat(tombstones(world)).as("not found out").isEqualTo(1);
    world.elapse(Duration.ofMinutes(5));
    world.reconcile();
    assertThat(tombstones(world)).as("not deleted").isEqualTo(1);
    world.elapse(Duration.ofMinutes(15));
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void tombstoneTouchedDuringItsLookStays() throws Exception {
    World world = open(World.serving(supabase));
    Person person = world.person();
    world.ring(person);
    world.delete(person);
    Hold hold = Hold.afterApplying();
    world.vapi.onDelete().next(hold);
    Future<Answer> look = world.inBackground(world::reconcile);
    hold.awaitArrived(PATIENCE);
    // What a worker does that comes back with another, and finds the row gone.
    String late = world.vapi.seed(world.marks(person), Instant.now()).id();
    world.query(
        "select provisioning.bury(?, ?, ?, now(), now())", person.user(), person.provision(), late);

    hold.release();

    assertThat(look.get().status()).isEqualTo(200);
    assertThat(tombstones(world)).isEqualTo(1);
    world.elapse(LONG_AFTER);
    world.reconcile();
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void assistantThatTheAppMadeIsNeverOurs() {
    World world = open(World.serving(supabase));
    SimulatedAssistant theirs = world.vapi.seed(Map.of("made_by", "the app"), Instant.now());
    Person person = world.person();
    world.sql("insert into public.user_settings values (?, ?)", person.user(), theirs.id());

    Answer answer = world.ring(person);

    assertThat(answer.field("outcome")).isEqualTo("already_provisioned");
    assertThat(answer.field("assistant_id")).isEqualTo(theirs.id());
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).assistantId()).isNull();
    assertThat(world.vapi.calls()).isEmpty();

    world.delete(person);
    world.reconcile();
    world.elapse(LONG_AFTER);
    world.reconcile();
    assertThat(world.vapi.assistants())
        .extracting(SimulatedAssistant::id)
        .containsExactly(theirs.id());
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void assistantOfAnotherInstallationIsNeverOurs() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    SimulatedAssistant theirs =
        world.vapi.seed(
            Map.of(
                "installation", "another",
                "provision_id", person.provision().toString(),
                "user_id", person.user().toString()),
            Instant.now());
    world.sql("insert into public.user_settings values (?, ?)", person.user(), theirs.id());

    world.delete(person);
    world.reconcile();

    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void rowInDoubtDeletedByHandCostsItsUserNothing() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    world.vapi.onCreate().next(Fault.dropAfterApplying());
    world.ring(person);
    world.elapse(Duration.ofMinutes(2));
    assertThat(world.reconcile().number("adopted")).isEqualTo(1);
    assertThat(world.row(person).inDoubt()).isTrue();

    world.sql("delete from public.pending_vapi_provision");
    assertThat(tombstones(world)).isEqualTo(1);
    world.reconcile();
    world.elapse(LONG_AFTER);
    world.reconcile();

    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(tombstones(world)).isZero();
  }

  @Test
  void duplicateOfARowDeletedByHandIsStillRemoved() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    Hold late = Hold.beforeApplying();
    world.vapi.onCreate().next(late);
    world.ring(person);
    world.elapse(Duration.ofMinutes(2));
    assertThat(world.reconcile().number("created")).isEqualTo(1);
    String inUse = world.inUse(person);

    world.sql("delete from public.pending_vapi_provision");
    late.release();
    assertThat(world.vapi.assistants()).hasSize(2);
    world.elapse(Duration.ofMinutes(10));
    world.reconcile();

    assertThat(world.vapi.assistants())
        .extracting(SimulatedAssistant::id)
        .containsExactly(String.valueOf(inUse));
    assertThat(world.inUse(person)).isEqualTo(inUse);
  }

  @Test
  void settledRowDeletedByHandLeavesNoTombstone() {
    World world = open(World.serving(supabase));
    Person person = world.person();
    world.ring(person);

    world.sql("delete from public.pending_vapi_provision");

    assertThat(tombstones(world)).isZero();
    world.delete(person);
    world.reconcile();
    assertThat(world.vapi.assistants()).as("found by its id").isEmpty();
  }

  private World open(World world) {
    opened = world;
    return world;
  }

  private static int tombstones(World world) {
    return world.count("select count(*) from provisioning.departed");
  }
}
