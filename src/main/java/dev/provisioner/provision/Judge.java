package dev.provisioner.provision;

import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.vapi.Answer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Decides, from what Vapi answered, what becomes of a row. Pure: no clock, no database, no network.
 * Every message says what happened and what comes next, for the person who reads the row.
 */
final class Judge {
  /** How soon a row is tried again that waits for the account to be mended. */
  static final Duration ACCOUNT_DELAY = Duration.ofMinutes(1);

  private static final Duration LET_GO_DELAY = Duration.ofSeconds(15);

  private final Policy policy;
  private final Backoff backoff;

  Judge(Policy policy, Backoff backoff) {
    this.policy = policy;
    this.backoff = backoff;
  }

  /** Whether a claim must not lead to a create any more, and what becomes of it then. */
  @Nullable Verdict beforeCreate(int attempts, Duration leaseLeft, Duration gatePaused) {
    if (attempts >= policy.maxAttempts()) {
      return new Refrained(
          Status.FAILED,
          Duration.ZERO,
          attempts,
          "attempts_spent",
          "All " + policy.maxAttempts() + " attempts are spent and no assistant was found.");
    }
    if (gatePaused.isPositive()) {
      return new LetGo(gatePaused);
    }
    if (leaseLeft.compareTo(policy.leaseForCreate()) < 0) {
      // Not at once: a listing that takes longer than the lease must not be repeated in a circle.
      return new LetGo(LET_GO_DELAY);
    }
    return null;
  }

  /**
   * @param attempts settled before this one
   * @param accountWorks what a probe told; looked at only where the answer is ambiguous
   */
  Verdict afterCreate(Answer<String> answer, int attempts, boolean accountWorks) {
    return switch (answer) {
      case Answer.Ok<String> ok -> new Provisioned(ok.value(), false);
      case Answer.Unknown<String> unknown ->
          inDoubt(
              "unknown_outcome",
              sentence(unknown.reason())
                  + " An assistant may exist all the same: "
                  + (errored(attempts + 1) == Status.FAILED
                      ? "all attempts are spent, but it is still looked for."
                      : "the next attempt looks for it first."),
              attempts);
      case Answer.Rejected<String> no ->
          new Refrained(
              Status.FAILED,
              Duration.ZERO,
              attempts + 1,
              "rejected",
              said(no.status(), no.message()));
      case Answer.Ambiguous<String> no ->
          accountWorks
              ? again("rejected", said(no.status(), no.message()), attempts)
              : accountRefused(no.status(), no.message(), attempts);
      case Answer.Refused<String> no -> accountRefused(no.status(), no.message(), attempts);
      case Answer.Throttled<String> no -> throttled(no, attempts);
      case Answer.NotSent<String> no -> unreachable(no, attempts);
      case Answer.Missing<String> no -> throw new IllegalArgumentException("of a create: " + no);
    };
  }

  /** The listing, or the get of a find, did not answer: nothing may be created now. */
  Verdict couldNotLook(Answer<?> answer, int attempts) {
    return switch (answer) {
      case Answer.Unknown<?> no -> again("could_not_look", no.reason(), attempts);
      case Answer.Rejected<?> no ->
          again("could_not_look", said(no.status(), no.message()), attempts);
      case Answer.Ambiguous<?> no ->
          again("could_not_look", said(no.status(), no.message()), attempts);
      case Answer.Refused<?> no -> accountRefused(no.status(), no.message(), attempts);
      case Answer.Throttled<?> no -> throttled(no, attempts);
      case Answer.NotSent<?> no -> unreachable(no, attempts);
      case Answer.Ok<?> yes -> throw new IllegalArgumentException("no obstacle: " + yes);
      case Answer.Missing<?> no -> throw new IllegalArgumentException("no obstacle: " + no);
    };
  }

  /** The assistant exists, but the app's table would not take its id. */
  InDoubt settingsRefused(String assistantId, String reason, int attempts) {
    int spent = attempts + 1;
    return new InDoubt(
        errored(spent),
        backoff.after(spent),
        spent,
        "settings_refused",
        "The assistant exists, but public.user_settings refused its id ("
            + reason
            + "). Mend the table; the same assistant is recorded then.",
        assistantId);
  }

  /** Something broke that never should; whether a create was sent is not known. */
  InDoubt broken(int attempts) {
    return inDoubt(
        "internal_error",
        "A bug in vapi-provisioner stopped this attempt; its log has the details.",
        attempts);
  }

  private InDoubt inDoubt(String code, String message, int attempts) {
    int spent = attempts + 1;
    Duration wait = backoff.after(spent);
    if (wait.compareTo(policy.waitAfterUnknown()) < 0) {
      wait = policy.waitAfterUnknown();
    }
    return new InDoubt(errored(spent), wait, spent, code, message, null);
  }

  private Refrained again(String code, String message, int attempts) {
    int spent = attempts + 1;
    return new Refrained(errored(spent), backoff.after(spent), spent, code, message);
  }

  private Refrained unreachable(Answer.NotSent<?> no, int attempts) {
    return again("unreachable", "Vapi was not reached: " + no.reason(), attempts);
  }

  private Refrained throttled(Answer.Throttled<?> no, int attempts) {
    Duration wait = no.retryAfter();
    return new Refrained(
        Status.ERRORED,
        wait == null ? backoff.after(attempts) : wait,
        attempts,
        "throttled",
        "Vapi asks for fewer calls (429). Tried again by itself; no attempt was spent.");
  }

  private static Refrained accountRefused(int status, String message, int attempts) {
    return new Refrained(
        Status.ERRORED,
        ACCOUNT_DELAY,
        attempts,
        "account_refused",
        sentence(said(status, message))
            + " This is about VAPI_API_KEY or VAPI_BASE_URL, not about this user; no attempt was spent.");
  }

  private Status errored(int spent) {
    return spent >= policy.maxAttempts() ? Status.FAILED : Status.ERRORED;
  }

  private static String said(int status, String message) {
    return "Vapi answered " + status + ": " + message;
  }

  private static String sentence(String text) {
    return text.endsWith(".") ? text : text + ".";
  }
}
