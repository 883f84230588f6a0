package dev.provisioner.provision;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long an errored row waits: 15 s, doubled with every attempt, an hour at most, each ±20 % so
 * that rows which failed together do not come back together.
 */
final class Backoff {
  private static final Duration FIRST = Duration.ofSeconds(15);
  private static final Duration LONGEST = Duration.ofHours(1);
  private static final double JITTER = 0.2;

  private final DoubleSupplier random;

  /**
   * @param random uniform in [0, 1)
   */
  Backoff(DoubleSupplier random) {
    this.random = random;
  }

  /**
   * @param attempts settled so far, this one included; 0 counts as 1
   */
  Duration after(int attempts) {
    int doublings = Math.clamp(attempts - 1L, 0, 20);
    long millis = Math.min(FIRST.toMillis() << doublings, LONGEST.toMillis());
    return Duration.ofMillis(Math.round(millis * (1 - JITTER + 2 * JITTER * random.getAsDouble())));
  }
}
