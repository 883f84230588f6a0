package dev.provisioner.sandbox;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/**
 * What the {@link VapiSimulator} does to a call instead of just answering it. "Applied" means that
 * the call has its effect at Vapi: for a create, that the assistant exists.
 */
public sealed interface Fault
    permits Fault.Delay, Fault.HalfBody, Fault.Drop, Fault.Instead, Fault.WithoutId, Hold {
  /** Applied at once, answered late. */
  static Fault delay(Duration duration) {
    return new Delay(duration);
  }

  /** Applied; headers and half of the body are sent, then nothing more. */
  static Fault stallBody() {
    return new HalfBody(true);
  }

  /** Applied; headers and half of the body are sent, then the connection closes. */
  static Fault cutBody() {
    return new HalfBody(false);
  }

  /** The connection closes without an answer, and nothing has happened. */
  static Fault dropBeforeApplying() {
    return new Drop(false);
  }

  /** The connection closes without an answer, but it has happened. */
  static Fault dropAfterApplying() {
    return new Drop(true);
  }

  /** Refused with this status and an error as Vapi words it. */
  static Fault status(int status) {
    return new Instead(false, Answer.error(status, "simulated"));
  }

  /** Not applied; answered with exactly this. */
  static Fault status(int status, String body) {
    return new Instead(false, Answer.of(status, body));
  }

  /** Applied; answered with exactly this all the same. */
  static Fault statusAfterApplying(int status, String body) {
    return new Instead(true, Answer.of(status, body));
  }

  /** 429 that does not say for how long. */
  static Fault throttled() {
    return new Instead(false, Answer.error(429, "Rate limit exceeded"));
  }

  /** 429 with Retry-After in seconds. */
  static Fault throttled(Duration retryAfter) {
    return throttled(Long.toString(retryAfter.toSeconds()));
  }

  /** 429 with Retry-After as an HTTP date. */
  static Fault throttledUntil(Instant retryAfter) {
    return throttled(
        DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC)
            .format(retryAfter));
  }

  /** Applied; answered like any success, but for the id. */
  static Fault withoutId() {
    return new WithoutId();
  }

  /** 308 to another address, which tells a client to send everything again there. */
  static Fault redirect(String location) {
    return new Instead(false, new Answer(308, "text/plain", "", Map.of("Location", location)));
  }

  private static Fault throttled(String retryAfter) {
    Answer answer = Answer.error(429, "Rate limit exceeded");
    return new Instead(
        false,
        new Answer(
            answer.status(),
            answer.contentType(),
            answer.body(),
            Map.of("Retry-After", retryAfter)));
  }

  /** See {@link #delay}. */
  record Delay(Duration duration) implements Fault {}

  /** See {@link #stallBody} and {@link #cutBody}. */
  record HalfBody(boolean stalls) implements Fault {}

  /** See {@link #dropBeforeApplying} and {@link #dropAfterApplying}. */
  record Drop(boolean applied) implements Fault {}

  /** An answer that has nothing to do with the call. */
  record Instead(boolean applied, Answer answer) implements Fault {}

  /** See {@link #withoutId}. */
  record WithoutId() implements Fault {}
}
