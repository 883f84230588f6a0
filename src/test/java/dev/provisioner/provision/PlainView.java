package dev.provisioner.provision;

import java.sql.Connection;
import java.time.Duration;
import java.util.Set;

/** What operators ask the queue, on one connection and without a server in front. */
public final class PlainView {
  private final QueueView view;
  private final QueueStatistics statistics;
  private long nanos;

  public PlainView(Connection connection) {
    Database database = new Database(() -> KeptOpen.of(connection));
    view = new QueueView(database);
    // Always later than what is remembered: each question goes to the database.
    statistics = new QueueStatistics(database, () -> nanos += Duration.ofMinutes(1).toNanos());
  }

  /** The newest rows, of whatever status, as many as {@code GET /provisions} shows. */
  public Page page() {
    return view.page(new Page.Request(Set.of(), null, false, 50, null));
  }

  public Statistics statistics() {
    return statistics.read();
  }
}
