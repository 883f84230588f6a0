package dev.provisioner.http;

import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

/**
 * One method of one path, and what answers it.
 *
 * @param path as Javalin has it: {@code /provisions/{id}}
 */
public record Route(HandlerType method, String path, Handler handler) {
  /** Answers GET, and HEAD the same way without the body. */
  public static Route get(String path, Handler handler) {
    return new Route(HandlerType.GET, path, handler);
  }

  public static Route post(String path, Handler handler) {
    return new Route(HandlerType.POST, path, handler);
  }
}
