package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.util.List;

/** After an attempt of unknown outcome, while what it may have made is looked for. */
final class CrashesAtAdoption {
  private static final String CLAIMED = "processing unknown_outcome, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "adopting: claimed, answer not read",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.reconcileHeld(Sql.CLAIM, afterApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .running(),
          at(
                  "adopting: listing not answered",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.reconcileHeld(Operation.LIST, beforeApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .either(),
          at(
                  "adopting: listing not read",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.ringHeld(Operation.LIST, afterApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .running(),
          at(
                  "adopting: listing failed, recorded",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.world.vapi.onList().next(Fault.status(500));
                    scene.reconcileHeld(Sql.UNFINISHED, afterApplying());
                    diesAndIsAdopted(scene, "errored could_not_look, in doubt");
                  })
              .running(),
          at(
                  "adopting: found, being read",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.ringHeld(Operation.GET, afterApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .either(),
          at(
                  "adopting: settle on its way",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.reconcileHeld(Sql.SETTLE, beforeApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .either(),
          at(
                  "adopting: settle comes late, when the successor has adopted",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    Hold settle = scene.reconcileHeld(Sql.SETTLE, beforeApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                    scene.changesNothing(settle::release);
                  })
              .running(),
          at(
                  "adopted, answer not read",
                  scene -> {
                    scene.doubtful(Fault.dropAfterApplying());
                    scene.reconcileHeld(Sql.SETTLE, afterApplying());
                    scene.dies("processed, in doubt");
                  })
              .either(),
          at(
                  "looked for in vain, created, answer not read",
                  scene -> {
                    scene.doubtful(Fault.dropBeforeApplying());
                    scene.reconcileHeld(Operation.CREATE, afterApplying());
                    diesAndIsAdopted(scene, CLAIMED);
                  })
              .creates(2, 1)
              .running(),
          at(
                  "looked for in vain, created, settled, answer not read",
                  scene -> {
                    scene.doubtful(Fault.dropBeforeApplying());
                    scene.reconcileHeld(Sql.SETTLE, afterApplying());
                    scene.dies("processed, in doubt");
                  })
              .creates(2, 1)
              .running());

  private CrashesAtAdoption() {}

  private static void diesAndIsAdopted(Scene scene, String state) {
    scene.dies(state);
    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
    scene.expect("processed, in doubt");
  }
}
