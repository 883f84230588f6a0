package dev.provisioner.mutants;

import java.util.List;

/** Which rows are claimed, when, and what a claim writes before anything is sent. */
final class OfClaims {
  private static final String QUEUE = "provision/Queue";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(1, "a webhook claims a row that somebody works on")
              .edit(QUEUE, "and (status = 'pending'", "and (status in ('pending', 'processing')")
              .caughtBy("WebhookTest#rowBeingWorkedOnIsLeftToItsHolder"),
          Mutant.of(1, "the sweep claims a row before its lease ends")
              .edit(
                  QUEUE,
                  "\"next_attempt_at <= now() order by",
                  "\"(next_attempt_at <= now() or status = 'processing') order by")
              .caughtBy(
                  "ReconcileTest#rowWhoseWorkerDiedIsTakenWhenItsLeaseEndsAndIsLookedForFirst"),
          Mutant.of(0, "a webhook jumps a backoff")
              .edit(QUEUE, "(:jumpBackoff and status", "((:jumpBackoff or true) and status")
              .caughtBy("WebhookTest#backoffIsNotJumped"),
          Mutant.of(9, "a webhook jumps the wait after an unknown outcome")
              .edit(
                  QUEUE,
                  "or next_attempt_at <= now()",
                  "or next_attempt_at <= now() or status = 'errored'")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(9, "a person jumps the wait after an unknown outcome")
              .edit(QUEUE, "'errored' and unconfirmed_since is null", "'errored'")
              .edit("provision/QueueView", "'errored' and q.unconfirmed_since is null", "'errored'")
              .caughtBy("ReconcileTest#waitAfterAnUnknownOutcomeIsNotJumped"),
          Mutant.of(9, "an unknown outcome is waited for no longer than any error")
              .edit(
                  "provision/Judge",
                  "if (wait.compareTo(policy.waitAfterUnknown()) < 0)",
                  "if (wait.isNegative())")
              .caughtBy(
                  "provision.JudgeTest#unknownOutcomeLeavesDoubtAndWaitsUntilNothingCanBeOnItsWay"),
          Mutant.of(1, "a failed row is revived while a create of it may be on its way")
              .edit(QUEUE, "coalesce(unconfirmed_until <= now(), true)", "true")
              .edit("provision/QueueView", "coalesce(q.unconfirmed_until <= now(), true)", "true")
              .caughtBy("ReconcileTest#failedRowIsNotRevivedWhileACreateOfItMayBeOnItsWay"),
          Mutant.of(0, "include_failed takes up what fails in the same call")
              .edit(
                  "provision/Reconciler",
                  "queue::claimDue : new Named(request);",
                  "queue::claimDue : limit -> new Named(request).claim(limit);")
              .caughtBy("ReconcileTest#rowThatFailsInThisCallIsNotTriedAgainInIt"),
          Mutant.of(0, "attempts are counted by the claim, so that a deploy spends them")
              .edit(QUEUE, "then 0 else q.attempts end,", "then 0 else q.attempts + 1 end,")
              .caughtBy("LeaseTest#whoWaitedTooLongForASlotLetsGo"),
          Mutant.of(0, "a revived row keeps its spent attempts")
              .edit(
                  QUEUE,
                  "attempts = case when found.status = 'failed' then 0 else q.attempts end,",
                  "attempts = q.attempts,")
              .caughtBy("ReconcileTest#failedRowsAreRevivedOnlyOnRequestWithTheirAttemptsReset"),
          Mutant.of(1, "a claim leaves the end of an older doubt as it is")
              .edit(
                  QUEUE,
                  "greatest(found.unconfirmed_until + interval '1 microsecond', now() + :lease)",
                  "coalesce(found.unconfirmed_until, now() + :lease)")
              .caughtBy("provision.TableModelTest#statementsDoWhatTheModelSays"),
          Mutant.of(1, "a claim forgets since when there is doubt")
              .edit(QUEUE, "coalesce(found.unconfirmed_since, now())", "now()")
              .caughtBy("DoubtTest#successKeepsOlderDoubt"));

  private OfClaims() {}
}
