package dev.provisioner.storm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.storm.Event.Strike;
import dev.provisioner.storm.Event.Verify;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What a seed decides. */
class PlanTest {
  private static final Duration LEASE = Duration.ofSeconds(12);

  @Test
  void seedDecidesEverything() {
    assertThat(Plan.of(7, 50, LEASE)).isEqualTo(Plan.of(7, 50, LEASE));
    assertThat(Plan.of(7, 50, LEASE).events()).isNotEqualTo(Plan.of(8, 50, LEASE).events());
  }

  @Test
  void everyUserSignsUpOnceAndBeforeTheEnd() {
    Plan plan = Plan.of(3, 300, LEASE);

    List<UUID> verified = new ArrayList<>();
    for (Event each : plan.events()) {
      assertThat(each.at()).isLessThan(plan.length().plusSeconds(10));
      if (each instanceof Verify it) {
        verified.add(it.user());
      }
    }

    assertThat(verified).hasSize(300).doesNotHaveDuplicates();
    assertThat(plan.people()).containsExactlyInAnyOrderElementsOf(verified);
  }

  @Test
  void instanceIsInOneTroubleAtATime() {
    Plan plan = Plan.of(3, 300, LEASE);

    Duration[] free = new Duration[Plan.INSTANCES];
    Arrays.fill(free, Duration.ZERO);
    for (Event each : plan.events()) {
      if (each instanceof Strike it) {
        assertThat(it.at()).isGreaterThanOrEqualTo(free[it.instance()]);
        free[it.instance()] = it.at().plus(it.lasts());
      }
    }
    assertThat(free).allMatch(Objects::nonNull).doesNotContain(Duration.ZERO);
  }

  @Test
  void deckDealsEachCardInEveryRound() {
    Deck<String> deck = new Deck<>(5, 6, List.of("a", "b", "b"));

    for (int round = 0; round < 20; round++) {
      List<String> dealt = new ArrayList<>();
      for (int n = 6 * round; n < 6 * (round + 1); n++) {
        String card = deck.card(n);
        if (card != null) {
          dealt.add(card);
        }
      }
      assertThat(dealt).containsExactlyInAnyOrder("a", "b", "b");
    }
  }

  @Test
  void deckDealsTheSameInAnyOrder() {
    Deck<String> deck = new Deck<>(5, 6, List.of("a", "b"));
    Deck<String> same = new Deck<>(5, 6, List.of("a", "b"));

    List<String> backwards = new ArrayList<>();
    for (int n = 99; n >= 0; n--) {
      backwards.addFirst(String.valueOf(deck.card(n)));
    }

    for (int n = 0; n < 100; n++) {
      assertThat(String.valueOf(same.card(n))).isEqualTo(backwards.get(n));
    }
  }
}
