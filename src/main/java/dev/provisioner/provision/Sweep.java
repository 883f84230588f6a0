package dev.provisioner.provision;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reconciles by itself, every so often, so that nobody has to watch. */
public final class Sweep implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

  private final Reconciler reconciler;
  private final Duration interval;
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

  /** No further rows are claimed. Rows being worked on are not waited for. */
  @Override
  public synchronized void close() {
    if (thread != null) {
      thread.interrupt();
    }
  }

  private void run() {
    try {
      while (true) {
        // ±10 %, so that instances started together do not sweep together.
        Thread.sleep(
            interval.multipliedBy(ThreadLocalRandom.current().nextLong(90, 111)).dividedBy(100));
        try {
          Reconciler.Summary summary = reconciler.reconcile(Reconciler.Request.EVERYTHING_DUE);
          if (summary.claimed() > 0) {
            LOG.info("Swept: {}", summary);
          }
        } catch (QueueUnavailableException e) {
          LOG.warn("Nothing swept: {} Tried again in {}.", e.getMessage(), interval);
        } catch (RuntimeException e) {
          LOG.error("Nothing swept. Tried again in {}.", interval, e);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }
}
