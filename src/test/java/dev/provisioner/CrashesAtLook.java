package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Eventually.eventually;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;

/** Later, while somebody looks for what doubt has left behind. */
final class CrashesAtLook {
  private static final String SETTLED = "processed, in doubt";
  private static final String FAILED = "failed unknown_outcome, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "look taken, answer not read",
                  scene -> {
                    duplicate(scene);
                    scene.reconcileHeld(Sql.TAKE_LOOKS, afterApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "look: listing not read",
                  scene -> {
                    duplicate(scene);
                    scene.reconcileHeld(Operation.LIST, afterApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "look: who is in use, not read",
                  scene -> {
                    duplicate(scene);
                    scene.reconcileHeld(Sql.STANDING, afterApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "look: delete sent, never applied",
                  scene -> {
                    duplicate(scene);
                    Hold delete = scene.reconcileHeld(Operation.DELETE, beforeApplying());
                    scene.dies(SETTLED);
                    delete.abandon();
                  })
              .creates(2, 2)
              .collects(0, 1)
              .either(),
          at(
                  "look: delete sent, applied late",
                  scene -> {
                    duplicate(scene);
                    Hold delete = scene.reconcileHeld(Operation.DELETE, beforeApplying());
                    scene.dies(SETTLED);
                    delete.release();
                  })
              .creates(2, 2)
              .collects(1, 1)
              .running(),
          at(
                  "look: deleted, answer not read",
                  scene -> {
                    duplicate(scene);
                    scene.reconcileHeld(Operation.DELETE, afterApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(1, 1)
              .running(),
          at(
                  "last look: listing not read",
                  scene -> {
                    duplicate(scene);
                    scene.world.elapse(Duration.ofHours(2));
                    scene.reconcileHeld(Operation.LIST, afterApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "last look: end of doubt on its way",
                  scene -> {
                    duplicate(scene);
                    scene.world.elapse(Duration.ofHours(2));
                    scene.reconcileHeld(Sql.END_DOUBT, beforeApplying());
                    scene.dies(SETTLED);
                  })
              .creates(2, 2)
              .collects(1, 1)
              .either(),
          at(
                  "last look: doubt ended, answer not read",
                  scene -> {
                    duplicate(scene);
                    scene.world.elapse(Duration.ofHours(2));
                    scene.reconcileHeld(Sql.END_DOUBT, afterApplying());
                    scene.dies("processed");
                  })
              .creates(2, 2)
              .collects(1, 1)
              .running(),
          at(
                  "last look: end of doubt comes late, when there is more",
                  CrashesAtLook::endOfAnOlderDoubt)
              .creates(2, 2)
              .collects(0, 1)
              .running(),
          at(
                  "look at a failed row: found, being read",
                  scene -> {
                    failed(scene);
                    scene.reconcileHeld(Operation.GET, afterApplying());
                    scene.dies(FAILED);
                  })
              .either(),
          at(
                  "look at a failed row: settle on its way",
                  scene -> {
                    failed(scene);
                    scene.reconcileHeld(Sql.SETTLE, beforeApplying());
                    scene.dies(FAILED);
                  })
              .running(),
          at(
                  "look at a failed row: adopted, answer not read",
                  scene -> {
                    failed(scene);
                    scene.reconcileHeld(Sql.SETTLE, afterApplying());
                    scene.dies(SETTLED);
                  })
              .running());

  private CrashesAtLook() {}

  /** Settled in doubt by another, with a duplicate at Vapi, and due for the first look. */
  private static void duplicate(Scene scene) {
    scene.world.vapi.lagListing();
    scene.doubtful(Fault.dropAfterApplying());
    Answer answer = scene.other.reconcile("{}");
    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    scene.world.vapi.catchUp();
    scene.elapseToDue();
  }

  /** Failed with the last attempt, whose assistant exists, and due for the first look. */
  private static void failed(Scene scene) {
    scene.world.sql(
        "update public.pending_vapi_provision set attempts = 11 where id = ?",
        scene.person.provision());
    scene.doubtful(Fault.dropAfterApplying());
    scene.expect(FAILED);
  }

  /**
   * The mark of another, whose delete has failed, must outlive the end of what was there before.
   */
  private static void endOfAnOlderDoubt(Scene scene) throws Exception {
    scene.world.vapi.lagListing();
    Hold create = afterApplying();
    scene.world.vapi.onCreate().next(scene.known(create));
    Future<Answer> ring = scene.world.inBackground(() -> scene.other.ring(scene.person));
    create.awaitArrived(Packaged.PATIENCE);
    scene.world.endLease(scene.person);
    assertThat(scene.victim().reconcile("{}").number("created")).isEqualTo(1);
    scene.world.elapse(Duration.ofHours(2));
    Hold end = scene.reconcileHeld(Sql.END_DOUBT, beforeApplying());
    scene.dies(SETTLED);
    scene.world.vapi.onDelete().next(Fault.status(500));
    create.release();
    assertThat(ring.get().status()).as("%s", ring.get()).isEqualTo(202);
    eventually(
        "a delete that failed",
        Packaged.PATIENCE,
        () -> scene.world.vapi.callsTo(Operation.DELETE).getLast().answer().equals("500"));
    scene.changesNothing(end::release);
    scene.expect(SETTLED);
    scene.world.vapi.catchUp();
  }
}
