package dev.provisioner.doctor;

import java.time.Duration;
import java.time.Instant;

/**
 * By how much another clock is ahead of ours at the least, whatever time the question took.
 *
 * @param ahead negative when the other is behind; zero when nothing proves a difference
 */
record Skew(Duration ahead) {
  /**
   * @param before our clock when the other was asked
   * @param earliest what the other clock showed at some time in between, or
   * @param latest at most this
   * @param after our clock when the answer was there
   */
  static Skew between(Instant before, Instant earliest, Instant latest, Instant after) {
    if (earliest.isAfter(after)) {
      return new Skew(Duration.between(after, earliest));
    }
    return new Skew(latest.isBefore(before) ? Duration.between(before, latest) : Duration.ZERO);
  }
}
