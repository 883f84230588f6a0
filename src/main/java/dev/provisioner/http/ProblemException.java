package dev.provisioner.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The request was wrong, or cannot be served now. Thrown by an endpoint, it ends the request with a
 * problem; it is not logged, and has no stack trace.
 */
public final class ProblemException extends RuntimeException {
  private final ProblemType type;
  private final String detail;
  private final Map<String, String> headers;
  private final transient List<Problem.FieldError> errors;

  /**
   * @param detail what is wrong and what to do about it, for the caller to read: nothing secret,
   *     and nothing of the request that it does not need
   */
  public ProblemException(ProblemType type, String detail) {
    this(type, detail, Map.of(), List.of());
  }

  /**
   * @param headers to answer with, name to value
   */
  public ProblemException(ProblemType type, String detail, Map<String, String> headers) {
    this(type, detail, headers, List.of());
  }

  ProblemException(
      ProblemType type,
      String detail,
      Map<String, String> headers,
      List<Problem.FieldError> errors) {
    super(type.slug() + ": " + detail, null, false, false);
    this.type = type;
    this.detail = detail;
    this.headers = Map.copyOf(headers);
    this.errors = List.copyOf(errors);
  }

  /** The same, telling the caller when to come again: whole seconds, at least one. */
  public ProblemException retryAfter(Duration wait) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put("Retry-After", Long.toString(Math.max(1, wait.plusMillis(999).toSeconds())));
    return new ProblemException(type, detail, more, errors);
  }

  public ProblemType type() {
    return type;
  }

  public String detail() {
    return detail;
  }

  /** To answer with, name to value. */
  public Map<String, String> headers() {
    return headers;
  }

  List<Problem.FieldError> errors() {
    return errors;
  }
}
