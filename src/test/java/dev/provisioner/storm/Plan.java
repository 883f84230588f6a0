package dev.provisioner.storm;

import static dev.provisioner.storm.Trouble.BELL_DUPLICATED;
import static dev.provisioner.storm.Trouble.BELL_LATE;
import static dev.provisioner.storm.Trouble.BELL_LOST;
import static dev.provisioner.storm.Trouble.BELL_REPLAYED;
import static dev.provisioner.storm.Trouble.CLAIM_ANSWER_LOST;
import static dev.provisioner.storm.Trouble.INSTANCE_FROZEN;
import static dev.provisioner.storm.Trouble.INSTANCE_KILLED;
import static dev.provisioner.storm.Trouble.SETTLE_ANSWER_LOST;
import static dev.provisioner.storm.Trouble.USER_DELETED;
import static dev.provisioner.storm.Trouble.USER_REVERIFIED;
import static dev.provisioner.storm.Trouble.WIRE_CUT;
import static dev.provisioner.storm.Trouble.WIRE_FROZEN;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.provisioner.storm.Event.Crash;
import dev.provisioner.storm.Event.Delete;
import dev.provisioner.storm.Event.Reconcile;
import dev.provisioner.storm.Event.Reverify;
import dev.provisioner.storm.Event.Ring;
import dev.provisioner.storm.Event.Strike;
import dev.provisioner.storm.Event.Verify;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Everything that happens in a storm from outside, by its time. What befalls a call at Vapi is
 * decided call by call ({@link Weather}), from the same seed.
 *
 * @param people in the order in which they sign up
 * @param events in the order in which they happen
 */
record Plan(long seed, Duration length, List<UUID> people, List<Event> events) {
  static final int INSTANCES = 3;

  private static final Duration SHORTEST = Duration.ofSeconds(45);
  private static final Duration PER_USER = Duration.ofMillis(120);

  /** When everybody has signed up: what befalls the last must find the time to. */
  private static final double SIGN_UPS_END = 0.7;

  private static final List<Trouble> BELLS =
      List.of(
          BELL_DUPLICATED,
          BELL_DUPLICATED,
          BELL_DUPLICATED,
          BELL_DUPLICATED,
          BELL_LOST,
          BELL_LOST,
          BELL_LOST,
          BELL_LATE,
          BELL_LATE,
          BELL_LATE,
          BELL_REPLAYED,
          BELL_REPLAYED);
  private static final List<Trouble> FATES =
      List.of(USER_DELETED, USER_DELETED, USER_DELETED, USER_REVERIFIED, USER_REVERIFIED);
  private static final List<Trouble> STRIKES =
      List.of(
          INSTANCE_KILLED,
          INSTANCE_KILLED,
          INSTANCE_FROZEN,
          WIRE_CUT,
          WIRE_CUT,
          WIRE_FROZEN,
          SETTLE_ANSWER_LOST,
          SETTLE_ANSWER_LOST,
          SETTLE_ANSWER_LOST,
          CLAIM_ANSWER_LOST,
          CLAIM_ANSWER_LOST);

