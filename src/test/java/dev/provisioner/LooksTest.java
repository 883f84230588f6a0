package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** When settled rows in doubt are looked at again, and what that costs. */
@ExtendWith(SharedSupabase.class)
class LooksTest {
  private final World world;

  LooksTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s");
    world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void provisionWithoutTroubleCostsOneCall() {
    Person person = world.person();

    world.ring(person);
    world.elapse(Duration.ofHours(2));
    world.reconcile();

    assertThat(world.vapi.calls()).hasSize(1);
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void reconcileWithoutTroubleListsNothing() {
    for (int i = 0; i < 20; i++) {
      world.person();
    }
    world.elapse(Duration.ofMinutes(2));

    assertThat(world.reconcile().number("created")).isEqualTo(20);

    assertThat(world.vapi.calls()).hasSize(20);
    assertThat(world.vapi.creates()).isEqualTo(20);
  }

  @Test
  void processedRowIsLookedAtLessAndLessOftenAndOnceMoreWhenNothingCanCome() {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.dropAfterApplying());
    world.ring(person);
    world.elapse(Duration.ofSeconds(31));
    assertThat(world.reconcile().number("adopted")).isEqualTo(1);
    double lastAttempt = secondsAfterSettling(person, "unconfirmed_until");
    int listed = lists();

    List<Double> looks = new ArrayList<>();
    while (world.row(person).inDoubt()) {
      looks.add(secondsAfterSettling(person, "confirm_at"));
      assertThat(world.reconcile().number("claimed")).as("not yet due").isZero();
      assertThat(lists()).isEqualTo(listed + looks.size() - 1);
      elapseToLook(person);
      world.reconcile();
      assertThat(lists()).as("%s", looks).isEqualTo(listed + looks.size());
    }

    assertThat(looks).hasSize(9);
    for (int i = 0; i < 8; i++) {
      double due = 20.0 * (1 << i);
      assertThat(looks.get(i)).as("%s", looks).isBetween(due - 0.001, due * 1.4);
    }
    assertThat(looks.getLast()).isCloseTo(lastAttempt + 3600, within(1.0));
    assertThat(world.row(person).confirmAt()).isNull();
    assertThat(world.row(person).unconfirmedUntil()).isNull();
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.deleted()).isEmpty();
  }

  @Test
  void lastLookKeepsTheDoubtWhileNobodyUsesWhatItHasFound() {
    Person person = world.person();
    world.settleInDoubt(person, Duration.ofHours(2));
    String late =
        world.vapi.seed(world.marks(person), Instant.now().minus(Duration.ofHours(2))).id();

    world.reconcile(); // the app has cleared its setting: whoever comes next decides

    assertThat(world.row(person).inDoubt()).isTrue();
    assertThat(world.vapi.deleted()).isEmpty();
    world.use(person, "asst-another");
    elapseToLook(person);
    world.reconcile();
    assertThat(world.vapi.deleted()).containsExactly(late);
    assertThat(world.row(person).inDoubt()).isFalse();
  }

  @Test
  void failedRowIsLookedAtFirstAfterOneTimeout() {
    Person person = world.person();
    world.doubt(person);
    world.vapi.onCreate().next(Fault.status(400));

    world.reconcile();

    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("failed");
    assertThat(row.confirmAt())
        .isCloseTo(Instant.now().plusSeconds(20), within(10, ChronoUnit.SECONDS));
    elapseToLook(person);
    int listed = lists();
    world.reconcile();
    assertThat(lists()).isEqualTo(listed + 1);
    assertThat(world.row(person).inDoubt()).isTrue();
    world.elapse(Duration.ofMinutes(50));
    world.reconcile();
    assertThat(world.row(person).inDoubt()).as("within the hour").isTrue();
    world.elapse(Duration.ofMinutes(11));
    world.reconcile();
    assertThat(world.row(person).inDoubt()).isFalse();
    assertThat(world.row(person).status()).isEqualTo("failed");
  }

  @Test
  void webhooksAndNamedReconcilesTakeNoLooks() {
    Person person = world.person();
    world.settleInDoubt(person, Duration.ofHours(2));
    Person fresh = world.person();
    Row before = world.row(person);

    world.ring(person);
    world.ring(fresh);
    world.reconcile(person);

    assertThat(lists()).isZero();
    assertThat(world.row(person)).isEqualTo(before);
  }

  @Test
  void manyDueTogetherCostOneListing() {
    List<Person> people = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      Person person = world.person();
      world.settleInDoubt(person, Duration.ofHours(4).plusSeconds(i));
      people.add(person);
    }
    Person errored = world.person();
    world.doubt(errored);

    world.reconcile();

    assertThat(lists()).as("the claimed row's window is another").isEqualTo(2);
    assertThat(people).noneMatch(each -> world.row(each).inDoubt());
    assertThat(world.vapi.callsTo(Operation.GET)).isEmpty();
    assertThat(world.vapi.creates()).as("of the claimed row").isEqualTo(1);
  }

  @Test
  void looksAndClaimsOfTheSameTimeShareTheListing() {
    for (int i = 0; i < 10; i++) {
      world.settleInDoubt(world.person(), Duration.ofMinutes(5));
      world.doubt(world.person());
    }

    assertThat(world.reconcile().number("created")).isEqualTo(10);

    assertThat(lists()).isEqualTo(1);
  }

  @Test
  void oldDoubtDoesNotDragTheMonthAlong() {
    world.settleInDoubt(world.person(), Duration.ofDays(30));
    world.settleInDoubt(world.person(), Duration.ofMinutes(5));
    world.vapi.seed(
        3000,
        Map.of(),
        Instant.now().minus(Duration.ofDays(25)),
        Instant.now().minus(Duration.ofDays(2)));

    world.reconcile();

    assertThat(lists()).isEqualTo(2);
  }

  private int lists() {
    return world.vapi.callsTo(Operation.LIST).size();
  }

  /**
   * Such as at an assistant that somebody has pinned at Vapi: not every twenty seconds for ever.
   */
  @Test
  void looksThatCannotFinishComeHourly() {
    Person person = world.person();
    Duration longAgo = Duration.ofHours(5);
    String used = world.vapi.seed(world.marks(person), Instant.now().minus(longAgo)).id();
    String pinned = world.vapi.seed(world.marks(person), Instant.now().minus(longAgo)).id();
    world.use(person, used);
    world.settleInDoubt(person, longAgo);
    world.vapi.onDelete().always(Fault.status(409));

    world.reconcile();

    Instant inAnHour = Instant.now().plus(Duration.ofHours(1));
    assertThat(world.row(person).confirmAt())
        .isBetween(inAnHour.minusSeconds(60), inAnHour.plusSeconds(60));
    world.vapi.onDelete().clear();
    world.elapse(Duration.ofMinutes(61));
    world.reconcile();
    assertThat(world.vapi.deleted()).containsExactly(pinned);
    assertThat(world.row(person).inDoubt()).isFalse();
  }

  private void elapseToLook(Person person) {
    double left =
        Double.parseDouble(
            world.text(
                "select extract(epoch from confirm_at - clock_timestamp()) from public.pending_vapi_provision where id = ?",
                person.provision()));
    world.elapse(Duration.ofMillis(Math.max(1, (long) Math.ceil(left * 1000))));
  }

  private double secondsAfterSettling(Person person, String column) {
    return Double.parseDouble(
        world.text(
            "select extract(epoch from "
                + column
                + " - processed_at) from public.pending_vapi_provision where id = ?",
            person.provision()));
  }
}
