package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Eventually.eventually;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.time.Duration;
import java.util.List;

/** While a reconcile works off several rows, or the instance drains. */
final class CrashesInBatch {
  /** VAPI_CONCURRENCY unless it is set. */
  private static final int SLOTS = 8;

  private static final String CLAIMED = "processing, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "five claimed, answer not read",
                  scene -> {
                    crowd(scene, 5);
                    scene.reconcileHeld(Sql.CLAIM, afterApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("created")).isEqualTo(5);
                  })
              .creates(5, 5)
              .either(),
          at(
                  "five created, no answer read",
                  scene -> {
                    crowd(scene, 5);
                    creating(scene, 5, afterApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(5);
                  })
              .creates(5, 5)
              .either(),
          at(
                  "three of five created, two never applied",
                  scene -> {
                    crowd(scene, 5);
                    Hold never = scene.known(beforeApplying());
                    scene.world.vapi.onCreate().next(2, never);
                    creating(scene, 3, afterApplying());
                    never.awaitArrived(2, Packaged.PATIENCE);
                    scene.dies(CLAIMED);
                    never.abandon();
                    assertThat(scene.takeOver().number("created")).isEqualTo(2);
                  })
              .creates(7, 5)
              .running(),
          at(
                  "one of two in doubt: listing not read, the other done",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.person();
                    scene.elapseToDue();
                    scene.reconcileHeld(Operation.LIST, afterApplying());
                    scene.dies("processing unknown_outcome, in doubt");
                  })
              .creates(2, 2)
              .running(),
          at(
                  "draining: create not answered",
                  scene -> {
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    drain(scene);
                    scene.dies(CLAIMED);
                  })
              .running(),
          at(
                  "draining: ninth of nine let go, on its way",
                  scene -> {
                    letGo(scene, beforeApplying());
                    scene.dies();
                    assertThat(pending(scene)).isZero();
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(SLOTS);
                  })
              .creates(SLOTS + 1, SLOTS + 1)
              .either(),
          at(
                  "draining: ninth of nine let go, answer not read",
                  scene -> {
                    letGo(scene, afterApplying());
                    scene.dies();
                    assertThat(pending(scene)).isEqualTo(1);
                  })
              .creates(SLOTS + 1, SLOTS + 1)
              .running());

  private CrashesInBatch() {}

  /** So many users, whose webhooks have never come. */
  private static void crowd(Scene scene, int users) {
    for (int i = 1; i < users; i++) {
      scene.person();
    }
    scene.elapseToDue();
    // Each row's minute began a little later.
    scene.world.elapse(Duration.ofMinutes(1));
  }

  private static void creating(Scene scene, int calls, Hold hold) {
    scene.world.vapi.onCreate().next(calls, scene.known(hold));
    scene.begin(() -> scene.victim().reconcile("{}"));
    hold.awaitArrived(calls, Packaged.PATIENCE);
  }

  /** All slots are taken by creates that wait, and one row waits for a slot, when it drains. */
  private static void letGo(Scene scene, Hold release) {
    crowd(scene, SLOTS + 1);
    creating(scene, SLOTS, afterApplying());
    scene.victim().toDatabase.hold(Sql.RELEASE, scene.known(release));
    scene.victim().terminate();
    release.awaitArrived(Packaged.PATIENCE);
  }

  private static void drain(Scene scene) {
    scene.victim().terminate();
    eventually("a drain", Packaged.PATIENCE, () -> scene.victim().hasSaid("Draining"));
  }

  private static int pending(Scene scene) {
    return scene.world.count(
        "select count(*) from public.pending_vapi_provision where status = 'pending'");
  }
}
