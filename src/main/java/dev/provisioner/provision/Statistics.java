package dev.provisioner.provision;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the queue stands, in numbers.
 *
 * @param counts rows by status; every status is there
 * @param processedIsEstimated whether the count of processed rows is what the database's own
 *     statistics say: they are not counted one by one when there are many
 * @param errors errored and failed rows by error code; absent where there are none
 * @param due rows that are due now
 * @param oldestDue for how long the longest due has been; null where none is
 * @param inDoubt rows not being worked on for which an assistant may exist that nobody knows of
 * @param looksDue rows and tombstones whose next look is due
 * @param tombstones departed users whose assistants are still to be removed
 * @param needsAPerson rows that do not go on by themselves, see {@link QueueView}
 * @param lastHour how many rows were processed, in twelve spans of five minutes, oldest first
 */
public record Statistics(
    Map<Status, Long> counts,
    boolean processedIsEstimated,
    Map<String, Long> errors,
    long due,
    @Nullable Duration oldestDue,
    long inDoubt,
    long looksDue,
    long tombstones,
    long needsAPerson,
    List<Span> lastHour) {
  /** How many rows were processed in {@link #LENGTH}. */
  public record Span(Instant from, long processed) {
    public static final Duration LENGTH = Duration.ofMinutes(5);
  }

  public long processedLastHour() {
    return lastHour.stream().mapToLong(Span::processed).sum();
  }
}
