package dev.provisioner.vapi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What Vapi answered to one call, or that it did not.
 *
 * <p>The line that matters runs between the definite and {@link Unknown}: only a definite no may be
 * followed by another create without looking first.
 *
 * <p>Every {@code message} and {@code reason} is one line of at most 500 UTF-16 units, without the
 * API key and with e-mail addresses masked, fit for a log and for the row's {@code error}.
 */
public sealed interface Answer<T> {

  /** A 2xx, complete and understood. */
  record Ok<T>(T value) implements Answer<T> {}

  /** A 404 to a get or delete by id: there is no such assistant. */
  record Missing<T>() implements Answer<T> {}

  /**
   * A definite no to this request; sending it again unchanged is pointless. For a create never 401,
   * 402, 403, 404, 408, 409 or 429.
   *
   * @param status the HTTP status; 0 when the id asked for can be no assistant's, so that nothing
   *     was sent
   */
  record Rejected<T>(int status, String message) implements Answer<T> {}

  /**
   * 402, 403 or 404 to a create: either the account is refused or this request is. {@link
   * VapiClient#probe} tells. Nothing was created.
   */
  record Ambiguous<T>(int status, String message) implements Answer<T> {}

  /**
   * The account or the address is refused, not the request: 401, 407 and 3xx on any call, 402 and
   * 403 where we only read, 404 on a list or probe. Nothing was created.
   */
  record Refused<T>(int status, String message) implements Answer<T> {}

  /**
   * 429. Nothing was created.
   *
   * @param retryAfter what Retry-After asked for, between 1 s and 5 min; null where it is absent or
   *     unreadable
   */
  record Throttled<T>(@Nullable Duration retryAfter) implements Answer<T> {}

  /**
   * Refused connection, unknown host, connect timeout or failed TLS handshake: nothing was sent.
   */
  record NotSent<T>(String reason) implements Answer<T> {}

  /**
   * It may have happened: a 2xx that cannot be understood, 408, 409, 5xx, a truncated body, a
   * timeout or a reset after sending.
   */
  record Unknown<T>(String reason) implements Answer<T> {}
}
