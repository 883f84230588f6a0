package dev.provisioner.vapi;

import java.time.Duration;
import java.util.Locale;

/**
 * Who is told of every call to Vapi, to count it. Called by many threads at the same time; it must
 * not keep them, and what it throws is logged and changes nothing.
 */
@FunctionalInterface
public interface CallObserver {
  /** Nobody is. */
  CallObserver NOBODY = (operation, answer, took) -> {};

  /**
   * A call has ended.
   *
   * @param took from before it was sent to its end
   */
  void called(Operation operation, Answer<?> answer, Duration took);

  /** What was asked of Vapi. The names in metrics are these in lower case. */
  enum Operation {
    CREATE,
    /** One page of a listing. */
    LIST,
    GET,
    DELETE,
    PROBE;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
