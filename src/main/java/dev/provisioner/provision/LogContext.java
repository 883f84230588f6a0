package dev.provisioner.provision;

import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.MDC;

/** Lets what is handed to another thread log under the same request. */
public final class LogContext {
  private LogContext() {}

  /** The task, with the logging context of who hands it over. */
  public static <T> Callable<T> carried(Callable<T> task) {
    Map<String, String> context = MDC.getCopyOfContextMap();
    if (context == null) {
      return task;
    }
    return () -> {
      MDC.setContextMap(context);
      try {
        return task.call();
      } finally {
        MDC.clear();
      }
    };
  }

  /** The same for what has no result. */
  public static Runnable carried(Runnable task) {
    Map<String, String> context = MDC.getCopyOfContextMap();
    if (context == null) {
      return task;
    }
    return () -> {
      MDC.setContextMap(context);
      try {
        task.run();
      } finally {
        MDC.clear();
      }
    };
  }
}
