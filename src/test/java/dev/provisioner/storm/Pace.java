package dev.provisioner.storm;

import dev.provisioner.storm.Event.Strike;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/**
 * A storm's clock. It stands still while the machine cannot follow: an instance that is still
 * starting is not killed again, and users do not queue up by the hundred with nobody trying.
 */
final class Pace {
  private static final Duration TICK = Duration.ofMillis(50);

  /** Between two looks at the queue. */
  private static final int TICKS = 10;

  private static final int MOST_WAITING = 100;

  /** After which it goes on all the same. */
  private static final Duration LONGEST_STAND = Duration.ofMinutes(3);

  private final Chronicle chronicle;
  private final List<Begun> strikes = new ArrayList<>();
  private final List<Future<?>> everything = new ArrayList<>();
  private Duration now = Duration.ZERO;
  private Duration stood = Duration.ZERO;
  private long ticks;
  private boolean crowded;

  private record Begun(Duration planned, Future<?> deed) {}

  Pace(Chronicle chronicle) {
    this.chronicle = chronicle;
  }

  void begun(Event event, Future<?> deed) {
    everything.add(deed);
    if (event instanceof Strike it) {
      strikes.add(new Begun(it.at().plus(it.lasts()), deed));
    }
  }

  void waitUntil(Duration at) throws InterruptedException {
    while (now.compareTo(at) < 0) {
      Thread.sleep(TICK);
      if (stood.compareTo(LONGEST_STAND) < 0 && isTooFast()) {
        stood = stood.plus(TICK);
      } else {
        now = now.plus(TICK);
      }
    }
  }

  /** Waits for all that has begun, and fails if any of it has. */
  void awaitAll() throws InterruptedException, ExecutionException {
    for (Future<?> each : everything) {
      each.get();
    }
  }

  private boolean isTooFast() {
    strikes.removeIf(each -> each.deed().isDone());
    if (ticks++ % TICKS == 0) {
      try {
        crowded =
            chronicle.count(
                    "select count(*) from public.pending_vapi_provision where status = 'pending'")
                > MOST_WAITING;
      } catch (SQLException e) {
        // The database is away, as planned.
      }
    }
    return crowded || strikes.stream().anyMatch(each -> each.planned().compareTo(now) < 0);
  }
}
