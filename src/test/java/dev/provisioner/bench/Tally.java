package dev.provisioner.bench;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * What many threads have done of a list of tasks: how long each took, and how it ended. Kept in
 * arrays made beforehand.
 */
final class Tally {
  private final long[] nanos;
  private final short[] statuses;
  private final AtomicInteger next = new AtomicInteger();

  Tally(int tasks) {
    nanos = new long[tasks];
    statuses = new short[tasks];
  }

  /** The number of a task that nobody has; -1 when all are taken. */
  int next() {
    int task = next.getAndIncrement();
    return task < nanos.length ? task : -1;
  }

  /** Each task is told of by one thread, once. */
  void done(int task, long took, int status) {
    nanos[task] = took;
    statuses[task] = (short) status;
  }

  /** One line for {@link Measured}. To be called when all threads have ended. */
  String json(long elapsed) {
    Map<Integer, Integer> counts = new TreeMap<>();
    long[] took = new long[nanos.length];
    int done = 0;
    for (int i = 0; i < nanos.length; i++) {
      if (nanos[i] > 0) {
        took[done++] = nanos[i];
        counts.merge((int) statuses[i], 1, Integer::sum);
      }
    }
    took = Arrays.copyOf(took, done);
    Arrays.sort(took);
    return "{\"seconds\":%s,\"p50\":%s,\"p95\":%s,\"p99\":%s,\"max\":%s,\"statuses\":{%s}}"
        .formatted(
            elapsed / 1e9,
            millis(took, 0.50),
            millis(took, 0.95),
            millis(took, 0.99),
            millis(took, 1),
            counts.entrySet().stream()
                .map(each -> "\"%d\":%d".formatted(each.getKey(), each.getValue()))
                .collect(Collectors.joining(",")));
  }

  private static double millis(long[] sorted, double share) {
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted.length == 0 ? 0 : sorted[Math.max(0, index)] / 1e6;
  }
}
