package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.Boundary.Successor;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.FaultPlan;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.Wire;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One death, from a user's verification to quiet: a victim, one who goes on, and whatever a script
 * needs to stop the former exactly where it wants.
 */
final class Scene {
  final World world;

  /** An instance that lives through it all. */
  final Instance other;

  /** The user it is about. */
  final Person person;

  private final Cast cast;
  private final Successor successor;
  private final Witness witness;
  private final List<Hold> holds = new ArrayList<>();
  private Instance victim;

  /** Those who are there longer than one scene. */
  interface Cast {
    World world();

    Instance other();

    /** The one who is to die. */
    Instance victim();

    /** Starts the next, who may go on where the last has died. */
    void replace();
  }

  Scene(Cast cast, Successor successor) {
    this.cast = cast;
    this.successor = successor;
    this.world = cast.world();
    this.other = cast.other();
    this.victim = cast.victim();
    this.witness = new Witness(world);
    this.person = person();
    witness.seedOthers(person);
  }

  Instance victim() {
    return victim;
  }

  /** One more user who has just verified their e-mail. */
  Person person() {
    Person newcomer = world.person();
    witness.meets(newcomer);
    return newcomer;
  }

  // Up to the death.

  /**
   * Rings the victim, and waits until it is held where the marker says on its way to the database.
   */
  Hold ringHeld(String marker, Hold hold) {
    return held(victim.toDatabase, marker, hold, () -> victim.ring(person));
  }

  /** The same at Vapi. */
  Hold ringHeld(Operation operation, Hold hold) {
    return held(operation, hold, () -> victim.ring(person));
  }

  /** Has the victim reconcile, and waits until it is held on its way to the database. */
  Hold reconcileHeld(String marker, Hold hold) {
    return held(victim.toDatabase, marker, hold, () -> victim.reconcile("{}"));
  }

  /** The same at Vapi. */
  Hold reconcileHeld(Operation operation, Hold hold) {
    return held(operation, hold, () -> victim.reconcile("{}"));
  }

  Hold held(Wire wire, String marker, Hold hold, Supplier<Answer> call) {
    wire.hold(marker, known(hold));
    return arrived(hold, call);
  }

  Hold held(Operation operation, Hold hold, Supplier<Answer> call) {
    on(operation).next(known(hold));
    return arrived(hold, call);
  }

  private Hold arrived(Hold hold, Supplier<Answer> call) {
    Future<Answer> calling = world.inBackground(call::get);
    try {
      hold.awaitArrived(Packaged.PATIENCE);
      return hold;
    } catch (AssertionError e) {
      throw new AssertionError(
          "%s; its caller %s; the row: %s; the victim: %s"
              .formatted(e.getMessage(), ended(calling), state(), victim.said()),
          e);
    }
  }

  private static String ended(Future<Answer> calling) {
    return switch (calling.state()) {
      case SUCCESS -> "was answered " + calling.resultNow();
      case FAILED -> "has failed: " + calling.exceptionNow();
      case RUNNING, CANCELLED -> "still waits";
    };
  }

  /** Lets a first call go on to where a second is held. */
  Hold then(Hold first, String marker, Hold next) {
    victim.toDatabase.hold(marker, known(next));
    first.release();
    next.awaitArrived(Packaged.PATIENCE);
    return next;
  }

  /** The same at Vapi. */
  Hold then(Hold first, Operation operation, Hold next) {
    on(operation).next(known(next));
    first.release();
    next.awaitArrived(Packaged.PATIENCE);
    return next;
  }

  FaultPlan on(Operation operation) {
    return switch (operation) {
      case CREATE -> world.vapi.onCreate();
      case LIST -> world.vapi.onList();
      case GET -> world.vapi.onGet();
      case DELETE -> world.vapi.onDelete();
      case OTHER -> throw new IllegalArgumentException("nothing to be planned");
    };
  }

  /** An earlier attempt, by another instance, that ended without an answer; it is due again. */
  void doubtful(Fault fault) {
    byOther(fault);
    elapseToDue();
  }

  /** The other's attempt, to its end. */
  void byOther(@Nullable Fault fault) {
    if (fault != null) {
      world.vapi.onCreate().next(fault);
    }
    other.ring(person);
    eventually("the end of an attempt", Packaged.PATIENCE, () -> !state().startsWith("processing"));
  }

  /** Waits until a statement of the service waits for a lock of ours. */
  void awaitLocked() {
    eventually("a statement that waits", Packaged.PATIENCE, () -> waiting() > 0);
  }

  /** The server notices that its client is gone, and gives up what waits for a lock. */
  void endLocked() {
    world.text("select count(pg_terminate_backend(pid)) from pg_stat_activity where " + WAITING);
    eventually("nothing waits any more", Packaged.PATIENCE, () -> waiting() == 0);
  }

  private static final String WAITING =
      "datname = current_database() and usename = 'provisioner' and wait_event_type = 'Lock'";

