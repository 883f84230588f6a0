package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Eventually.eventually;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.util.List;
import java.util.concurrent.Future;

/** A worker comes back with an answer, finds that another has its row, and dies cleaning up. */
final class CrashesAtCompensation {
  private static final String DONE_BY_ANOTHER = "processed, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "claim lost: settle on its way",
                  scene -> {
                    scene.then(lost(scene), Sql.SETTLE, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "claim lost: settle in vain, answer not read",
                  scene -> {
                    scene.then(lost(scene), Sql.SETTLE, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "claim lost: mark on its way",
                  scene -> {
                    scene.then(lost(scene), Sql.MARK, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "claim lost: marked, answer not read",
                  scene -> {
                    scene.then(lost(scene), Sql.MARK, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "claim lost: who is in use, not read",
                  scene -> {
                    scene.then(lost(scene), Sql.STANDING, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "claim lost: delete sent, never applied",
                  scene -> {
                    Hold delete = scene.then(lost(scene), Operation.DELETE, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                    delete.abandon();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "claim lost: delete sent, applied late",
                  scene -> {
                    Hold delete = scene.then(lost(scene), Operation.DELETE, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                    delete.release();
                  })
              .creates(2, 2)
              .collects(1, 1)
              .running(),
          at(
                  "claim lost: deleted, answer not read",
                  scene -> {
                    scene.then(lost(scene), Operation.DELETE, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(1, 1)
              .running(),
          at(
                  "claim lost to one who adopted: mark on its way",
                  scene -> {
                    scene.then(lostToAdopter(scene), Sql.MARK, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .running(),
          at(
                  "claim lost to one who adopted: who is in use, not read",
                  scene -> {
                    scene.then(lostToAdopter(scene), Sql.STANDING, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .running(),
          at(
                  "claim lost to one who still creates: marked, left alone",
                  scene -> {
                    scene.world.vapi.lagListing();
                    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.world.endLease(scene.person);
                    Hold own = afterApplying();
                    scene.world.vapi.onCreate().next(scene.known(own));
                    Future<Answer> taking =
                        scene.world.inBackground(() -> scene.other.reconcile("{}"));
                    own.awaitArrived(Packaged.PATIENCE);
                    scene.then(create, Sql.STANDING, afterApplying());
                    scene.dies("processing, in doubt");
                    own.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                    scene.expect(DONE_BY_ANOTHER);
                    scene.world.vapi.catchUp();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "claim lost, outcome unknown: mark on its way",
                  scene -> {
                    lostWithoutAnswer(scene, beforeApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "claim lost, outcome unknown: marked",
                  scene -> {
                    lostWithoutAnswer(scene, afterApplying());
                    scene.dies(DONE_BY_ANOTHER);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running());

  private CrashesAtCompensation() {}

  /** The victim has created, and waits for its answer; another does not find it, and creates. */
  private static Hold lost(Scene scene) {
    scene.world.vapi.lagListing();
    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
    takenByOther(scene, "created");
    return create;
  }

  private static Hold lostToAdopter(Scene scene) {
    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
    takenByOther(scene, "adopted");
    return create;
  }

  /** The victim's way to Vapi breaks after another has taken its row. */
  private static void lostWithoutAnswer(Scene scene, Hold mark) {
    scene.world.vapi.lagListing();
    scene.ringHeld(Operation.CREATE, afterApplying());
    takenByOther(scene, "created");
    scene.victim().toDatabase.hold(Sql.MARK, scene.known(mark));
    scene.victim().toVapi.cut();
    mark.awaitArrived(Packaged.PATIENCE);
  }

  private static void takenByOther(Scene scene, String outcome) {
    scene.world.endLease(scene.person);
    Answer answer = scene.other.reconcile("{}");
    assertThat(answer.number(outcome)).as("%s", answer).isEqualTo(1);
    scene.world.vapi.catchUp();
    eventually("nothing collected", () -> scene.world.row(scene.person).inDoubt());
  }
}
