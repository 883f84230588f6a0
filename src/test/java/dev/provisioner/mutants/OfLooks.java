package dev.provisioner.mutants;

import java.util.List;

/** What looks adopt, collect, and may call finished. */
final class OfLooks {
  private static final String LEDGER = "provision/DoubtLedger";
  private static final String LOOK = "provision/Look";
  private static final String LOOKS = "provision/Looks";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(15, "a failed row whose assistant came late stays failed")
              .edit(LOOK, "status == Status.FAILED && standing.inUse() == null", "false")
              .caughtBy("LookResultsTest#failedRowAdoptsWhatCameLate"),
          Mutant.of(15, "a look takes a row away from its holder")
              .edit(
                  "provision/Queue",
                  "settleWhere(\"status = 'failed'\")",
                  "settleWhere(\"status <> 'processed'\")")
              .caughtBy("LookResultsTest#failedRowThatIsTakenUpMeanwhileIsLeftToItsHolder"),
          Mutant.of(15, "a look leaves the duplicate that it has found")
              .edit(
                  LOOKS,
                  "return collect(look, found);\n }\n\n private boolean atTombstone",
                  "return true;\n }\n\n private boolean atTombstone")
              .caughtBy("LookResultsTest#earlierLookDeletesAndKeepsTheDoubt"),
          Mutant.of(16, "any look ends the doubt")
              .edit(LOOK, "return clean && last();", "return clean;")
              .caughtBy("LookResultsTest#earlierLookDeletesAndKeepsTheDoubt"),
          Mutant.of(16, "a look erases a doubt made meanwhile")
              .edit(
                  LEDGER,
                  "and unconfirmed_until = :until",
                  "and (true or unconfirmed_until = :until)")
              .caughtBy("LookResultsTest#doubtAddedWhileLookingIsNotErased"),
          Mutant.of(16, "the last look ends the doubt though a delete has failed")
              .edit(LOOKS, "clean &= fate != Collector.Fate.REMAINS;", "clean &= fate != null;")
              .caughtBy("LookResultsTest#lastLookThatCouldNotDeleteLeavesTheDoubt"),
          Mutant.of(16, "the last look ends the doubt though it could not list")
              .edit(
                  LOOKS,
                  "if (!(listing instanceof Answer.Ok<List<Assistant>> ok)) {\n return false;",
                  "if (!(listing instanceof Answer.Ok<List<Assistant>> ok)) {\n return true;")
              .caughtBy("LookResultsTest#lastLookThatCouldNotListLeavesTheDoubt"),
          Mutant.of(16, "the last look comes within the hour")
              .edit(
                  LEDGER,
                  "greatest(processed_at, unconfirmed_until) + :horizon as ends_at",
                  "greatest(processed_at, unconfirmed_until) + :horizon / 4 as ends_at")
              .caughtBy(
                  "LooksTest#processedRowIsLookedAtLessAndLessOftenAndOnceMoreWhenNothingCanCome"),
          Mutant.of(16, "a tombstone touched meanwhile is removed")
              .edit(
                  LEDGER,
                  "and departed_at = :departedAt",
                  "and (true or departed_at = :departedAt)")
              .caughtBy("LifecycleTest#tombstoneTouchedDuringItsLookStays"),
          Mutant.of(16, "a tombstone is removed though Vapi did not answer")
              .edit(
                  LOOKS,
                  "case Answer<Assistant> obstacle -> sure = false;",
                  "case Answer<Assistant> obstacle -> {}")
              .caughtBy("LifecycleTest#tombstoneStaysUntilVapiHasDeleted"),
          Mutant.of(16, "a tombstone is removed while a create may still come")
              .edit(
                  LEDGER,
                  "d.unconfirmed_until is null or now() >= ends_at as last",
                  "(d.unconfirmed_until is null or now() >= ends_at) is not null as last")
              .caughtBy("LifecycleTest#createThatComesAfterItsUserHasLeftIsFoundByALook"));

  private OfLooks() {}
}
