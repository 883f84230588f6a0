package dev.provisioner.provision;

import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How one attempt at a row ended.
 *
 * @param assistantId the user's assistant, where there is one
 * @param error what went wrong and what comes next; nothing personal
 */
public record Outcome(
    UUID provisionId,
    UUID userId,
    Result result,
    @Nullable String assistantId,
    @Nullable String error) {

  /** The names in JSON and logs are these in lower case. */
  public enum Result {
    /** A new assistant was made and is the user's. */
    CREATED,
    /** An assistant made by an earlier attempt was found and is the user's. */
    ADOPTED,
    /** The user had an assistant already. */
    ALREADY_PROVISIONED,
    /** It did not work, or nobody can tell; the row is due again later. */
    ERRORED,
    /** Given up. */
    FAILED,
    /** The claim was lost, or the database was away: the row goes on with whoever holds it next. */
    LOST,
    /** Nothing was tried; the row is pending if it was, else errored, and due again. */
    RELEASED;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
