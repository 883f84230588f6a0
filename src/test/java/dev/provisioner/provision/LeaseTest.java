package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private static final Duration LENGTH = Duration.ofMinutes(2);

  private final AtomicReference<Instant> wall =
      new AtomicReference<>(Instant.parse("2030-01-01T12:00:00Z"));
  // A monotonic clock may begin anywhere, and pass the end of its numbers.
  private final AtomicLong monotonic = new AtomicLong(Long.MAX_VALUE - 1);
  private final InstantSource source = wall::get;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final Lease lease = Lease.startingNow(LENGTH, clock, monotonic::get);

  @Test
  void freshLeaseIsWhole() {
    assertThat(lease.left()).isEqualTo(LENGTH);
  }

  @Test
  void bothClocksTogetherCountOnce() {
    passOnTheWall(Duration.ofSeconds(30));
    passOnTheMonotonicClock(Duration.ofSeconds(30));

    assertThat(lease.left()).isEqualTo(Duration.ofSeconds(90));
  }

  @Test
  void suspendedMachineHasLostTimeThoughItsMonotonicClockStoodStill() {
    passOnTheWall(Duration.ofSeconds(119));

    assertThat(lease.left()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void wallClockSetBackGivesNoTime() {
    passOnTheWall(Duration.ofHours(-1));
    passOnTheMonotonicClock(Duration.ofSeconds(100));

    assertThat(lease.left()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void whatIsOverIsNegative() {
    passOnTheMonotonicClock(Duration.ofSeconds(121));

    assertThat(lease.left()).isEqualTo(Duration.ofSeconds(-1));
  }

  private void passOnTheWall(Duration time) {
    wall.updateAndGet(now -> now.plus(time));
  }

  private void passOnTheMonotonicClock(Duration time) {
    monotonic.addAndGet(time.toNanos());
  }
}
