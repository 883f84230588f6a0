package dev.provisioner.provision;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an audit has found, and what was done about it.
 *
 * @param organisation as the database knows it; null before first contact
 * @param applied whether it was to be mended
 * @param force whether however much was to be mended
 * @param toMend how much there was to mend, before anything was
 * @param enqueued how many of the missing have a row now
 */
public record AuditReport(
    String installation,
    @Nullable String organisation,
    boolean applied,
    boolean force,
    Findings findings,
    long toMend,
    long enqueued,
    Duration duration)
    implements AuditResult {

  /**
   * All that was looked at, and what of it is not as it should be.
   *
   * @param assistants ours at Vapi
   * @param inUse how many of them somebody uses
   * @param unmarked how many of them name no row or no user, so that it cannot be told whose they
   *     are; made by hand, and left alone
   * @param others ids in use that no row of ours has recorded: the app's own business
   * @param strays ours at Vapi that nobody uses, oldest first
   * @param dangling ids in use, recorded by our rows, that Vapi does not list or show
   * @param missing verified users with neither a row under way nor an assistant, of since the
   *     installation
   * @param missingBefore of before; never enqueued here
   */
  public record Findings(
      int assistants,
      int inUse,
      int unmarked,
      long others,
      List<Stray> strays,
      List<Dangling> dangling,
      long missing,
      long missingBefore) {
    private static final int FEW = 10;

    /** Those of this kind. */
    public List<Stray> strays(Kind kind) {
      return strays.stream().filter(each -> each.kind() == kind).toList();
    }

    /** How many of the strays came to this. */
    public long count(Deletion outcome) {
      return strays.stream().filter(each -> each.outcome() == outcome).count();
    }

    /** How many of the dangling came to this. */
    public long count(Requeueing outcome) {
      return dangling.stream().filter(each -> each.outcome() == outcome).count();
    }

    /** How much an audit that applies would do. */
    public long toMend() {
      return count(Deletion.WOULD_DELETE) + count(Requeueing.WOULD_REQUEUE) + missing;
    }

    /** How much of that it would do without force. */
    public long limit() {
      return Math.max(FEW, ((long) assistants + dangling.size()) / 50);
    }
  }

  /** Why nobody uses an assistant. */
  public enum Kind {
    /** The row that it was made for is gone, and its user has none. */
    ORPHAN,
    /** Its user uses another. */
    DUPLICATE,
    /** Its row is there and its user has none: somebody may be about to adopt it. */
    HELD_BACK
  }

  /**
   * An assistant of ours that nobody uses.
   *
   * @param provisionId the row it was made for
   * @param userId the user it was made for
   * @param inUse the assistant that this user has
   */
  public record Stray(
      Kind kind,
      String assistantId,
      UUID provisionId,
      UUID userId,
      Instant createdAt,
      @Nullable String inUse,
      Deletion outcome) {
    Stray with(Deletion newOutcome) {
      return new Stray(kind, assistantId, provisionId, userId, createdAt, inUse, newOutcome);
    }
  }

  /** What became of a stray. */
  public enum Deletion {
    /** It would be deleted, if this were applied. */
    WOULD_DELETE,
    DELETED,
    /** It stays, on purpose. */
    KEPT,
    /** It should be deleted, but was not. */
    REMAINS
  }

  /**
   * A user whose assistant is gone at Vapi.
   *
   * @param provisionId the row that has recorded it
   * @param newProvisionId the row made for the user now; null where none was
   */
  public record Dangling(
      UUID userId,
      UUID provisionId,
      String assistantId,
      Requeueing outcome,
      @Nullable UUID newProvisionId) {
    Dangling with(Requeueing newOutcome) {
      return new Dangling(userId, provisionId, assistantId, newOutcome, null);
    }
  }

  /** What became of a dangling user. */
  public enum Requeueing {
    /** A new row would be made, if this were applied. */
    WOULD_REQUEUE,
    REQUEUED,
    /** Things have changed meanwhile. */
    LEFT,
    /** Vapi could not be asked for the assistant by its id. */
    UNCONFIRMED,
    /** The app's table did not let go of the id. */
    SETTINGS_REFUSED
  }
}
