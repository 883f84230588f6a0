package dev.provisioner.provision;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Some rows of the queue, newest first.
 *
 * @param next where the following page begins; null where these are the last
 */
public record Page(List<Provision> rows, @Nullable Position next) {
  /**
   * A place in the order of rows. It stays good when the row that it was taken from is gone, and
   * for every choice of rows.
   */
  public record Position(Instant createdAt, UUID id) {}

  /**
   * Which rows to show.
   *
   * @param statuses only rows of these; empty: of any
   * @param userId only this user's rows; null: everybody's
   * @param needsAPerson only rows that do not go on by themselves
   * @param limit how many at most
   * @param after only rows that come after this; null: from the newest on
   */
  public record Request(
      Set<Status> statuses,
      @Nullable UUID userId,
      boolean needsAPerson,
      int limit,
      @Nullable Position after) {}
}
