package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Eventually.eventually;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.util.List;

/** While a create is at Vapi, or its answer on the way back. */
final class CrashesAtCreate {
  private static final String CLAIMED = "processing, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "create sent, never applied",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.dies(CLAIMED);
                    create.abandon();
                  })
              .creates(2, 1)
              .either(),
          at(
                  "create sent, applied before the successor looks",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.dies(CLAIMED);
                    create.release();
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                  })
              .running(),
          at(
                  "create sent, applied when the successor has listed",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.dies(CLAIMED);
                    Hold listing = afterApplying();
                    var taking = scene.takeOverHeld(Operation.LIST, listing);
                    create.release();
                    listing.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "create sent, applied when the successor has created",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.dies(CLAIMED);
                    Hold own = afterApplying();
                    var taking = scene.takeOverHeld(Operation.CREATE, own);
                    create.release();
                    own.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "create sent, applied when the successor has settled",
                  scene -> {
                    Hold create = scene.ringHeld(Operation.CREATE, beforeApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("created")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                    create.release();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "created, answer not read",
                  scene -> {
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .either(),
          at(
                  "created, answer on the wire",
                  scene -> {
                    scene.held(
                        scene.victim().toVapi,
                        "POST /assistant",
                        afterApplying(),
                        () -> scene.victim().ring(scene.person));
                    scene.dies(CLAIMED);
                  })
              .running(),
          at(
                  "created, half of the answer read",
                  scene -> {
                    scene.world.vapi.onCreate().next(Fault.stallBody());
                    scene.begin(() -> scene.victim().ring(scene.person));
                    eventually(
                        "half an answer",
                        Packaged.PATIENCE,
                        () ->
                            scene
                                .world
                                .vapi
                                .callsTo(Operation.CREATE)
                                .getLast()
                                .answer()
                                .endsWith("stalled"));
                    scene.dies(CLAIMED);
                  })
              .running(),
          at(
                  "created, answer not read, not listed for a while",
                  scene -> {
                    scene.world.vapi.lagListing();
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("created")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                    scene.world.vapi.catchUp();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "created twice, by two who died, neither listed",
                  scene -> {
                    scene.world.vapi.lagListing();
                    scene.ringHeld(Operation.CREATE, afterApplying());
                    scene.dies(CLAIMED);
                    scene.nextVictim();
                    scene.elapseToDue();
                    scene.reconcileHeld(Operation.CREATE, afterApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("created")).isEqualTo(1);
                    scene.world.vapi.catchUp();
                  })
              .creates(3, 3)
              .collects(0, 2)
              .running(),
          at(
                  "create refused, probing whether the account works",
                  scene -> {
                    scene.world.vapi.onCreate().next(Fault.status(404));
                    scene.ringHeld(Operation.LIST, beforeApplying());
                    scene.dies(CLAIMED);
                    scene.clear();
                  })
              .creates(2, 1)
              .running());

  private CrashesAtCreate() {}
}
