package dev.provisioner.storm;

import dev.provisioner.storm.Weather.Deletion;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Watches what must hold at every moment: nobody's assistant is replaced, none is given to two, and
 * none that is in use is deleted. Reads only; while the database is away it waits.
 */
final class Watcher implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(250);

  private final Chronicle chronicle;
  private final Weather weather;
  private final List<Deletion> deletions = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private int checked;
  private volatile List<String> violations = List.of();

  Watcher(Chronicle chronicle, Weather weather) {
    this.chronicle = chronicle;
    this.weather = weather;
    this.thread = Thread.ofVirtual().name("watcher").start(this::run);
  }

  /** Empty while all is well; never emptied again. */
  List<String> violations() {
    return violations;
  }

  /** Ends; then checks everything once more, with what became of it later. */
  List<Deletion> end() throws SQLException {
    close();
    checked = 0;
    check();
    return List.copyOf(deletions);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      do {
        try {
          check();
        } catch (SQLException e) {
          // The database is away; what was not checked yet is when it is back.
        }
      } while (violations.isEmpty() && !closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void check() throws SQLException {
    @Nullable Deletion next = weather.nextDeletion();
    while (next != null) {
      deletions.add(next);
      next = weather.nextDeletion();
    }
    List<String> found = new ArrayList<>(chronicle.violations());
    for (; checked < deletions.size(); checked++) {
      Deletion each = deletions.get(checked);
      if (chronicle.inUse(each.assistant(), each.at())) {
        found.add(
            "assistant %s was to be deleted at %s, in use".formatted(each.assistant(), each.at()));
      }
    }
    if (!found.isEmpty()) {
      violations = List.copyOf(found);
    }
  }
}
