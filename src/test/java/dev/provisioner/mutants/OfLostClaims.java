package dev.provisioner.mutants;

import java.util.List;

/** What a worker does whose row is not its own any more, and the rule of deleting. */
final class OfLostClaims {
  private static final String ATTEMPT = "provision/Attempt";
  private static final String COLLECTOR = "provision/Collector";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(10, "who has lost the row marks no doubt")
              .edit("provision/Settler", "insist(() -> ledger.mark(claim, it.assistantId()));", "")
              .caughtBy("LostClaimsTest#whatTheNextHolderHasAdoptedStays"),
          Mutant.of(10, "an unknown outcome of a lost claim marks no doubt")
              .edit(
                  ATTEMPT,
                  "case InDoubt it -> new Mark(it.assistantId(), Result.CREATED);",
                  "case InDoubt it -> lost(claim);")
              .caughtBy("LostClaimsTest#unknownOutcomeOfLostClaimMarksTheDoubt"),
          Mutant.of(10, "a mark changes nothing that others could notice")
              .edit(
                  "provision/DoubtLedger",
                  "greatest(unconfirmed_until + interval '1 microsecond', now(), :since)",
                  "coalesce(unconfirmed_until, now(), :since)")
              .caughtBy("LostClaimsTest#whatTheNextHolderHasAdoptedStays"),
          Mutant.of(10, "a lost claim whose row is gone is not remembered")
              .edit("provision/DoubtLedger", "if (marked == 0) {", "if (marked > 1) {")
              .caughtBy("LostClaimsTest#ownIsDeletedAtOnceAndRememberedWhereTheUserIsGone"),
          Mutant.of(11, "a lost claim's assistant is left to the looks")
              .edit(ATTEMPT, "return mark.assistantId() == null", "return mark != null")
              .caughtBy("LostClaimsTest#ownIsDeletedAtOnceWhereAnotherIsInUse"),
          Mutant.of(11, "a lost claim's assistant is deleted without a reading")
              .edit(
                  ATTEMPT,
                  "new ReadStanding(mark.assistantId(), mark.made());",
                  "new Delete(mark.assistantId());")
              .edit(COLLECTOR, "!standing.allowsDeleting(assistantId)", "false")
              .caughtBy("LostClaimsTest#whatTheNextHolderHasAdoptedStays"),
          Mutant.of(12, "a look deletes without a fresh reading")
              .edit(COLLECTOR, "!standing.allowsDeleting(assistantId)", "false")
              .caughtBy("LookResultsTest#lastLookEndsTheDoubt"),
          Mutant.of(12, "what the holder of the row may be adopting is deleted")
              .edit("provision/Standing", "inUse == null ? !rowExists :", "inUse == null ? true :")
              .caughtBy("LostClaimsTest#ownIsLeftAloneWhileItsRowIsOpenAndNoneIsInUse"),
          Mutant.of(12, "what is left over of a row that is gone stays")
              .edit("provision/Standing", "inUse == null ? !rowExists :", "inUse == null ? false :")
              .caughtBy("LostClaimsTest#ownIsDeletedAtOnceAndRememberedWhereTheUserIsGone"),
          Mutant.of(12, "assistants of other installations are deleted by looks")
              .edit("provision/Census", "each -> ours(each) && wanted.test(each)", "wanted")
              .caughtBy("SharedOrganisationTest#looksDeleteOnlyTheirOwn"),
          Mutant.of(12, "what the app has given to a departed user is deleted")
              .edit(
                  "provision/Looks",
                  "census.ours(ok.value()) && look.userId().toString().equals(ok.value().userId())",
                  "true")
              .caughtBy("LifecycleTest#assistantThatTheAppMadeIsNeverOurs"));

  private OfLostClaims() {}
}
