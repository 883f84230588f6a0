package dev.provisioner.provision;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;

/**
 * How long a claim is certainly ours, reckoned from before the claim was sent, so never longer than
 * the database reckons. Both clocks count: the monotonic one stands still in a suspended machine,
 * and the wall clock can be set back.
 */
final class Lease {
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final Instant end;
  private final long endNanos;

  private Lease(Duration length, Clock clock, LongSupplier nanoTime) {
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.end = clock.instant().plus(length);
    this.endNanos = nanoTime.getAsLong() + length.toNanos();
  }

  /** To be called before the claim is sent to the database. */
  static Lease startingNow(Duration length, Clock clock, LongSupplier nanoTime) {
    return new Lease(length, clock, nanoTime);
  }

  /** What is left by the clock that says less; negative when over. */
  Duration left() {
    Duration monotonic = Duration.ofNanos(endNanos - nanoTime.getAsLong());
    Duration wall = Duration.between(clock.instant(), end);
    return monotonic.compareTo(wall) < 0 ? monotonic : wall;
  }
}
