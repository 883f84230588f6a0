package dev.provisioner.vapi;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A complete HTTP response, before anybody has made sense of it.
 *
 * @param retryAfter the Retry-After header as sent; null where absent
 * @param date the Date header as sent; null where absent
 * @param receivedAt when it came, on our clock; a Retry-After that is a date counts from here
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, and a listing is large
record Reply(
    int status,
    @Nullable String retryAfter,
    @Nullable String date,
    Instant receivedAt,
    byte[] body) {
  Reply(int status, @Nullable String retryAfter, Instant receivedAt, byte[] body) {
    this(status, retryAfter, null, receivedAt, body);
  }

  /** The same reply, its body read. */
  Reply with(byte[] read) {
    return new Reply(status, retryAfter, date, receivedAt, read);
  }

  InputStream content() {
    return new ByteArrayInputStream(body);
  }

  boolean isSuccess() {
    return status >= 200 && status < 300;
  }

  boolean isRedirect() {
    return status >= 300 && status < 400;
  }

  @Override
  public String toString() {
    return "Reply[status=" + status + ", bytes=" + body.length + "]";
  }
}
