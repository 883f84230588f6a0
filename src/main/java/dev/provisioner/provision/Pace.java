package dev.provisioner.provision;

import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets one audit make its calls to Vapi: one after the other, with a pause between them, each with
 * a slot of its own, so that provisions go on meanwhile.
 */
final class Pace {
  /** Others come first for so long: what waits in line is a call each. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Gate gate;
  private final Duration pause;
  private final CountDownLatch stopped;
  private boolean begun;

  Pace(Gate gate, Duration pause, CountDownLatch stopped) {
    this.gate = gate;
    this.pause = pause;
    this.stopped = stopped;
  }

  /**
   * Waits for its turn, and makes the call.
   *
   * @return null when no call can be made now; at once when calls are paused
   * @throws AuditStop the instance stops
   */
  <T> @Nullable T turn(Supplier<T> call) {
    checkStopped();
    if (!gate.isOpen()) {
      return null;
    }
    try {
      if (begun && stopped.await(TimeUnit.NANOSECONDS.convert(pause), TimeUnit.NANOSECONDS)) {
        checkStopped();
      }
      begun = true;
      try (Gate.Slot slot = gate.enter(PATIENCE)) {
        checkStopped();
        return slot == null ? null : call.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stop();
    }
  }

  /**
   * @throws AuditStop the instance stops
   */
  void checkStopped() {
    if (stopped.getCount() == 0) {
      throw stop();
    }
  }

  private static AuditStop stop() {
    return new AuditStop(
        new AuditRefusal(
            AuditRefusal.Reason.SHUTTING_DOWN,
            "This instance is shutting down and has stopped the audit. What was mended by then is mended; send it again, another instance takes it.",
            Duration.ofSeconds(5)));
  }
}
