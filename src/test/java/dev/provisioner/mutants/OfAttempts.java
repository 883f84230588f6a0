package dev.provisioner.mutants;

import java.util.List;

/** What is looked for, adopted, or created, and what must be so just before. */
final class OfAttempts {
  private static final String ATTEMPT = "provision/Attempt";
  private static final String CENSUS = "provision/Census";
  private static final String JUDGE = "provision/Judge";
  private static final String LEASE = "provision/Lease";
  private static final String PROVISIONER = "provision/Provisioner";
  private static final String RECONCILER = "provision/Reconciler";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(2, "an attempt in doubt creates at once")
              .edit(
                  ATTEMPT,
                  "claim.earlier() == null ? new Create() : new TakeListing();",
                  "new Create();")
              .caughtBy("AdoptionTest#webhookOfDueRowAdoptsToo"),
          Mutant.of(2, "somebody who has an assistant gets another")
              .edit(
                  ATTEMPT,
                  "new Settle(new AlreadyProvisioned(requireNonNull(claim.inUse())));",
                  "new Create();")
              .caughtBy("DoubtTest#alreadyProvisionedKeepsOlderDoubtAndLeavesNone"),
          Mutant.of(3, "a batch is looked for before it is claimed")
              .edit(
                  RECONCILER,
                  "private volatile @Nullable Long lastEnqueued;",
                  """
                  private volatile @Nullable Long lastEnqueued;
                  private volatile @Nullable Answer<List<Assistant>> early;
                  """)
              .edit(
                  RECONCILER,
                  "List<Claim> claims =\n source.claim(",
                  """
                  java.time.Instant now = java.time.Instant.now();
                  early = census.take(List.of(new Doubt(now.minus(Doubt.HORIZON), now)), each -> true);
                  List<Claim> claims = source.claim(\
                  """)
              .edit(
                  RECONCILER,
                  """
                  slot == null
                          ? null
                          : census.take(
                              doubts,
                              each ->
                                  claims.stream().anyMatch(claim -> census.ours(each, claim.id()))
                                      || Looks.anyConcerns(due, each))\
                  """,
                  "early")
              .caughtBy("AdoptionTest#rowIsClaimedBeforeItIsLookedFor"),
          Mutant.of(3, "clocks that disagree hide what was made")
              .edit(
                  "provision/Doubt",
                  "new Window(since.minus(MARGIN), until.plus(HORIZON))",
                  "new Window(since, until)")
              .caughtBy("AdoptionTest#clocksThatDisagreeByMostOfAnHourHideNothing"),
          Mutant.of(3, "a full page is taken for the whole listing")
              .edit("vapi/Listing", "page.size() < pageLimit", "page.size() <= pageLimit")
              .caughtBy("vapi.ListingTest#nothingIsMissedHoweverTheyAreSpread"),
          Mutant.of(3, "somebody else's assistant is taken for ours")
              .edit(
                  CENSUS,
                  "return installation.id().equals(assistant.installation());",
                  "return assistant.provisionId() != null;")
              .caughtBy("AdoptionTest#whatIsNotOursOrOfAnotherRowIsNeitherAdoptedNorDeleted"),
          Mutant.of(17, "another row's assistant is adopted")
              .edit(
                  CENSUS,
                  "ours(assistant) && Objects.equals(assistant.provisionId(), provisionId.toString())",
                  "ours(assistant)")
              .caughtBy("AdoptionTest#whatIsNotOursOrOfAnotherRowIsNeitherAdoptedNorDeleted"),
          Mutant.of(4, "what was found is not adopted")
              .edit(
                  ATTEMPT,
                  "ours.isEmpty() ? new Create() : new Get(ours, new Create())",
                  "new Create()")
              .caughtBy("AdoptionTest#webhookOfDueRowAdoptsToo"),
          Mutant.of(4, "the newest is adopted")
              .edit(
                  CENSUS,
                  "Comparator.comparing(Assistant::createdAt).thenComparing",
                  "Comparator.comparing(Assistant::createdAt).reversed().thenComparing")
              .caughtBy("AdoptionTest#oldestOfTwoIsAdoptedAndNeitherIsDeletedBeforeTheLook"),
          Mutant.of(4, "adoption deletes the rest")
              .edit(
                  PROVISIONER,
                  "attempt.got(claim, it, course.atVapi(() -> get(claim, it.candidates().getFirst())));",
                  """
                  {
                    it.candidates().stream().skip(1).forEach(vapi::delete);
                    yield attempt.got(
                        claim, it, course.atVapi(() -> get(claim, it.candidates().getFirst())));
                  }
                  """)
              .caughtBy("AdoptionTest#oldestOfTwoIsAdoptedAndNeitherIsDeletedBeforeTheLook"),
          Mutant.of(4, "a failed listing is taken for an empty one")
              .edit(
                  PROVISIONER,
                  "case Answer<List<Assistant>> obstacle -> attempt.couldNotLook(claim, obstacle);",
                  "case Answer<List<Assistant>> obstacle -> attempt.listed(claim, List.of());")
              .caughtBy("AdoptionTest#couldNotLook"),
          Mutant.of(4, "what could not be read by its id is created anew")
              .edit(
                  ATTEMPT,
                  "case Answer<?> obstacle -> couldNotLook(claim, obstacle);",
                  "case Answer<?> obstacle -> new Create();")
              .caughtBy("AdoptionTest#foundButCouldNotBeRead"),
          Mutant.of(4, "what is listed is adopted unseen")
              .edit(
                  ATTEMPT,
                  "ours.isEmpty() ? new Create() : new Get(ours, new Create())",
                  "ours.isEmpty() ? new Create() : new Settle(new Provisioned(ours.getFirst(), true))")
              .caughtBy("AdoptionTest#nextOldestIsAdoptedWhereTheOldestIsGone"),
          Mutant.of(5, "a create is sent without a look at the lease")
              .edit(JUDGE, "leaseLeft.compareTo(policy.leaseForCreate()) < 0", "false")
              .caughtBy("LeaseTest#whatIsLetGoInDoubtIsAsItWas"),
          Mutant.of(5, "the lease goes by the monotonic clock alone")
              .edit(LEASE, "monotonic.compareTo(wall) < 0 ? monotonic : wall", "monotonic")
              .caughtBy("LeaseTest#whoSleptTooLongLetsGo"),
          Mutant.of(5, "the lease goes by the wall clock alone")
              .edit(LEASE, "monotonic.compareTo(wall) < 0 ? monotonic : wall", "wall")
              .caughtBy("LeaseTest#whoWaitedTooLongForASlotLetsGo"),
          Mutant.of(5, "a create is sent though calls are paused")
              .edit(JUDGE, "gatePaused.isPositive()", "gatePaused.isNegative()")
              .caughtBy("provision.JudgeTest#pausedRowIsLetGoUntilThePauseEnds"),
          Mutant.of(0, "a row whose attempts are spent creates once more")
              .edit(JUDGE, "if (attempts >= policy", "if (attempts > policy")
              .caughtBy("LostAnswersTest#rowWhoseLastWorkerDiedAdoptsAndNeverCreates"),
          Mutant.of(0, "an assistant that could not be recorded is not remembered")
              .edit(
                  "provision/Queue",
                  "verdict instanceof InDoubt it ? it.assistantId() : null",
                  "(String) null")
              .caughtBy("SettingsRefusedTest#sameAssistantIsRecordedOnceTheTableIsMended"));

  private OfAttempts() {}
}
