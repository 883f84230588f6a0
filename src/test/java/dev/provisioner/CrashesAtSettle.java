package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Eventually.eventually;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** With the assistant's id in hand, until the webhook is answered. */
final class CrashesAtSettle {
  private static final String CLAIMED = "processing, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "settle waits for a lock, ends with its sender",
                  scene ->
                      settleLocked(
                          scene,
                          () -> {
                            scene.dies(CLAIMED);
                            scene.endLocked();
                          }))
              .either(),
          at(
                  "settle waits for a lock, outlives its sender",
                  scene -> {
                    settleLocked(scene, () -> scene.dies(CLAIMED));
                    scene.becomes("processed");
                  })
              .running(),
          at(
                  "settle on its way, never arrives",
                  scene -> {
                    scene.ringHeld(Sql.SETTLE, beforeApplying());
                    scene.dies(CLAIMED);
                  })
              .either(),
          at(
                  "settle comes late, when the successor has adopted",
                  scene -> {
                    Hold settle = scene.ringHeld(Sql.SETTLE, beforeApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                    scene.changesNothing(settle::release);
                  })
              .running(),
          at(
                  "settle comes late, while the successor creates",
                  scene -> {
                    scene.world.vapi.lagListing();
                    Hold settle = scene.ringHeld(Sql.SETTLE, beforeApplying());
                    scene.dies(CLAIMED);
                    Hold create = afterApplying();
                    var taking = scene.takeOverHeld(Operation.CREATE, create);
                    scene.changesNothing(settle::release);
                    create.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                    scene.world.vapi.catchUp();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "settled, answer not read",
                  scene -> {
                    scene.ringHeld(Sql.SETTLE, afterApplying());
                    scene.dies("processed");
                    scene.ringsAgain();
                  })
              .either(),
          at(
                  "settled, webhook not answered",
                  scene -> {
                    scene.held(
                        scene.victim().fromCallers,
                        "POST /webhooks",
                        afterApplying(),
                        () -> scene.victim().ring(scene.person));
                    scene.dies("processed");
                    scene.ringsAgain();
                  })
              .either(),
          at(
                  "settled, answer lost, its repetition on the way",
                  scene -> {
                    loseAndRepeat(scene, Sql.SETTLE, beforeApplying());
                    scene.dies("processed");
                  })
              .running(),
          at(
                  "settled, answer lost, repeated, its mark on the way",
                  scene -> {
                    loseAndRepeat(scene, Sql.MARK, beforeApplying());
                    scene.dies("processed");
                  })
              .running(),
          at(
                  "settled, answer lost, repeated, marked",
                  scene -> {
                    loseAndRepeat(scene, Sql.MARK, afterApplying());
                    scene.dies("processed, in doubt");
                  })
              .running(),
          at(
                  "the app was faster, settle not yet there",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
                    use(scene);
                    scene.then(create, Sql.SETTLE, beforeApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("already_provisioned")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .collects(0, 1)
              .either(),
          at(
                  "the app was faster, settled",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
                    use(scene);
                    scene.then(create, Sql.SETTLE, afterApplying());
                    scene.dies("processed, in doubt");
                  })
              .collects(0, 1)
              .running(),
          at(
                  "one is in use already, settle on its way",
                  scene -> {
                    use(scene);
                    scene.ringHeld(Sql.SETTLE, beforeApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("already_provisioned")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .creates(0, 0)
              .running(),
          at(
                  "one is in use already, settled",
                  scene -> {
                    use(scene);
                    scene.ringHeld(Sql.SETTLE, afterApplying());
                    scene.dies("processed");
                    scene.ringsAgain();
                  })
              .creates(0, 0)
              .running());

  private CrashesAtSettle() {}

  /** The death comes while the settle waits for the row. */
  private static void settleLocked(Scene scene, Runnable death) throws Exception {
    Hold create = scene.ringHeld(Operation.CREATE, afterApplying());
    scene.locked(
        "select from public.pending_vapi_provision for update",
        () -> {
          create.release();
          scene.awaitLocked();
          death.run();
        });
  }

  private static void loseAndRepeat(Scene scene, String marker, Hold hold) {
    scene.victim().toDatabase.loseAnswerAfter(Sql.SETTLE);
    scene.ringHeld(marker, hold);
    eventually("a lost answer", () -> scene.victim().toDatabase.lostAnswers() == 1);
  }

  /** The app gives the user one of its own. */
  private static void use(Scene scene) {
    scene.world.use(scene.person, scene.world.vapi.seed(Map.of(), Instant.now()).id());
  }
}
