package dev.provisioner.vapi;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A complete listing out of pages that Vapi cuts at a limit.
 *
 * <p>There is no cursor, and neither the order nor ties can be relied on. A full page is therefore
 * taken for a cut one and thrown away, and both halves of its interval are listed instead. The
 * halves share their boundary: Vapi's own clock may be finer than the milliseconds we can ask for.
 */
final class Listing {
  /** What Vapi allows at most. */
  static final int PAGE_LIMIT = 1_000;

  /** More pages than this, and the answer is that we could not look. */
  static final int MOST_PAGES = 1_000;

  private final Pages pages;
  private final int pageLimit;

  Listing(Pages pages, int pageLimit) {
    this.pages = pages;
    this.pageLimit = pageLimit;
  }

  /** Every wanted assistant created in the interval, oldest first, or the first failure. */
  Answer<List<Assistant>> every(Interval whole, Predicate<Assistant> wanted) {
    Map<String, Assistant> found = new LinkedHashMap<>();
    Answer<List<Assistant>> failure =
        walk(
            whole,
            MOST_PAGES,
            assistant -> {
              if (wanted.test(assistant)) {
                found.put(assistant.id(), assistant);
              }
            });
    if (failure != null) {
      return failure;
    }
    List<Assistant> sorted = new ArrayList<>(found.values());
    sorted.sort(Comparator.comparing(Assistant::createdAt).thenComparing(Assistant::id));
    return new Answer.Ok<>(List.copyOf(sorted));
  }

  /**
   * Hands over every assistant created in the interval, those on a boundary twice.
   *
   * @return the first failure; null when that was all
   */
  @Nullable Answer<List<Assistant>> walk(Interval whole, int mostPages, Consumer<Assistant> each) {
    Deque<Interval> open = new ArrayDeque<>();
    open.push(whole);
    for (int asked = 0; !open.isEmpty(); asked++) {
      if (asked == mostPages) {
        return new Answer.Unknown<>("gave up listing after " + mostPages + " pages");
      }
      Interval interval = open.pop();
      Answer<List<Assistant>> answer = pages.page(interval, pageLimit);
      if (!(answer instanceof Answer.Ok<List<Assistant>>(List<Assistant> page))) {
        return answer;
      }
      if (page.size() < pageLimit) {
        page.forEach(each);
      } else if (interval.toMillis() - interval.fromMillis() <= 1) {
        return new Answer.Unknown<>(
            "could not list more than " + pageLimit + " assistants within one millisecond");
      } else {
        long middle = Math.ceilDiv(interval.fromMillis() + interval.toMillis(), 2);
        open.push(new Interval(middle, interval.toMillis()));
        open.push(new Interval(interval.fromMillis(), middle));
      }
    }
    return null;
  }

  /** Asks for one page. */
  interface Pages {
    Answer<List<Assistant>> page(Interval interval, int limit);
  }

  /** Both ends included, in milliseconds since the epoch. */
  record Interval(long fromMillis, long toMillis) {
    Interval {
      if (fromMillis > toMillis) {
        throw new IllegalArgumentException("an interval ends before it begins");
      }
    }

    /** The smallest interval of whole milliseconds that holds both. */
    static Interval around(Instant from, Instant to) {
      if (from.isAfter(to)) {
        throw new IllegalArgumentException("an interval ends before it begins");
      }
      long floor = from.toEpochMilli();
      long ceiling = to.toEpochMilli();
      return new Interval(
          floor, Instant.ofEpochMilli(ceiling).isBefore(to) ? ceiling + 1 : ceiling);
    }
  }
}
