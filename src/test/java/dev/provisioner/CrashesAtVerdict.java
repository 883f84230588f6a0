package dev.provisioner;

import static dev.provisioner.Boundary.at;
import static dev.provisioner.sandbox.Hold.afterApplying;
import static dev.provisioner.sandbox.Hold.beforeApplying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import java.time.Duration;
import java.util.List;

/** When an attempt ends without an assistant to be recorded: unknown, refused, given up. */
final class CrashesAtVerdict {
  private static final String CLAIMED = "processing, in doubt";

  static final List<Boundary> ALL =
      List.of(
          at(
                  "outcome unknown, not yet recorded",
                  scene -> {
                    unknown(scene, Fault.dropAfterApplying(), beforeApplying());
                    scene.dies(CLAIMED);
                  })
              .running(),
          at(
                  "outcome unknown, recorded",
                  scene -> {
                    unknown(scene, Fault.dropAfterApplying(), afterApplying());
                    scene.dies("errored unknown_outcome, in doubt");
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                  })
              .either(),
          at(
                  "outcome unknown, nothing made, recorded",
                  scene -> {
                    unknown(scene, Fault.dropBeforeApplying(), afterApplying());
                    scene.dies("errored unknown_outcome, in doubt");
                    assertThat(scene.takeOver().number("created")).isEqualTo(1);
                    scene.expect("processed, in doubt");
                  })
              .creates(2, 1)
              .running(),
          at(
                  "outcome unknown, recorded late, when the successor has adopted",
                  scene -> {
                    Hold settle = unknown(scene, Fault.dropAfterApplying(), beforeApplying());
                    scene.dies(CLAIMED);
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                    scene.changesNothing(settle::release);
                  })
              .either(),
          at(
                  "throttled, not yet recorded",
                  scene -> {
                    unknown(scene, Fault.throttled(Duration.ofSeconds(5)), beforeApplying());
                    scene.dies(CLAIMED);
                  })
              .creates(2, 1)
              .running(),
          at(
                  "throttled, recorded",
                  scene -> {
                    unknown(scene, Fault.throttled(Duration.ofSeconds(5)), afterApplying());
                    scene.dies("errored throttled");
                    assertThat(scene.takeOver().number("created")).isEqualTo(1);
                    scene.expect("processed");
                  })
              .creates(2, 1)
              .either(),
          at(
                  "throttled, recorded late, while the successor creates",
                  scene -> {
                    Hold settle =
                        unknown(scene, Fault.throttled(Duration.ofSeconds(5)), beforeApplying());
                    scene.dies(CLAIMED);
                    Hold create = afterApplying();
                    var taking = scene.takeOverHeld(Operation.CREATE, create);
                    scene.changesNothing(settle::release);
                    create.release();
                    assertThat(taking.get().number("created")).isEqualTo(1);
                  })
              .creates(2, 1)
              .running(),
          at(
                  "failed and revived, created, answer not read",
                  scene -> {
                    scene.byOther(Fault.status(400));
                    scene.expect("failed rejected");
                    scene.held(
                        Operation.CREATE,
                        afterApplying(),
                        () ->
                            scene
                                .victim()
                                .reconcile(
                                    "{\"include_failed\": true, \"ids\": [\"%s\"]}"
                                        .formatted(scene.person.provision())));
                    scene.dies("processing rejected, in doubt");
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                  })
              .creates(2, 1)
              .running(),
          at(
                  "the app's table refuses, not yet recorded",
                  scene -> {
                    refused(scene, beforeApplying());
                    scene.dies(CLAIMED);
                    accept(scene);
                  })
              .running(),
          at(
                  "the app's table refuses, recorded",
                  scene -> {
                    refused(scene, afterApplying());
                    scene.dies("errored settings_refused, in doubt");
                    accept(scene);
                    assertThat(scene.takeOver().number("adopted")).isEqualTo(1);
                  })
              .running());

  private CrashesAtVerdict() {}

  private static Hold unknown(Scene scene, Fault fault, Hold hold) {
    scene.world.vapi.onCreate().next(fault);
    return scene.ringHeld(Sql.UNFINISHED, hold);
  }

  private static void refused(Scene scene, Hold hold) {
    scene.world.sql(
        """
        create function public.refuse() returns trigger language plpgsql
            as $$ begin raise exception 'not now'; end $$;
        create trigger refuse before insert or update on public.user_settings
           for each row execute function public.refuse()\
        """);
    scene.ringHeld(Sql.UNFINISHED, hold);
  }

  private static void accept(Scene scene) {
    scene.world.sql("drop function public.refuse() cascade");
  }
}
