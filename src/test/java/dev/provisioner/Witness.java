package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.SimulatedAssistant;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who watches a {@link Scene}: which assistant a user has never changes, what is in use is never
 * deleted, and in the end there is exactly one each, at the cost that the boundary allows.
 */
final class Witness {
  private final World world;
  private final Tally before;
  private final List<Person> people = new ArrayList<>();
  private final Set<Person> departed = new HashSet<>();
  private final Map<Person, String> used = new HashMap<>();
  private final List<String> others = new ArrayList<>();
  private Duration sinceDeath = Duration.ZERO;
  private @Nullable Duration untilServed;
  private @Nullable Tally beforeLook;

  Witness(World world) {
    this.world = world;
    this.before = Tally.of(world);
  }

  void meets(Person newcomer) {
    people.add(newcomer);
  }

  /** The user has left, and must leave nothing behind. */
  void misses(Person person) {
    departed.add(person);
    used.remove(person);
  }

  /** Simulated time has passed since the death. */
  void waits(Duration time) {
    sinceDeath = sinceDeath.plus(time);
  }

  /** A look is about to begin; the first is remembered. */
  void seesLook() {
    if (beforeLook == null) {
      beforeLook = Tally.of(world);
    }
  }

  /** Assistants that look like ours, and are not. */
  void seedOthers(Person person) {
    Instant now = Instant.now();
    Map<String, String> marks = new HashMap<>(world.marks(person));
    marks.put("user_id", UUID.randomUUID().toString());
    Map<String, String> another = new HashMap<>(marks);
    another.put("installation", "another");
    marks.put("provision_id", "by hand");
    Stream.of(Map.<String, String>of(), another, marks)
        .forEach(each -> others.add(world.vapi.seed(each, now).id()));
  }

  /** What may never happen, seen as often as possible. */
  void watch() {
    for (Person each : people) {
      String inUse = departed.contains(each) ? null : world.inUse(each);
      String since = used.get(each);
      assertThat(since == null ? inUse : since).as("replaced").isEqualTo(inUse);
      if (inUse != null) {
        used.put(each, inUse);
      }
    }
    assertThat(world.vapi.deleted()).as("deleted").noneMatch(used::containsValue);
    if (!everybodyIsServed()) {
      untilServed = null;
    } else if (untilServed == null) {
      untilServed = sinceDeath;
    }
  }

  private boolean everybodyIsServed() {
    return people.stream()
        .allMatch(each -> departed.contains(each) ? ours(each).isEmpty() : used.containsKey(each));
  }

  private List<String> ours(Person each) {
    return world.vapi.assistantsWith("user_id", each.user().toString()).stream()
        .map(SimulatedAssistant::id)
        .toList();
  }

  /** How it has ended, good or bad. */
  Ending ending() {
    Tally now = Tally.of(world);
    Tally early = beforeLook == null ? now : beforeLook;
    List<String> there = world.vapi.assistants().stream().map(SimulatedAssistant::id).toList();
    int surplus = 0;
    int without = 0;
    for (Person each : people) {
      List<String> theirs = new ArrayList<>(ours(each));
      if (!departed.contains(each)) {
        String inUse = used.getOrDefault(each, "none");
        theirs.remove(inUse);
        without += there.contains(inUse) ? 0 : 1;
      }
      surplus += theirs.size();
    }
    return new Ending(
        now.creates() - before.creates(),
        now.made() - before.made(),
        early.collected() - before.collected(),
        now.collected() - before.collected(),
        surplus,
        without,
        untilServed == null ? sinceDeath : untilServed,
        sinceDeath);
  }

  /** Exactly one each, and nothing else is left; none of those who have left. */
  void judge(Boundary boundary, Ending ending) {
    assertThat(ending.surplus()).as("left over at Vapi").isZero();
    assertThat(ending.without()).as("without assistant").isZero();
    assertThat(ending.creates()).as("creates").isEqualTo(boundary.creates());
    assertThat(ending.made()).as("made").isEqualTo(boundary.made());
    assertThat(ending.collectedEarly())
        .as("collected before the first look")
        .isEqualTo(boundary.collectedEarly());
    assertThat(ending.collected()).as("collected").isEqualTo(boundary.collected());
    assertThat(world.vapi.assistants())
        .extracting(SimulatedAssistant::id)
        .as("assistants of others")
        .containsAll(others);
    assertThat(world.count("select count(*) from provisioning.departed")).isZero();
    for (Person each : people) {
      if (!departed.contains(each)) {
        Row row = world.row(each);
        assertThat(row.status()).isEqualTo("processed");
        assertThat(row.inDoubt()).isFalse();
        assertThat(row.confirmAt()).isNull();
        assertThat(row.errorCode()).isNull();
      }
    }
  }

  /**
   * What it has cost, and how long it took.
   *
   * @param surplus what is left at Vapi beside the one in use
   * @param untilServed simulated time from the death until everybody had exactly one in use
   * @param untilQuiet and until nobody had anything left to do
   */
  record Ending(
      int creates,
      int made,
      int collectedEarly,
      int collected,
      int surplus,
      int without,
      Duration untilServed,
      Duration untilQuiet) {}

  private record Tally(int creates, int made, int collected) {
    static Tally of(World world) {
      return new Tally(world.vapi.creates(), world.vapi.created(), world.vapi.deleted().size());
    }
  }
}
