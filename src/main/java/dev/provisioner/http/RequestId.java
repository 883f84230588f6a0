package dev.provisioner.http;

import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The name under which one request is found again in logs, in problems and at the caller's. */
final class RequestId {
  static final String HEADER = "X-Request-Id";

  /** The request attribute that holds it, and its key in the logging context. */
  static final String NAME = "request_id";

  /** What is harmless in a header, a log line and a URN. */
  private static final Pattern ACCEPTED = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private RequestId() {}

  /** The caller's, if it can be used; else a new one. */
  static String of(@Nullable String given) {
    return given != null && ACCEPTED.matcher(given).matches()
        ? given
        : UUID.randomUUID().toString();
  }
}
