package dev.provisioner.vapi;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one gate in front of Vapi: how many calls may be in flight, and whether calls are paused.
 *
 * <p>Callers are let in first come, first served. A pause keeps everybody out: for as long as Vapi
 * asked when it throttles, for {@link #REFUSAL_PAUSE} when it refuses the account. After a
 * refusal's pause one caller tries alone; the others follow when Vapi has accepted its call, or try
 * in turn when its slot is closed without a verdict.
 *
 * <p>Thread-safe. Kept in one place per instance and in memory only.
 */
public final class Gate {
  /** How long calls pause after the account was refused. */
  public static final Duration REFUSAL_PAUSE = Duration.ofMinutes(1);

  // Far beyond any pause or wait, near enough that adding it to a nanoTime cannot overflow.
  private static final long FAR = Long.MAX_VALUE / 4;

  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();

  // Who waits, in the order of arrival, each woken alone: a burst of thousands must not wake
  // thousands for every slot that comes free.
  private final LinkedHashSet<Condition> line = new LinkedHashSet<>();

  private final int slots;

  private int free;
  private boolean shut;
  private long throttledUntil;
  private long refusedUntil;
  private @Nullable String refusal;
  private @Nullable Slot trial;

  /**
   * @param slots how many calls may be in flight, at least 1
   * @param nanoTime a monotonic clock in nanoseconds; {@code System::nanoTime} in production
   */
  public Gate(int slots, LongSupplier nanoTime) {
    if (slots < 1) {
      throw new IllegalArgumentException("at least one slot, not " + slots);
    }
    this.nanoTime = nanoTime;
    this.slots = slots;
    this.free = slots;
    this.throttledUntil = nanoTime.getAsLong();
    this.refusedUntil = throttledUntil;
  }

  /**
   * Waits for a free slot, but not for the end of a pause: what waits could be done by others, or
   * later, once calls go on.
   *
   * @param wait the longest to wait; zero or less does not wait
   * @return a slot to close after the call; null when there is none in time, at once when a pause
   *     is in force or begins
   * @throws InterruptedException when interrupted while waiting; no slot is held then
   */
  public @Nullable Slot enter(Duration wait) throws InterruptedException {
    long patience = nanos(wait);
    lock.lockInterruptibly();
    Condition me = lock.newCondition();
    line.add(me);
    try {
      long start = nanoTime.getAsLong();
      while (true) {
        long now = nanoTime.getAsLong();
        long left = patience - (now - start);
        if (shut || pauseAt(now) > 0) {
          return null;
        }
        // Looked at anew after every wait: a pause may have begun while a slot came free.
        if (free > 0 && trial == null && me.equals(line.getFirst())) {
          free--;
          Slot slot = new Slot();
          if (refusal != null) {
            trial = slot;
          }
          return slot;
        }
        if (left <= 0) {
          return null;
        }
        long ignored = me.awaitNanos(left);
      }
    } finally {
      // Whoever is next must learn that it is.
      line.remove(me);
      wakeFirst();
      lock.unlock();
    }
  }

  /** How many calls may be in flight. */
  public int slots() {
    return slots;
  }

  /** Lets nobody in any more, those who wait included. Calls in flight are not touched. */
  public void shut() {
    lock.lock();
    try {
      shut = true;
      line.forEach(Condition::signal);
    } finally {
      lock.unlock();
    }
  }

  /** Pauses calls for {@code wait} from now. Never shortens a pause in force. */
  public void throttle(Duration wait) {
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      long until = now + nanos(wait);
      if (until - throttledUntil > 0) {
        throttledUntil = until;
      }
      line.forEach(Condition::signal);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Pauses calls for {@link #REFUSAL_PAUSE} from now, and remembers that the account is refused
   * until {@link #accepted()}.
   *
   * @param message what Vapi said, fit to be shown
   */
  public void refuse(String message) {
    lock.lock();
    try {
      refusal = message;
      refusedUntil = nanoTime.getAsLong() + nanos(REFUSAL_PAUSE);
      trial = null;
      line.forEach(Condition::signal);
    } finally {
      lock.unlock();
    }
  }

  /** Vapi accepts the account: forgets a refusal and ends its pause. A throttle's pause stays. */
  public void accepted() {
    lock.lock();
    try {
      if (refusal != null) {
        refusal = null;
        refusedUntil = nanoTime.getAsLong();
        trial = null;
        line.forEach(Condition::signal);
      }
    } finally {
      lock.unlock();
    }
  }

  /** How things stand now. A refusal, being the graver, is named before a throttle. */
  public State state() {
    lock.lock();
    try {
      Duration remaining = Duration.ofNanos(pauseAt(nanoTime.getAsLong()));
      if (refusal != null) {
        return new State.Refused(refusal, remaining);
      }
      return remaining.isZero() ? new State.Open() : new State.Throttled(remaining);
    } finally {
      lock.unlock();
    }
  }

  /** Whether calls may go out now; never again once shut. */
  public boolean isOpen() {
    lock.lock();
    try {
      return !shut && pauseAt(nanoTime.getAsLong()) == 0;
    } finally {
      lock.unlock();
    }
  }

  /** What is left of the pause in force; zero when calls may go out. */
  public Duration paused() {
    lock.lock();
    try {
      return Duration.ofNanos(pauseAt(nanoTime.getAsLong()));
    } finally {
      lock.unlock();
    }
  }

  private long pauseAt(long now) {
    long refused = refusal == null ? 0 : refusedUntil - now;
    return Math.max(0, Math.max(refused, throttledUntil - now));
  }

  private void wakeFirst() {
    if (!line.isEmpty()) {
      line.getFirst().signal();
    }
  }

  private void leave(Slot slot) {
    lock.lock();
    try {
      if (slot.open) {
        slot.open = false;
        free++;
        if (trial == slot) {
          trial = null;
        }
        wakeFirst();
      }
    } finally {
      lock.unlock();
    }
  }

  private static long nanos(Duration duration) {
    return Math.clamp(TimeUnit.NANOSECONDS.convert(duration), 0, FAR);
  }

  /** Leave to make calls to Vapi, one at a time, until closed. */
  public final class Slot implements AutoCloseable {
    private boolean open = true; // guarded by the gate's lock

    private Slot() {}

    /** Gives the slot back. Closing again does nothing. */
    @Override
    public void close() {
      leave(this);
    }
  }

  /** How the gate stands. */
  public sealed interface State {
    /** Calls may go out. */
    record Open() implements State {}

    /** Vapi asked for a pause; {@code remaining} is more than zero. */
    record Throttled(Duration remaining) implements State {}

    /**
     * Vapi refuses the account, and has not accepted a call since.
     *
     * @param message what it said
     * @param remaining of the pause; zero when the next call may try
     */
    record Refused(String message, Duration remaining) implements State {}
  }
}
