package dev.provisioner.provision;

import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a webhook rings. The row is the truth: only its id is taken from the one who rings, so a
 * replayed, late or invented webhook does no harm.
 */
public final class Doorbell {
  /**
   * Who may wait for a slot at the same time, so that a burst of thousands costs no more memory
   * than this many. Eight slots serve no more within a second, unless a call to Vapi takes less
   * than 30 ms. The others are answered at once, and the sweep takes up their rows.
   */
  public static final int MOST_WAITING = 256;

  private final Semaphore waiting = new Semaphore(MOST_WAITING);
  private final Queue queue;
  private final QueueView view;
  private final Provisioner provisioner;
  private final Gate gate;
  private final ExecutorService workers;
  private final Duration patience;
  private final LongSupplier nanoTime;
  private final Observer observer;

  /**
   * @param patience how long the one who rings is kept waiting for the outcome
   */
  Doorbell(
      Queue queue,
      QueueView view,
      Provisioner provisioner,
      Gate gate,
      ExecutorService workers,
      Duration patience,
      LongSupplier nanoTime,
      Observer observer) {
    this.queue = queue;
    this.view = view;
    this.provisioner = provisioner;
    this.gate = gate;
    this.workers = workers;
    this.patience = patience;
    this.nanoTime = nanoTime;
    this.observer = observer;
  }

  /** What became of the row by the time the patience ended. */
  public sealed interface Ring {
    /** There is no such row. */
    record NoSuchProvision(UUID id) implements Ring {}

    /** The row is settled: processed or failed. */
    record Settled(Outcome outcome) implements Ring {}

    /** The row is safe, and will be or is being worked on. */
    record Underway(UUID id) implements Ring {}
  }

  /**
   * Claims the row, if it is pending or due, and provisions its user. What is not done within the
   * patience goes on by itself.
   *
   * @throws QueueUnavailableException nothing was claimed; ringing again later is right
   */
  public Ring ring(UUID id) throws InterruptedException {
    Ring ring = answer(id);
    observer.rung(
        switch (ring) {
          case Ring.Settled it -> Observer.Bell.SETTLED;
          case Ring.Underway it -> Observer.Bell.UNDERWAY;
          case Ring.NoSuchProvision it -> Observer.Bell.NO_SUCH_PROVISION;
        });
    return ring;
  }

  private Ring answer(UUID id) throws InterruptedException {
    long begin = nanoTime.getAsLong();
    Gate.Slot slot = await();
    if (slot == null) {
      return asItStands(id);
    }
    List<Claim> claimed;
    try {
      claimed = queue.claim(List.of(id), Reach.WEBHOOK);
    } catch (RuntimeException e) {
      slot.close();
      throw e;
    }
    if (claimed.isEmpty()) {
      slot.close();
      return asItStands(id);
    }
    Claim claim = claimed.getFirst();
    Future<Outcome> work =
        workers.submit(LogContext.carried(() -> provisioner.provision(claim, slot)));
    try {
      long left = patience.toNanos() - (nanoTime.getAsLong() - begin);
      return ring(work.get(Math.max(0, left), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return new Ring.Underway(id);
    } catch (ExecutionException e) {
      throw new IllegalStateException("provision " + id, e.getCause());
    }
  }

  /** Null where there is none in time, or too many wait already. */
  private Gate.@Nullable Slot await() throws InterruptedException {
    if (!waiting.tryAcquire()) {
      return null;
    }
    try {
      return gate.enter(patience);
    } finally {
      waiting.release();
    }
  }

  private static Ring ring(Outcome outcome) {
    return switch (outcome.result()) {
      case CREATED, ADOPTED, ALREADY_PROVISIONED, FAILED -> new Ring.Settled(outcome);
      case ERRORED, LOST, RELEASED -> new Ring.Underway(outcome.provisionId());
    };
  }

  /** For a row that was not claimed: it is settled, or with somebody else, or not yet due. */
  private Ring asItStands(UUID id) {
    return view.find(id)
        .<Ring>map(row ->
            switch (row.status()) {
              case PROCESSED ->
                  new Ring.Settled(
                      new Outcome(id, row.userId(), Result.ALREADY_PROVISIONED, row.inUse(), null));
              case FAILED ->
                  new Ring.Settled(new Outcome(id, row.userId(), Result.FAILED, null, row.error()));
              case PENDING, PROCESSING, ERRORED -> new Ring.Underway(id);
            })
        .orElseGet(() -> new Ring.NoSuchProvision(id));
  }
}
