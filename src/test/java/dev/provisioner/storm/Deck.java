package dev.provisioner.storm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What comes when, at random but in fair shares: every so many cards, each is dealt as often as it
 * is in the deck. The n-th card depends on the seed and on n only, in whatever order cards are
 * asked for.
 *
 * @param <T> what is dealt
 */
final class Deck<T> {
  private final long seed;
  private final List<@Nullable T> cards;

  /**
   * @param seed the storm's, mixed with what this deck is for
   * @param size of the deck: what {@code cards} does not fill are blanks
   */
  Deck(long seed, int size, List<? extends T> cards) {
    if (cards.size() > size) {
      throw new IllegalArgumentException(cards.size() + " cards in a deck of " + size);
    }
    this.seed = seed;
    this.cards = new ArrayList<>(cards);
    while (this.cards.size() < size) {
      this.cards.add(null);
    }
  }

  /** The n-th card, counted from zero; null for a blank. */
  @Nullable T card(int n) {
    List<@Nullable T> shuffled = new ArrayList<>(cards);
    Collections.shuffle(shuffled, random(seed, n / cards.size()));
    return shuffled.get(n % cards.size());
  }

  /** A generator for the n-th decision of its kind. */
  static Random random(long seed, int n) {
    // Neighbouring seeds give Random neighbouring first numbers; SplitMix64's finish spreads them.
    long z = seed + 0x9E3779B97F4A7C15L * (n + 1L);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return new Random(z ^ (z >>> 31));
  }

  /** A seed of its own for everything that is decided by itself. */
  static long seed(long storm, String what) {
    return storm * 31 + what.hashCode();
  }
}
