package dev.provisioner.sandbox;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A call that waits until the test lets it go. Whether its client is still there by then is
 * nobody's concern: that is how a create comes late.
 */
public final class Hold implements Fault {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final boolean applyFirst;
  private int arrived;
  private int passed;
  private boolean released;
  private boolean abandoned;

  private Hold(boolean applyFirst) {
    this.applyFirst = applyFirst;
  }

  /** Nothing happens at Vapi until the release. */
  public static Hold beforeApplying() {
    return new Hold(false);
  }

  /** It has happened at Vapi; only the answer is withheld until the release. */
  public static Hold afterApplying() {
    return new Hold(true);
  }

  /**
   * Waits until a call is held; one held after applying has been applied by then.
   *
   * @throws AssertionError if none comes in time
   */
  public void awaitArrived(Duration patience) {
    awaitArrived(1, patience);
  }

  /**
   * Waits until so many calls have been held since the beginning.
   *
   * @throws AssertionError if fewer come in time
   */
  public synchronized void awaitArrived(int calls, Duration patience) {
    await(() -> arrived >= calls, patience, "not so many calls were held in time: " + calls);
  }

  /**
   * Lets go what is held, and whatever comes later. On return, everything that was held has been
   * applied.
   */
  public synchronized void release() {
    released = true;
    notifyAll();
    await(() -> passed >= arrived, PATIENCE, "a released call was not applied");
  }

  boolean appliesFirst() {
    return applyFirst;
  }

  /**
   * Holds the calling thread until the release.
   *
   * @return false if the call is to be forgotten
   */
  synchronized boolean hold() throws InterruptedException {
    arrived++;
    notifyAll();
    while (!released) {
      wait();
    }
    return !abandoned;
  }

  /** The call that was held has had its effect. */
  synchronized void passed() {
    passed++;
    notifyAll();
  }

  /** What is still held goes nowhere: it never happens. */
  public synchronized void abandon() {
    if (!released) {
      abandoned = true;
      released = true;
      notifyAll();
    }
  }

  private synchronized void await(BooleanSupplier done, Duration patience, String otherwise) {
    long deadline = System.nanoTime() + patience.toNanos();
    try {
      while (!done.getAsBoolean()) {
        long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        if (millis <= 0) {
          throw new AssertionError(otherwise);
        }
        wait(millis);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(otherwise, e);
    }
  }
}
