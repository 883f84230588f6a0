package dev.provisioner.provision;

import dev.provisioner.provision.Observer.Ended;
import dev.provisioner.provision.Observer.Resolution;
import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Unfinished;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Takes note of how one attempt goes, for who is told at its end; decides nothing. */
final class Course {
  private final Claim claim;
  private final LongSupplier nanoTime;
  private final long begun;
  private long atVapi;
  private long settling;
  private @Nullable Verdict verdict;

  Course(Claim claim, LongSupplier nanoTime) {
    this.claim = claim;
    this.nanoTime = nanoTime;
    this.begun = nanoTime.getAsLong();
    this.settling = begun;
  }

  /** Asks Vapi. */
  <T extends @Nullable Object> T atVapi(Supplier<T> call) {
    long begin = nanoTime.getAsLong();
    try {
      return call.get();
    } finally {
      atVapi += nanoTime.getAsLong() - begin;
    }
  }

  /** All is known that will be: from here on it is recorded. */
  void settling() {
    settling = nanoTime.getAsLong();
  }

  /** This is to become of the row; the last one counts. */
  void decided(Verdict verdict) {
    this.verdict = verdict;
  }

  Ended ended(Outcome outcome) {
    long now = nanoTime.getAsLong();
    return new Ended(
        outcome,
        errorCode(outcome),
        claim.attempts() + 1,
        Duration.ofNanos(atVapi),
        Duration.ofNanos(now - settling),
        Duration.ofNanos(now - begun),
        next(outcome));
  }

  /** What became of a doubt that was there before, or is left now for a person; null: neither. */
  @Nullable Resolution resolution(Outcome outcome) {
    return switch (outcome.result()) {
      case ADOPTED -> Resolution.ADOPTED;
      case CREATED -> claim.earlier() == null ? null : Resolution.CREATED_ANEW;
      case FAILED ->
          claim.earlier() != null || verdict instanceof InDoubt ? Resolution.GIVEN_UP : null;
      case ALREADY_PROVISIONED, ERRORED, LOST, RELEASED -> null;
    };
  }

  private @Nullable String errorCode(Outcome outcome) {
    return switch (outcome.result()) {
      case ERRORED, FAILED -> verdict instanceof Unfinished it ? it.code() : null;
      case CREATED, ADOPTED, ALREADY_PROVISIONED, LOST, RELEASED -> null;
    };
  }

  private @Nullable Duration next(Outcome outcome) {
    return switch (outcome.result()) {
      case ERRORED -> verdict instanceof Unfinished it ? it.delay() : null;
      case RELEASED -> verdict instanceof LetGo it ? it.delay() : null;
      case CREATED, ADOPTED, ALREADY_PROVISIONED, FAILED, LOST -> null;
    };
  }
}
