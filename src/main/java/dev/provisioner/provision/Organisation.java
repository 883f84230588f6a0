package dev.provisioner.provision;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Vapi organisation that our key opens, against the one that the database has known since first
 * contact. A key of another organisation sees none of our assistants, and would let everything look
 * gone. Provisioning goes on all the same: rows are the truth.
 */
public final class Organisation {
  private static final Logger LOG = LoggerFactory.getLogger(Organisation.class);

  /** How often the database is asked while they do not agree. */
  static final Duration RETRY = Duration.ofMinutes(1);

  private final Database database;
  private final Executor workers;
  private final LongSupplier nanoTime;
  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile @Nullable String seen;
  private volatile @Nullable String pinned;
  private volatile @Nullable Long lastAsked;
  private volatile boolean complained;

  Organisation(Database database, Executor workers, LongSupplier nanoTime) {
    this.database = database;
    this.workers = workers;
    this.nanoTime = nanoTime;
  }

  /**
   * What is known of the two.
   *
   * @param pinned the database's; null before the first contact
   * @param seen that of the answers to this instance; null while none has named one
   */
  record Known(@Nullable String pinned, @Nullable String seen) {
    boolean differ() {
      return pinned != null && seen != null && !pinned.equals(seen);
    }
  }

  /** An answer of Vapi names this one. Whatever is to be asked of the database is asked aside. */
  void noted(String id) {
    seen = id;
    if (id.equals(pinned) || askedLately() || !asking.compareAndSet(false, true)) {
      return;
    }
    try {
      workers.execute(this::compareAside);
    } catch (RejectedExecutionException e) {
      asking.set(false); // shutting down
    }
  }

  private void compareAside() {
    try {
      lastAsked = nanoTime.getAsLong();
      compare();
    } catch (QueueUnavailableException | StatementRefusedException e) {
      LOG.warn("The Vapi organisation was not compared with the database's: {}", e.getMessage());
    } finally {
      asking.set(false);
    }
  }

  /**
   * Asks the database now, and pins what has been seen if nothing was pinned.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  Known compare() {
    String mine = seen;
    String theirs =
        database.ask(handle ->
            handle
                .createQuery("select provisioning.pin_organisation(:seen)")
                .bind("seen", mine)
                .map((row, context) -> Optional.ofNullable(row.getString(1)))
                .one()
                .orElse(null));
    pinned = theirs;
    Known known = new Known(theirs, mine);
    if (known.differ() && !complained) {
      complained = true;
      LOG.error(
          "VAPI_API_KEY belongs to organisation {}, but this database's assistants are in {}. {}",
          mine,
          theirs,
          remedy());
    }
    return known;
  }

  /** What is wrong and what to do; empty while they agree, or one is not known. */
  public Optional<String> trouble() {
    Known known = new Known(pinned, seen);
    return known.differ() ? Optional.of(trouble(known)) : Optional.empty();
  }

  static String trouble(Known known) {
    return "VAPI_API_KEY belongs to another Vapi organisation (%s) than this database's assistants (%s). %s"
        .formatted(known.seen(), known.pinned(), remedy());
  }

  private static String remedy() {
    return "Give the service the right key. If the move is meant: update provisioning.installation set organisation = null; as role postgres.";
  }

  private boolean askedLately() {
    Long last = lastAsked;
    return last != null && nanoTime.getAsLong() - last < RETRY.toNanos();
  }
}
