package dev.provisioner.provision;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * No audit, and why. Nothing has changed, but where it was stopped half-way.
 *
 * @param detail what is so and what to do, for the caller to read
 * @param retryAfter when the same call may work; null where waiting is no use
 */
public record AuditRefusal(Reason reason, String detail, @Nullable Duration retryAfter)
    implements AuditResult {
  AuditRefusal(Reason reason, String detail) {
    this(reason, detail, null);
  }

  /** What stands in the way. */
  public enum Reason {
    /** One is running in this instance. */
    RUNNING,
    /** Rows that we do not see would be taken for rows that are gone. */
    DATABASE_UNFIT,
    /** The call was meant for another installation, or does not say for which. */
    OTHER_INSTALLATION,
    /** Vapi shows us another organisation than the one where ours are, or does not show which. */
    OTHER_ORGANISATION,
    /** So much is wrong that something else may be. */
    TOO_MUCH_TO_MEND,
    /** Calls are paused, or a listing was not complete. */
    VAPI_UNAVAILABLE,
    /** The instance stops. */
    SHUTTING_DOWN
  }
}
