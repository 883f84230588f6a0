package dev.provisioner.provision;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reconciles by itself, every so often, so that nobody has to watch. */
public final class Sweep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

  private final Reconciler reconciler;
  private final Duration interval;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  /**
   * @param interval zero: never; a schedule in the database rings instead
   */
  Sweep(Reconciler reconciler, Duration interval) {
    this.reconciler = reconciler;
    this.interval = interval;
  }

  public synchronized void start() {
    if (!interval.isZero() && thread == null) {
      thread = Thread.ofVirtual().name("sweep").start(this::run);
    }
  }

  /** No further sweep begins. One that is under way ends when the gate is shut. */
  public void stop() {
    stopped.countDown();
  }

  /** Whether a sweep that was under way has ended in time. */
  public boolean awaitEnd(Duration patience) throws InterruptedException {
    Thread sweeping = thread();
    return sweeping == null || sweeping.join(patience);
  }

  /** At once, whatever is under way. */
  @Override
  public void close() {
    stop();
    Thread sweeping = thread();
    if (sweeping != null) {
      sweeping.interrupt();
    }
  }

  private synchronized @Nullable Thread thread() {
    return thread;
  }

  private void run() {
    try {
      while (!stopped.await(pause().toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          Reconciler.Summary summary = reconciler.reconcile(Reconciler.Request.EVERYTHING_DUE);
          if (summary.claimed() > 0) {
            LOG.info("Swept: {}", summary);
          }
        } catch (QueueUnavailableException e) {
          LOG.warn("Nothing swept: {} Tried again in {}.", e.getMessage(), interval);
        } catch (RuntimeException | Error e) {
          // Also an error: without its sweep an instance would look well and do nothing.
          LOG.error("Nothing swept. Tried again in {}.", interval, e);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** ±10 %, so that instances started together do not sweep together. */
  private Duration pause() {
    return interval.multipliedBy(ThreadLocalRandom.current().nextLong(90, 111)).dividedBy(100);
  }
}
