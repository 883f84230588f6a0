package dev.provisioner.http;

import java.time.Duration;

/** Who is told of every request that a handler had a say in, to count it. */
@FunctionalInterface
public interface RequestObserver {
  /** Nobody is. */
  RequestObserver NOBODY = (method, route, status, took) -> {};

  /** Both of them for what no route answers; a caller may write anything there. */
  String NONE = "none";

  /**
   * A request has been answered.
   *
   * @param route the path as {@link Route} has it, without anything of the caller's
   */
  void answered(String method, String route, int status, Duration took);
}
