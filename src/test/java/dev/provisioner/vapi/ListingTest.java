package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.vapi.Listing.Interval;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ListingTest {
  private static final Instant START = Instant.parse("2026-08-01T10:00:00Z");
  private static final Interval HOUR = Interval.around(START, START.plusSeconds(3_600));
  private static final int LIMIT = 5;
  private static final Comparator<Assistant> OLDEST_FIRST =
      Comparator.comparing(Assistant::createdAt).thenComparing(Assistant::id);

  private final List<Assistant> kept = new ArrayList<>();
  private final List<Interval> asked = new ArrayList<>();
  private final Random random = new Random(7);

  @Test
  void aPageThatIsNotFullIsTheListing() {
    keep(4, Duration.ofMinutes(1));

    assertThat(listing().every(HOUR, each -> true)).isEqualTo(new Answer.Ok<>(kept));
    assertThat(asked).containsExactly(HOUR);
  }

  @Test
  void onlyWhatIsWantedIsKept() {
    keep(50, Duration.ofMinutes(1));
    Assistant wanted = kept.get(31);

    assertThat(listing().every(HOUR, wanted::equals)).isEqualTo(new Answer.Ok<>(List.of(wanted)));
    assertThat(asked).hasSizeGreaterThan(1);
  }

  @Test
  void nothingIsMissedHoweverTheyAreSpread() {
    for (int round = 0; round < 200; round++) {
      kept.clear();
      int count = random.nextInt(60);
      for (int i = 0; i < count; i++) {
        // Microseconds, which we can neither ask for nor rely on not being there; some ties too.
        long micros = random.nextLong(20_000) * (random.nextBoolean() ? 1_000 : 997);
        kept.add(assistant("a" + i, START.plusNanos(micros * 1_000)));
      }
      long crowd =
          kept.stream()
              .mapToLong(one -> kept.stream().filter(two -> apart(one, two) <= 2).count())
              .max()
              .orElse(0);
      if (crowd < LIMIT) {
        kept.sort(OLDEST_FIRST);
        assertThat(listing().every(HOUR, each -> true)).isEqualTo(new Answer.Ok<>(kept));
      }
    }
  }

  @Test
  void tiesUpToTheLimitAreFound() {
    for (int i = 0; i < LIMIT - 1; i++) {
      kept.add(assistant("tie" + i, START.plusSeconds(60)));
    }
    keep(20, Duration.ofMinutes(2));
    kept.sort(OLDEST_FIRST);

    assertThat(listing().every(HOUR, each -> true)).isEqualTo(new Answer.Ok<>(kept));
  }

  @Test
  void moreTiesThanAPageHoldsAreCouldNotLook() {
    for (int i = 0; i < LIMIT; i++) {
      kept.add(assistant("tie" + i, START.plusSeconds(60)));
    }

    assertThat(listing().every(HOUR, each -> true))
        .isInstanceOfSatisfying(
            Answer.Unknown.class,
            unknown -> assertThat(unknown.reason()).contains("within one millisecond"));
  }

  @Test
  void theFirstPageThatFailsIsTheAnswer() {
    keep(30, Duration.ofMinutes(1));
    Answer<List<Assistant>> failure = new Answer.Throttled<>(Duration.ofSeconds(9));
    Listing listing =
        new Listing(
            (interval, limit) -> asked.size() == 3 ? failure : page(interval, limit), LIMIT);

    assertThat(listing.every(HOUR, each -> true)).isEqualTo(failure);
    assertThat(asked).hasSize(3);
  }

  @Test
  void aServerThatIgnoresTheFilterCannotKeepUsForever() {
    keep(LIMIT, Duration.ofSeconds(1));
    Listing listing =
        new Listing(
            (interval, limit) -> {
              asked.add(interval);
              return new Answer.Ok<>(kept);
            },
            LIMIT);

    assertThat(listing.every(HOUR, each -> true)).isInstanceOf(Answer.Unknown.class);
    assertThat(asked).hasSizeLessThan(50);
  }

  @Test
  void moreThanTheMostPagesAreCouldNotLook() {
    keep(5 * Listing.MOST_PAGES, Duration.ofMillis(500));

    assertThat(listing().every(HOUR, each -> true)).isInstanceOf(Answer.Unknown.class);
    assertThat(asked).hasSize(Listing.MOST_PAGES);
  }

  @Test
  void anIntervalIsWidenedToWholeMilliseconds() {
    Instant from = Instant.parse("2026-08-01T10:00:00.000999Z");
    Instant to = Instant.parse("2026-08-01T10:00:00.001001Z");

    assertThat(Interval.around(from, to))
        .isEqualTo(new Interval(START.toEpochMilli(), START.toEpochMilli() + 2));
    assertThat(Interval.around(START, START))
        .isEqualTo(new Interval(START.toEpochMilli(), START.toEpochMilli()));
    assertThatThrownBy(() -> Interval.around(to, from))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private Listing listing() {
    return new Listing(this::page, LIMIT);
  }

  /** As Vapi does: what lies in the interval, in no order, cut at the limit. */
  private Answer<List<Assistant>> page(Interval interval, int limit) {
    asked.add(interval);
    Instant from = Instant.ofEpochMilli(interval.fromMillis());
    Instant to = Instant.ofEpochMilli(interval.toMillis());
    List<Assistant> page = new ArrayList<>();
    for (Assistant one : kept) {
      if (!one.createdAt().isBefore(from) && !one.createdAt().isAfter(to)) {
        page.add(one);
      }
    }
    Collections.shuffle(page, random);
    return new Answer.Ok<>(page.subList(0, Math.min(limit, page.size())));
  }

  private void keep(int count, Duration apart) {
    for (int i = 0; i < count; i++) {
      kept.add(assistant("a" + i, START.plus(apart.multipliedBy(i))));
    }
  }

  private static long apart(Assistant one, Assistant two) {
    return Duration.between(one.createdAt(), two.createdAt()).abs().toMillis();
  }

  private static Assistant assistant(String id, Instant createdAt) {
    return new Assistant(id, createdAt, null, null, null);
  }
}
