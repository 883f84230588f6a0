package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;

import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.util.List;

/** The user leaves, during a provision or later, and nothing of theirs may stay. */
final class CrashesAtTombstone {
  private static final String GONE = "gone";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "user leaves while a create is sent, never applied",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.leave();
                    scene.dies(GONE);
                    create.abandon();
                  })
              .creates(1, 0)
              .running(),
          at(
                  "user leaves while a create is sent, applied late",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.leave();
                    scene.dies(GONE);
                    create.release();
                  })
              .collects(0, 1)
              .either(),
          at(
                  "user leaves while a create is not answered",
                  scene -> {
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.leave();
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .running(),
          at(
                  "user leaves after the death",
                  scene -> {
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.dies("processing, in doubt");
                    scene.leave();
                  })
              .collects(0, 1)
              .running(),
          at(
                  "user leaves: burial on its way",
                  scene -> {
                    scene.then(left(scene), Sql.BURY, beforeApplying());
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .either(),
          at(
                  "user leaves: buried, answer not read",
                  scene -> {
                    scene.then(left(scene), Sql.BURY, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .running(),
          at(
                  "user leaves: delete sent, never applied",
                  scene -> {
                    Hold delete = scene.then(left(scene), Operation.DELETE, beforeApplying());
                    scene.dies(GONE);
                    delete.abandon();
                  })
              .collects(0, 1)
              .running(),
          at(
                  "user leaves: delete sent, applied late",
                  scene -> {
                    Hold delete = scene.then(left(scene), Operation.DELETE, beforeApplying());
                    scene.dies(GONE);
                    delete.release();
                  })
              .collects(1, 1)
              .running(),
          at(
                  "tombstone taken, answer not read",
                  scene -> {
                    served(scene);
                    scene.reconcileHeld(Sql.TAKE_TOMBSTONES, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .running(),
          at(
                  "tombstone: assistant being read",
                  scene -> {
                    served(scene);
                    scene.reconcileHeld(Operation.GET, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .running(),
          at(
                  "tombstone in doubt: listing not read",
                  scene -> {
                    doubtful(scene);
                    scene.reconcileHeld(Operation.LIST, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(0, 1)
              .either(),
          at(
                  "tombstone: delete sent, never applied",
                  scene -> {
                    served(scene);
                    Hold delete = scene.reconcileHeld(Operation.DELETE, beforeApplying());
                    scene.dies(GONE);
                    delete.abandon();
                  })
              .collects(0, 1)
              .either(),
          at(
                  "tombstone: delete sent, applied late",
                  scene -> {
                    served(scene);
                    Hold delete = scene.reconcileHeld(Operation.DELETE, beforeApplying());
                    scene.dies(GONE);
                    delete.release();
                  })
              .collects(1, 1)
              .running(),
          at(
                  "tombstone: deleted, answer not read",
                  scene -> {
                    doubtful(scene);
                    scene.reconcileHeld(Operation.DELETE, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(1, 1)
              .running(),
          at(
                  "tombstone: its removal on the way",
                  scene -> {
                    served(scene);
                    scene.reconcileHeld(Sql.END_TOMBSTONE, beforeApplying());
                    scene.dies(GONE);
                  })
              .collects(1, 1)
              .running(),
          at(
                  "tombstone removed, answer not read",
                  scene -> {
                    served(scene);
                    scene.reconcileHeld(Sql.END_TOMBSTONE, afterApplying());
                    scene.dies(GONE);
                  })
              .collects(1, 1)
              .running());

  private CrashesAtTombstone() {}

  /** The victim has created, and waits for its answer, when the user leaves. */
  private static Hold left(Scene scene) {
    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
    scene.leave();
    return create;
  }

  /** Had an assistant, in no doubt, when they left. */
  private static void served(Scene scene) {
    scene.byOther(null);
    scene.expect("processed");
    scene.leave();
    scene.elapseToDue();
  }

  /** Left when nobody knew whether they had one. */
  private static void doubtful(Scene scene) {
    scene.doubtful(Fault.dropAfterApplying());
    scene.leave();
    scene.elapseToDue();
  }
}