  private int waiting() {
    return world.count("select count(*) from pg_stat_activity where " + WAITING);
  }

  /** While somebody else's transaction holds the locks of this statement. */
  void locked(String statement, Runnable meanwhile) throws Exception {
    boolean done =
        Session.during(
            world.database,
            statement,
            () -> {
              meanwhile.run();
              return true;
            });
    assertThat(done).isTrue();
  }

  /** A call whose end nobody awaits: its callee may die. */
  void begin(Supplier<Answer> call) {
    Future<Answer> unused = world.inBackground(call::get);
  }

  /** The user leaves. */
  void leave() {
    world.delete(person);
    witness.misses(person);
  }

  // The death and after it.

  /** SIGKILL. The row is like this then: see {@link #state}. */
  void dies(String state) {
    dies();
    assertThat(state()).as("when it died").isEqualTo(state);
  }

  /** SIGKILL, wherever each of several rows may be. */
  void dies() {
    victim.kill();
    cast.replace();
    witness.watch();
  }

  /** The next one is at the same row's turn, and may die, too. */
  void nextVictim() {
    victim = cast.victim();
  }

  /** How the row stands now. */
  void expect(String state) {
    assertThat(state()).isEqualTo(state);
  }

  /** How it will stand once what was on its way has been carried out. */
  void becomes(String state) {
    eventually(state, Packaged.PATIENCE, () -> state().equals(state));
    witness.watch();
  }

  /** The webhook comes once more: nothing is left to be done. */
  void ringsAgain() {
    Answer answer = successor().ring(person);
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.field("outcome")).isEqualTo("already_provisioned");
    assertThat(answer.field("assistant_id")).isEqualTo(world.inUse(person));
  }

  /** Nothing of what the service may write is changed by what happens. */
  void changesNothing(Runnable happening) {
    String dump = world.dump();
    happening.run();
    assertThat(world.dump()).isEqualTo(dump);
  }

  /** Status, error code and doubt, such as {@code errored unknown_outcome, in doubt}. */
  private String state() {
    if (world.query("select 1 from public.pending_vapi_provision where id = ?", person.provision())
        == null) {
      return "gone";
    }
    Row row = world.row(person);
    return row.status()
        + (row.errorCode() == null ? "" : " " + row.errorCode())
        + (row.inDoubt() ? ", in doubt" : "");
  }

  Instance successor() {
    return successor == Successor.RUNNING ? other : cast.victim();
  }

  /** Time moves on to when something is due, and the successor reconciles. */
  Answer takeOver() {
    elapseToDue();
    return reconcile(successor());
  }

  /** The same, until the successor is held at Vapi. */
  Future<Answer> takeOverHeld(Operation operation, Hold hold) {
    elapseToDue();
    Instance heir = successor();
    on(operation).next(known(hold));
    Future<Answer> taking = world.inBackground(() -> reconcile(heir));
    hold.awaitArrived(Packaged.PATIENCE);
    return taking;
  }

  private Answer reconcile(Instance instance) {
    Answer answer = instance.reconcile("{}");
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    return answer;
  }

  /** Reconciles whenever anything is due, until nothing ever will be. */
  void untilQuiet() {
    witness.watch();
    for (int turns = 0; due() != null; turns++) {
      assertThat(turns).as("turns without an end: %s", world.dump()).isLessThan(50);
      elapseToDue();
      if (aLookIsDue()) {
        witness.seesLook();
      }
      reconcile(successor());
      witness.watch();
    }
  }

  void elapseToDue() {
    String due = due();
    assertThat(due).as("something to wait for").isNotNull();
    double seconds = Double.parseDouble(String.valueOf(due));
    Duration left = Duration.ofMillis(Math.max(0, (long) Math.ceil(seconds * 1000)) + 1);
    world.elapse(left);
    if (!victim.isAlive()) {
      witness.waits(left);
    }
  }

  /** Seconds; null when nothing is. */
  private @Nullable String due() {
    return world.query(
        """
        select extract(epoch from min(due) - clock_timestamp()) from (
          select min(next_attempt_at) as due from public.pending_vapi_provision
          union all select min(confirm_at) from public.pending_vapi_provision
          union all select min(confirm_at) from provisioning.departed) clocks\
        """);
  }

  private boolean aLookIsDue() {
    return world
        .text(
            """
            select exists (select from public.pending_vapi_provision where confirm_at <= now())
                or exists (select from provisioning.departed where confirm_at <= now())\
            """)
        .equals("t");
  }

  Witness witness() {
    return witness;
  }

  /** What is held is forgotten, and Vapi is well. */
  void clear() {
    holds.forEach(Hold::abandon);
    for (Operation each : Operation.values()) {
      if (each != Operation.OTHER) {
        on(each).clear();
      }
    }
    world.vapi.catchUp();
  }

  Hold known(Hold hold) {
    holds.add(hold);
    return hold;
  }
}
