package dev.provisioner.provision;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What is to become of a claimed row: all that a settle needs to know, and nothing of how. */
sealed interface Verdict {
  /** The user has an assistant that is none of our doing. */
  record AlreadyProvisioned(String assistantId) implements Verdict {}

  /**
   * This assistant is to be the user's.
   *
   * @param adopted it was found, made by an attempt whose answer was lost
   */
  record Provisioned(String assistantId, boolean adopted) implements Verdict {}

  /** No assistant was recorded: the row is errored or failed, and says why. */
  sealed interface Unfinished extends Verdict permits Refrained, InDoubt {
    /** {@link Status#ERRORED} or {@link Status#FAILED}. */
    Status status();

    /** Until the row is due again; ignored where it failed. */
    Duration delay();

    /** How many have been spent, this one included if it was. */
    int attempts();

    /** Stable, for dashboards. */
    String code();

    /** For the person who reads the row: what happened and what comes next. */
    String message();
  }

  /**
   * A definite no: nothing of this attempt exists at Vapi, or can appear there. The doubt of
   * earlier attempts is as it was.
   */
  record Refrained(Status status, Duration delay, int attempts, String code, String message)
      implements Unfinished {}

  /**
   * Nobody can tell whether this attempt made an assistant. The doubt stays.
   *
   * @param assistantId known where the assistant was made but cannot be recorded
   */
  record InDoubt(
      Status status,
      Duration delay,
      int attempts,
      String code,
      String message,
      @Nullable String assistantId)
      implements Unfinished {}

  /** Nothing was tried: the row is pending again if it was, else errored. */
  record LetGo(Duration delay) implements Verdict {}
}
