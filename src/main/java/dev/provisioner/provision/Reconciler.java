package dev.provisioner.provision;

import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works off whatever is due: rows whose webhook never came, whose worker died, whose backoff has
 * ended; and the looks. The same for the sweep, for curl and for the schedule.
 */
public final class Reconciler {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);

  /** Claimed at once for each call in flight; what its lease gets too short for is let go. */
  private static final int CLAIMS_PER_SLOT = 4;

  private static final Duration ENQUEUE_INTERVAL = Duration.ofMinutes(10);

  private final Queue queue;
  private final QueueView view;
  private final Provisioner provisioner;
  private final Census census;
  private final Looks looks;
  private final Gate gate;
  private final Duration patience;
  private final LongSupplier nanoTime;
  private final ReentrantLock sweeping = new ReentrantLock();
  private volatile @Nullable Long lastEnqueued;

  Reconciler(
      Queue queue,
      QueueView view,
      Provisioner provisioner,
      Census census,
      Looks looks,
      Gate gate,
      Duration patience,
      LongSupplier nanoTime) {
    this.queue = queue;
    this.view = view;
    this.provisioner = provisioner;
    this.census = census;
    this.looks = looks;
    this.gate = gate;
    this.patience = patience;
    this.nanoTime = nanoTime;
  }

  /**
   * What to reconcile, and for how long.
   *
   * @param limit how many rows at most
   * @param ids only these rows; these may jump a backoff
   * @param userIds only the rows of these users; these too
   * @param includeFailed take up rows, too, that had failed before the call
   * @param maxTime after which no further row is claimed
   */
  public record Request(
      int limit, List<UUID> ids, List<UUID> userIds, boolean includeFailed, Duration maxTime) {
    /** Everything that is due, however long it takes. */
    public static final Request EVERYTHING_DUE =
        new Request(Integer.MAX_VALUE, List.of(), List.of(), false, Duration.ofDays(1));

    boolean names() {
      return !ids.isEmpty() || !userIds.isEmpty();
    }

    /** Only what the clock says, so that no list of rows is needed to keep to. */
    boolean goesByTheClock() {
      return !names() && !includeFailed;
    }
  }

  /**
   * What came of it.
   *
   * @param outcomes how many rows ended how; absent where none did
   * @param remaining rows due at the end
   * @param paused why no calls are made just now; null while they are
   */
  public record Summary(
      Map<Outcome.Result, Integer> outcomes,
      int remaining,
      Duration duration,
      @Nullable String paused) {
    /** How many rows were taken up. */
    public int claimed() {
      return outcomes.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** How many of them ended so. */
    public int count(Outcome.Result result) {
      return outcomes.getOrDefault(result, 0);
    }
  }

  /** Who watches a reconcile. Called by many threads at the same time, and not to keep them. */
  public interface Progress {
    /** Nobody does. */
    Progress UNWATCHED =
        new Progress() {
          @Override
          public void claimed(int rows) {}

          @Override
          public void settled(Outcome outcome) {}

          @Override
          public boolean wanted() {
            return true;
          }
        };

    /** So many more rows are claimed, perhaps none, and work begins. */
    void claimed(int rows);

    /** A row is settled, or handed back. */
    void settled(Outcome outcome);

    /** Whether further rows are to be claimed; those that are claimed are settled anyway. */
    boolean wanted();
  }

  /** The same with nobody watching. */
  public Summary reconcile(Request request) throws InterruptedException {
    return reconcile(request, Progress.UNWATCHED);
  }

  /**
   * Reconciles, and returns when what was claimed is settled.
   *
   * @throws QueueUnavailableException the database cannot be asked; what was settled is settled
   */
  public Summary reconcile(Request request, Progress progress) throws InterruptedException {
    if (!request.equals(Request.EVERYTHING_DUE)) {
      return run(request, progress);
    }
    // A sweep and the schedule's calls in a backlog: one of them at a time does it all.
    if (!sweeping.tryLock()) {
      return new Summary(Map.of(), view.countDue(), Duration.ZERO, pause());
    }
    try {
      return run(request, progress);
    } finally {
      sweeping.unlock();
    }
  }

  private Summary run(Request request, Progress progress) throws InterruptedException {
    long begin = nanoTime.getAsLong();
    if (request.goesByTheClock()) {
      enqueueMissing();
    }
    Source source = request.goesByTheClock() ? queue::claimDue : new Named(request);
    Map<Outcome.Result, Integer> outcomes = new EnumMap<>(Outcome.Result.class);
    int claimed = 0;
    boolean first = true;
    while (gate.isOpen()
        && progress.wanted()
        && claimed < request.limit()
        && nanoTime.getAsLong() - begin < request.maxTime().toNanos()) {
      List<Look> due = first && request.goesByTheClock() ? looks.take() : List.of();
      first = false;
      List<Claim> claims =
          source.claim(Math.min(gate.slots() * CLAIMS_PER_SLOT, request.limit() - claimed));
      if (claims.isEmpty() && due.isEmpty()) {
        break;
      }
      claimed += claims.size();
      progress.claimed(claims.size());
      work(claims, due, progress).forEach(each -> outcomes.merge(each.result(), 1, Integer::sum));
    }
    Duration duration = Duration.ofNanos(nanoTime.getAsLong() - begin);
    return new Summary(outcomes, view.countDue(), duration, pause());
  }

  /** The rows that {@link #reconcile} would take up, and how; nothing changes. */
  public List<Candidate> preview(Request request) {
    return view.candidates(request);
  }

  /**
   * One listing serves the whole batch and every look that is due with it. Rows that need none do
   * not wait for it.
   */
  private List<Outcome> work(List<Claim> claims, List<Look> due, Progress progress)
      throws InterruptedException {
    List<Future<Outcome>> work = new ArrayList<>();
    try (ExecutorService attempts = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Claim> inDoubt = new ArrayList<>();
      for (Claim claim : claims) {
        if (claim.plan() == Plan.LOOK_FIRST) {
          inDoubt.add(claim);
        } else {
          work.add(attempts.submit(LogContext.carried(() -> provision(claim, null, progress))));
        }
      }
      @Nullable Answer<List<Assistant>> listing = list(inDoubt, due);
      for (Claim claim : inDoubt) {
        work.add(attempts.submit(LogContext.carried(() -> provision(claim, listing, progress))));
      }
      look(due, listing);
    }
    List<Outcome> outcomes = new ArrayList<>();
    for (Future<Outcome> each : work) {
      try {
        outcomes.add(each.get());
      } catch (ExecutionException e) {
        LOG.error("An attempt met a bug; its row is due again when its lease ends.", e.getCause());
      }
    }
    return outcomes;
  }

  private Outcome provision(
      Claim claim, @Nullable Answer<List<Assistant>> listing, Progress progress) {
    Outcome outcome = provisioner.provisionInBatch(claim, listing);
    try {
      progress.settled(outcome);
    } catch (RuntimeException e) {
      LOG.error("Provision {} is settled, but who watches was not told.", claim.id(), e);
    }
    return outcome;
  }

  /** Null where it was not even tried: rows in doubt are let go then. */
  private @Nullable Answer<List<Assistant>> list(List<Claim> claims, List<Look> due)
      throws InterruptedException {
    List<Doubt> doubts =
        Stream.concat(claims.stream().map(Claim::earlier), due.stream().map(Look::doubt))
            .filter(Objects::nonNull)
            .map(Objects::requireNonNull)
            .toList();
    try (Gate.Slot slot = doubts.isEmpty() ? null : gate.enter(patience)) {
      return slot == null
          ? null
          : census.take(
              doubts,
              each ->
                  claims.stream().anyMatch(claim -> census.ours(each, claim.id()))
                      || Looks.anyConcerns(due, each));
    } catch (QueueUnavailableException | StatementRefusedException e) {
      LOG.warn("Nothing was looked for: {}", e.getMessage());
      return null;
    }
  }

  private void look(List<Look> due, @Nullable Answer<List<Assistant>> listing)
      throws InterruptedException {
    try (Gate.Slot slot = due.isEmpty() ? null : gate.enter(patience)) {
      if (slot != null) {
        looks.perform(due, listing);
      }
    } catch (QueueUnavailableException | StatementRefusedException e) {
      LOG.warn("Not every look was finished: {} They come again by themselves.", e.getMessage());
    }
  }

  /** Now and then: what a failed trigger left out is not urgent, and the search is not free. */
  private void enqueueMissing() {
    long now = nanoTime.getAsLong();
    Long last = lastEnqueued;
    if (last == null || now - last >= ENQUEUE_INTERVAL.toNanos()) {
      lastEnqueued = now;
      int enqueued;
      try {
        enqueued = queue.enqueueMissing();
      } catch (QueueUnavailableException | StatementRefusedException e) {
        LOG.warn("Users without a row were not looked for: {}", e.getMessage());
        return;
      }
      if (enqueued > 0) {
        LOG.warn(
            "{} verified users had no row and were enqueued. Look for warnings of vapi-provisioner in the database's log.",
            enqueued);
      }
    }
  }

  private @Nullable String pause() {
    return switch (gate.state()) {
      case Gate.State.Open open -> null;
      case Gate.State.Throttled it -> "Vapi asked for fewer calls.";
      case Gate.State.Refused it -> "Vapi refuses the account: " + it.message();
    };
  }

  /** Where the next rows come from; none: there are no more. */
  private interface Source {
    List<Claim> claim(int limit);
  }

  /** The rows there were when the call began, each tried once. */
  private final class Named implements Source {
    private final List<UUID> waiting;
    private final Reach reach;

    Named(Request request) {
      this.waiting = new ArrayList<>(view.candidates(request).stream().map(Candidate::id).toList());
      this.reach = new Reach(request.names(), request.includeFailed());
    }

    @Override
    public List<Claim> claim(int limit) {
      while (!waiting.isEmpty()) {
        List<UUID> next = waiting.subList(0, Math.min(limit, waiting.size()));
        List<Claim> claims = queue.claim(List.copyOf(next), reach);
        next.clear();
        if (!claims.isEmpty()) {
          return claims;
        }
      }
      return List.of();
    }
  }
}
