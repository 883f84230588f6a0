package dev.provisioner.provision;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Visits every scene that can be reached, breadth first, so that what is found wrong is told by the
 * shortest story. Scenes are remembered by 128 bits of hash: that two of some million are taken for
 * one is less likely than a fault of the machine.
 */
final class Explorer {
  private final ProtocolModel model;
  private final Numbers numbers = new Numbers();
  private int[] parents = new int[1 << 16];
  private int[] faultless = new int[1 << 18];
  private int edges;
  private int[] begins = new int[1 << 16];
  private final BitSet good = new BitSet();

  Explorer(ProtocolModel model) {
    this.model = model;
  }

  /** Scenes by the order in which they were met. */
  private static final class Numbers {
    private long[] highs = new long[1 << 16];
    private long[] lows = new long[1 << 16];
    private int[] numbers = new int[1 << 16];
    private int size;

    int size() {
      return size;
    }

    /** Its number; a new one, or -1, where it has none. */
    int of(String scene, boolean add) {
      long high = 0xcbf29ce484222325L;
      long low = 0x9e3779b97f4a7c15L;
      for (int i = 0; i < scene.length(); i++) {
        char c = scene.charAt(i);
        high = (high ^ c) * 0x100000001b3L;
        low = Long.rotateLeft(low + c * 0xff51afd7ed558ccdL, 31) * 0xc4ceb9fe1a85ec53L;
      }
      int place = place(high, low);
      if (numbers[place] != 0 || !add) {
        return numbers[place] - 1;
      }
      highs[place] = high;
      lows[place] = low;
      numbers[place] = ++size;
      if (size > numbers.length / 2) {
        grow();
      }
      return size - 1;
    }

    private int place(long high, long low) {
      int place = (int) (low ^ (low >>> 32)) & (numbers.length - 1);
      while (numbers[place] != 0 && (highs[place] != high || lows[place] != low)) {
        place = (place + 1) & (numbers.length - 1);
      }
      return place;
    }

    private void grow() {
      long[] oldHighs = highs;
      long[] oldLows = lows;
      int[] old = numbers;
      highs = new long[old.length * 2];
      lows = new long[old.length * 2];
      numbers = new int[old.length * 2];
      for (int i = 0; i < old.length; i++) {
        if (old[i] != 0) {
          int place = place(oldHighs[i], oldLows[i]);
          highs[place] = oldHighs[i];
          lows[place] = oldLows[i];
          numbers[place] = old[i];
        }
      }
    }
  }

  /**
   * What was found.
   *
   * @param scenes how many were visited
   * @param wrong what must never happen and can, null if nothing
   * @param story how it comes to that
   */
  record Finding(int scenes, @Nullable String wrong, List<String> story) {}

  /** Visits everything, or until something is wrong. */
  Finding explore(Scene first) {
    ArrayDeque<Scene> waiting = new ArrayDeque<>();
    first.normalize();
    number(first, -1);
    waiting.add(first);
    int at = 0;
    String[] wrong = new String[1];
    int[] where = new int[1];
    for (; !waiting.isEmpty(); at++) {
      Scene scene = waiting.poll();
      int here = at;
      begins = grown(begins, at + 1);
      begins[at] = edges;
      if (scene.isQuiet() && scene.isAsPromised()) {
        good.set(at);
      }
      model.next(
          scene,
          (what, next, fault) -> {
            int known = numbers.size();
            int number = number(next, here);
            if (number == known) {
              waiting.add(next);
            }
            if (!fault) {
              faultless = grown(faultless, edges + 1);
              faultless[edges++] = number;
            }
            String found = next.violation != null ? next.violation : broken(scene, what, next);
            if (found != null && wrong[0] == null) {
              wrong[0] = found + ", by: " + what;
              where[0] = number;
            }
          });
      if (wrong[0] != null) {
        return new Finding(numbers.size(), wrong[0], story(first, where[0]));
      }
    }
    begins = grown(begins, at + 1);
    begins[at] = edges;
    int stuck = stuck(at);
    return stuck < 0
        ? new Finding(at, null, List.of())
        : new Finding(at, "no way leads from here to what was promised", story(first, stuck));
  }

  /** What no step may do. */
  private static @Nullable String broken(Scene before, String what, Scene after) {
    boolean replaced =
        before.inUse != null
            && !before.inUse.equals(after.inUse)
            && !after.userGone
            && !what.contains("audit gives");
    if (replaced) {
      return "the assistant in use is replaced: " + before.inUse + " by " + after.inUse;
    }
    return after.isQuiet() && !after.isAsPromised() && nobodyWillHelp(after)
        ? "quiet, but not as promised"
        : null;
  }

  /** Somebody without an assistant is enqueued, and one that is gone is found by the audit. */
  private static boolean nobodyWillHelp(Scene scene) {
    String inUse = scene.inUse;
    boolean helped =
        !scene.userGone
            && scene.atVapi.isEmpty()
            && (inUse == null
                || (scene.find(inUse) == null && !inUse.equals(ProtocolModel.OF_THE_APP)));
    return !helped || scene.rowsMade == Scene.ROWS;
  }

  /** The first scene from which no way without a further fault leads to a good one; -1: none. */
  private int stuck(int scenes) {
    boolean more = true;
    while (more) {
      more = false;
      for (int i = scenes - 1; i >= 0; i--) {
        for (int e = begins[i]; !good.get(i) && e < begins[i + 1]; e++) {
          if (good.get(faultless[e])) {
            good.set(i);
            more = true;
          }
        }
      }
    }
    int first = good.nextClearBit(0);
    return first < scenes ? first : -1;
  }

  private int number(Scene scene, int parent) {
    int next = numbers.size();
    int number = numbers.of(scene.toString(), true);
    if (number == next) {
      parents = grown(parents, next + 1);
      parents[next] = parent;
    }
    return number;
  }

  private List<String> story(Scene first, int number) {
    List<Integer> path = new ArrayList<>();
    for (int i = number; i > 0; i = parents[i]) {
      path.addFirst(i);
    }
    List<String> story = new ArrayList<>();
    story.add(first.toString());
    Scene[] at = {first};
    for (int wanted : path) {
      Scene from = at[0];
      String[] told = new String[1];
      model.next(
          from,
          (what, next, fault) -> {
            if (told[0] == null && numbers.of(next.toString(), false) == wanted) {
              told[0] = what + "\n      " + next;
              at[0] = next;
            }
          });
      story.add(String.valueOf(told[0]));
    }
    return story;
  }

  private static int[] grown(int[] array, int length) {
    return length <= array.length ? array : Arrays.copyOf(array, array.length * 2);
  }
}