  /**
   * @param lease of the instances; who is frozen for longer has lost it
   */
  static Plan of(long seed, int users, Duration lease) {
    Duration length = PER_USER.multipliedBy(users);
    if (length.compareTo(SHORTEST) < 0) {
      length = SHORTEST;
    }
    List<Event> events = new ArrayList<>();
    List<UUID> people = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      UUID user = UUID.nameUUIDFromBytes((seed + "/" + i).getBytes(UTF_8));
      people.add(user);
      events.addAll(lifeOf(user, i, seed, length));
    }
    events.addAll(reconciles(seed, people, length));
    events.addAll(strikes(seed, length, lease));
    events.addAll(crashes(seed, length));
    events.sort(Comparator.comparing(Event::at));
    return new Plan(seed, length, List.copyOf(people), List.copyOf(events));
  }

  private static List<Event> lifeOf(UUID user, int number, long seed, Duration length) {
    Random random = Deck.random(Deck.seed(seed, "life"), number);
    long signUpsEnd = Math.round(length.toMillis() * SIGN_UPS_END);
    Duration verified = Duration.ofMillis(random.nextLong(signUpsEnd));
    Trouble bell = new Deck<Trouble>(Deck.seed(seed, "bells"), 20, BELLS).card(number);
    List<Event> life = new ArrayList<>();
    life.add(new Verify(verified, user, bell, rings(bell, random)));
    Trouble fate = new Deck<Trouble>(Deck.seed(seed, "fates"), 24, FATES).card(number);
    // Most within the first attempt, some after it.
    Duration when = verified.plus(millis(random, 0, random.nextInt(3) > 0 ? 1_200 : 10_000));
    if (fate == USER_DELETED) {
      life.add(new Delete(when, user));
    } else if (fate == USER_REVERIFIED) {
      life.add(new Reverify(when, user, millis(random, 100, 3_000), random.nextInt(INSTANCES)));
    }
    return life;
  }

  private static List<Ring> rings(@Nullable Trouble bell, Random random) {
    List<Ring> rings = new ArrayList<>();
    switch (bell) {
      case null -> rings.add(ring(random, 0, 50));
      case BELL_DUPLICATED -> {
        for (int i = random.nextInt(2, 6); i > 0; i--) {
          rings.add(ring(random, 0, 50));
        }
      }
      case BELL_LOST -> {}
      case BELL_LATE -> rings.add(ring(random, 1_000, 9_000));
      case BELL_REPLAYED -> {
        rings.add(ring(random, 0, 50));
        rings.add(ring(random, 500, 4_000));
        rings.add(ring(random, 4_000, 9_000));
      }
      default -> throw new IllegalArgumentException(bell + " befalls no webhook");
    }
    return List.copyOf(rings);
  }

  private static Ring ring(Random random, int from, int to) {
    return new Ring(millis(random, from, to), random.nextInt(INSTANCES));
  }

  private static List<Event> reconciles(long seed, List<UUID> people, Duration length) {
    Random random = new Random(Deck.seed(seed, "reconciles"));
    List<Event> calls = new ArrayList<>();
    Duration at = Duration.ZERO;
    while (at.compareTo(length) < 0) {
      String body =
          switch (random.nextInt(10)) {
            case 0 -> "{\"include_failed\": true}";
            case 1 -> "{\"dry_run\": true}";
            case 2 -> "{\"limit\": %d}".formatted(1 + random.nextInt(20));
            case 3, 4 ->
                random
                    .ints(5, 0, people.size())
                    .mapToObj(each -> "\"" + people.get(each) + "\"")
                    .collect(Collectors.joining(", ", "{\"user_ids\": [", "]}"));
            default -> "{}";
          };
      calls.add(new Reconcile(at, random.nextInt(INSTANCES), body, random.nextInt(5) == 0));
      at = at.plus(millis(random, 300, 1_500));
    }
    return calls;
  }

  /** One at a time for each instance. */
  private static List<Event> strikes(long seed, Duration length, Duration lease) {
    Random random = new Random(Deck.seed(seed, "strikes"));
    Deck<Trouble> deck = new Deck<>(Deck.seed(seed, "strike"), STRIKES.size(), STRIKES);
    Duration[] free = new Duration[INSTANCES];
    Arrays.setAll(free, each -> millis(random, 2_000, 6_000));
    List<Event> strikes = new ArrayList<>();
    while (true) {
      int next = 0;
      for (int i = 1; i < INSTANCES; i++) {
        next = free[i].compareTo(free[next]) < 0 ? i : next;
      }
      Trouble trouble = deck.card(strikes.size());
      Duration lasts =
          switch (trouble) {
            case INSTANCE_KILLED -> millis(random, 200, 3_000);
            case INSTANCE_FROZEN -> lease.plus(millis(random, 500, 2_500));
            case WIRE_CUT -> millis(random, 50, 1_500);
            case WIRE_FROZEN -> millis(random, 1_000, 6_000);
            case null, default -> Duration.ZERO;
          };
      Duration at = free[next];
      if (trouble == null || at.plus(lasts).compareTo(length) >= 0) {
        return strikes;
      }
      strikes.add(new Strike(at, next, trouble, lasts));
      free[next] = at.plus(lasts).plus(millis(random, 2_000, 6_000));
    }
  }

  /** One in the middle of a short storm, more in a long one. */
  private static List<Event> crashes(long seed, Duration length) {
    Random random = new Random(Deck.seed(seed, "crashes"));
    long count = Math.max(1, length.toSeconds() / 120);
    List<Event> crashes = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Duration about = length.multipliedBy(i).dividedBy(count + 1);
      crashes.add(new Crash(about.plus(millis(random, 0, 5_000)), millis(random, 200, 2_000)));
    }
    return crashes;
  }

  private static Duration millis(Random random, int from, int to) {
    return Duration.ofMillis(random.nextInt(from, to));
  }
}
