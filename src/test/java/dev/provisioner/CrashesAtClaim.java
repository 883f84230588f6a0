package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.util.List;

/** From the webhook's arrival until a create leaves the process. */
final class CrashesAtClaim {
  private static final String LOCK = "lock table public.pending_vapi_provision in exclusive mode";

  static final List<Boundary> ALL =
      List.of(
          at(
              "webhook on its way",
              scene -> {
                scene.held(
                    scene.victim().fromCallers,
                    "POST /webhooks",
                    beforeApplying(),
                    () -> scene.victim().ring(scene.person));
                scene.dies("pending");
              }),
          at(
              "claim on its way, never arrives",
              scene -> {
                scene.ringHeld(Sql.CLAIM, beforeApplying());
                scene.dies("pending");
              }),
          at(
                  "claim waits for a lock, ends with its sender",
                  scene ->
                      scene.locked(
                          LOCK,
                          () -> {
                            scene.begin(() -> scene.victim().ring(scene.person));
                            scene.awaitLocked();
                            scene.dies("pending");
                            scene.endLocked();
                          }))
              .running(),
          at(
                  "claim waits for a lock, outlives its sender",
                  scene -> {
                    scene.locked(
                        LOCK,
                        () -> {
                          scene.begin(() -> scene.victim().ring(scene.person));
                          scene.awaitLocked();
                          scene.dies("pending");
                        });
                    scene.becomes("processing, in doubt");
                  })
              .running(),
          at(
                  "claim comes late, when all is settled",
                  scene -> {
                    Hold claim = scene.ringHeld(Sql.CLAIM, beforeApplying());
                    scene.dies("pending");
                    scene.takeOver();
                    scene.expect("processed");
                    scene.changesNothing(claim::release);
                  })
              .running(),
          at(
                  "claim comes late, while the successor creates",
                  scene -> {
                    Hold claim = scene.ringHeld(Sql.CLAIM, beforeApplying());
                    scene.dies("pending");
                    Hold create = afterApplying();
                    var taking = scene.takeOverHeld(Operation.CREATE, create);
                    scene.changesNothing(claim::release);
                    create.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                  })
              .running(),
          at(
                  "claimed, answer not read",
                  scene -> {
                    scene.ringHeld(Sql.CLAIM, afterApplying());
                    scene.dies("processing, in doubt");
                  })
              .either(),
          at(
                  "claimed, the create has not left",
                  scene -> {
                    scene.held(
                        scene.victim().toVapi,
                        "POST /assistant",
                        beforeApplying(),
                        () -> scene.victim().ring(scene.person));
                    scene.dies("processing, in doubt");
                  })
              .either());

  private CrashesAtClaim() {}
}
