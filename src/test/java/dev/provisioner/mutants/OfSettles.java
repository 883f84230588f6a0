package dev.provisioner.mutants;

import java.util.List;

/** How an attempt is recorded, and which doubt ends by that. */
final class OfSettles {
  private static final String QUEUE = "provision/Queue";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(6, "a success is settled without the token")
              .edit(
                  QUEUE,
                  "settleWhere(\"claim_token = :token\")",
                  "settleWhere(\"(true or claim_token = :token)\")")
              .caughtBy("LostClaimsTest#ownIsDeletedAtOnceWhereAnotherIsInUse"),
          Mutant.of(6, "a success replaces the assistant in use")
              .edit(QUEUE, "\n where nullif(a.vapi_assistant_id, '') is null;", ";")
              .caughtBy("DoubtTest#appThatWasFasterKeepsItsAssistantAndOursStaysInDoubt"),
          Mutant.of(6, "a success ends an earlier doubt")
              .edit(
                  QUEUE,
                  ":clean and q.unconfirmed_until",
                  "(:clean or cast(:assistant as text) is not null) and q.unconfirmed_until")
              .caughtBy("DoubtTest#successKeepsOlderDoubt"),
          Mutant.of(6, "a success ends the doubt added meanwhile")
              .edit(
                  QUEUE,
                  "q.unconfirmed_until = cast(:mine as timestamptz)",
                  "(true or q.unconfirmed_until = cast(:mine as timestamptz))")
              .caughtBy("DoubtTest#doubtAddedMeanwhileOutlivesSuccess"),
          Mutant.of(6, "a success ends the doubt though the app was faster")
              .edit(QUEUE, "and coalesce(<in use> = :assistant,", "and coalesce(true,")
              .caughtBy("DoubtTest#appThatWasFasterKeepsItsAssistantAndOursStaysInDoubt"),
          Mutant.of(6, "the row and the setting are written one after the other")
              .edit(
                  "provision/Sql",
                  "statement.unwrap(PGStatement.class).setPrepareThreshold(0);",
                  "statement.unwrap(PGStatement.class).setPrepareThreshold(5);")
              .caughtBy("SettleTest#rowAndSettingAreWrittenInOneTransactionHoweverOften"),
          Mutant.of(7, "already_provisioned ends an earlier doubt")
              .edit(
                  QUEUE,
                  ":clean and q.unconfirmed_until",
                  "(:clean or cast(:assistant as text) is null) and q.unconfirmed_until")
              .caughtBy("DoubtTest#alreadyProvisionedKeepsOlderDoubtAndLeavesNone"),
          Mutant.of(8, "a definite no is settled by the id alone")
              .edit(
                  QUEUE,
                  "claim_token = :token\n for update",
                  "(true or claim_token = :token)\n for update")
              .caughtBy("LostClaimsTest#definiteNoOfLostClaimTouchesNothing"),
          Mutant.of(8, "a definite no forgets an older doubt")
              .edit(
                  QUEUE,
                  ".bind(\"earlierSince\", earlier == null ? null : earlier.since())",
                  ".bind(\"earlierSince\", null)")
              .edit(
                  QUEUE,
                  ".bind(\"earlierUntil\", earlier == null ? null : earlier.until())",
                  ".bind(\"earlierUntil\", null)")
              .caughtBy("DoubtTest#definiteNoLeavesOlderDoubtAsItWas"),
          Mutant.of(8, "a definite no takes back the doubt added meanwhile")
              .edit(
                  QUEUE,
                  "case when :definite and unconfirmed_until = :mine\n then cast(:earlierSince",
                  "case when :definite and (true or unconfirmed_until = :mine)\n then cast(:earlierSince")
              .edit(
                  QUEUE,
                  "case when :definite and unconfirmed_until = :mine\n then cast(:earlierUntil",
                  "case when :definite and (true or unconfirmed_until = :mine)\n then cast(:earlierUntil")
              .caughtBy("DoubtTest#doubtAddedMeanwhileOutlivesDefiniteNo"),
          Mutant.of(8, "a definite no leaves doubt")
              .edit(QUEUE, "verdict instanceof Refrained)", "verdict == null)")
              .caughtBy("DoubtTest#definiteNoLeavesNoDoubt"),
          Mutant.of(9, "an unknown outcome takes its doubt back")
              .edit(QUEUE, "verdict instanceof Refrained)", "verdict != null)")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(16, "the doubt of a failed row does not reach to when it failed")
              .edit(QUEUE, "then greatest(kept.until, now()) else", "then kept.until else")
              .caughtBy("DoubtTest#definiteNoLeavesOlderDoubtAsItWas"),
          Mutant.of(5, "a row is let go by the id alone")
              .edit(QUEUE, "claim_token = :token\\", "(true or claim_token = :token)\\")
              .caughtBy("LostClaimsTest#whoLetsGoOfALostClaimTouchesNothing"),
          Mutant.of(5, "a row that is let go forgets its doubt")
              .edit(
                  QUEUE,
                  "unconfirmed_since = case when unconfirmed_until = :mine",
                  "unconfirmed_since = case when true then null when unconfirmed_until = :mine")
              .edit(
                  QUEUE,
                  "unconfirmed_until = case when unconfirmed_until = :mine",
                  "unconfirmed_until = case when true then null when unconfirmed_until = :mine")
              .caughtBy("LeaseTest#whatIsLetGoInDoubtIsAsItWas"));

  private OfSettles() {}
}
