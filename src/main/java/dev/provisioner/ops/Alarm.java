package dev.provisioner.ops;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * When to tell of one kind of trouble, and when that it is over. Times are of a monotonic clock, in
 * nanoseconds. Thread-safe; what happens is only counted.
 */
final class Alarm {
  /** At most one message that something is wrong in this time. */
  static final Duration QUIET = Duration.ofMinutes(10);

  /** What happens together is told together. */
  static final Duration GATHER = Duration.ofSeconds(5);

  /** What was looked at so shortly after something happened may not show it yet. */
  private static final Duration SETTLING = Duration.ofSeconds(2);

  private final @Nullable Duration reminder;
  private final boolean ends;
  private final Map<String, Long> news = new TreeMap<>();
  private long firstNews;
  private @Nullable Long lastEvent;
  private @Nullable Long told;
  private boolean standing;
  private boolean lasting;
  private @Nullable Long looked;

  /**
   * @param reminder how often it is told while it lasts and nothing new happens; null: then not
   * @param ends whether there is something that can be over
   */
  Alarm(@Nullable Duration reminder, boolean ends) {
    this.reminder = reminder;
    this.ends = ends;
  }

  /** What is to be told. */
  sealed interface Message {
    /**
     * Something is wrong.
     *
     * @param news how often what has happened since the last message
     */
    record Raised(Map<String, Long> news) implements Message {
      long count() {
        return news.values().stream().mapToLong(Long::longValue).sum();
      }

      /** Such as {@code 2 rejected, 1 attempts_spent}. */
      String details() {
        return news.entrySet().stream()
            .map(each -> each.getValue() + " " + each.getKey())
            .collect(Collectors.joining(", "));
      }
    }

    /** What was told of is over. */
    record Resolved() implements Message {}
  }

  /** Something has happened. */
  synchronized void happened(String what, long now) {
    if (news.isEmpty()) {
      firstNews = now;
    }
    news.merge(what, 1L, Long::sum);
    lastEvent = now;
  }

  /** It was looked, just now, whether the trouble lasts. */
  synchronized void looked(boolean lasting, long now) {
    this.lasting = lasting;
    this.looked = now;
  }

  /** What is to be told now; null: nothing. Nothing changes until it is {@link #told}. */
  synchronized @Nullable Message due(long now) {
    if (standing && over()) {
      return new Message.Resolved();
    }
    boolean begins = !news.isEmpty() && now - firstNews >= GATHER.toNanos();
    boolean lasts = reminder != null && lasting && (!standing || past(reminder, now));
    return (begins || lasts) && past(QUIET, now) ? new Message.Raised(Map.copyOf(news)) : null;
  }

  /** The message has arrived, or was given up. */
  synchronized void told(Message message, long now) {
    switch (message) {
      case Message.Resolved it -> {
        standing = false;
        news.clear(); // over as well
      }
      case Message.Raised it -> {
        standing = ends;
        told = now;
        it.news().forEach((what, count) -> news.merge(what, -count, Long::sum));
        news.values().removeIf(left -> left <= 0);
        firstNews = now;
      }
    }
  }

  private boolean over() {
    return looked != null
        && !lasting
        && (lastEvent == null || looked - lastEvent >= SETTLING.toNanos());
  }

  private boolean past(Duration time, long now) {
    return told == null || now - told >= time.toNanos();
  }
}
