package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.FaultPlan;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A row in doubt: what an earlier attempt has made is found and adopted, or nothing is sent. */
@ExtendWith(SharedSupabase.class)
class AdoptionTest {
  private final World world;
  private final Instant doubted = Instant.now().minusSeconds(50);

  AdoptionTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void findsItAmongThousandsInNoOrder() {
    Person person = doubtful();
    Instant second = doubted.minusSeconds(1);
    world.vapi.seed(900, Map.of(), second, doubted);
    String id = world.vapi.seed(world.marks(person), doubted).id();
    world.vapi.seed(700, Map.of("installation", "somebody else's"), doubted, doubted.plusMillis(1));
    world.vapi.seed(900, Map.of(), doubted.minusSeconds(3600), doubted.plusSeconds(40));
    world.vapi.listShuffled();

    Answer answer = world.reconcile();

    assertThat(answer.number("adopted")).as("%s", answer).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(id);
    assertThat(world.row(person).assistantId()).isEqualTo(id);
    assertThat(world.vapi.creates()).isZero();
    assertThat(world.vapi.callsTo(Operation.LIST)).hasSizeGreaterThan(3);
  }

  @Test
  void webhookOfDueRowAdoptsToo() {
    Person person = doubtful();
    String id = world.vapi.seed(world.marks(person), doubted).id();

    Answer answer = world.ring(person);

    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("adopted");
    assertThat(answer.field("assistant_id")).isEqualTo(id);
    assertThat(world.vapi.creates()).isZero();
  }

  @Test
  void clocksThatDisagreeByMostOfAnHourHideNothing() {
    Person early = doubtful();
    Person late = doubtful();
    world.vapi.seed(world.marks(early), Instant.now().minus(Duration.ofMinutes(59)));
    world.vapi.seed(world.marks(late), Instant.now().plus(Duration.ofMinutes(58)));

    Answer answer = world.reconcile();

    assertThat(answer.number("adopted")).as("%s", answer).isEqualTo(2);
    assertThat(world.vapi.creates()).isZero();
  }

  @Test
  void rowIsClaimedBeforeItIsLookedFor() throws Exception {
    Person person = doubtful();
    Service patient = world.with("VAPI_TIMEOUT", "20s").start();
    Hold listing = Hold.beforeApplying();
    world.vapi.onList().next(listing);

    Future<Answer> answer = world.inBackground(() -> world.post(patient, "/reconcile", "{}"));

    listing.awaitArrived(Duration.ofSeconds(10));
    assertThat(world.row(person).status()).isEqualTo("processing");
    String id = world.vapi.seed(world.marks(person), doubted).id();
    listing.release();
    assertThat(answer.get().number("adopted")).as("%s", answer.get()).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(id);
    assertThat(world.vapi.creates()).isZero();
  }

  @Test
  void oldestOfTwoIsAdoptedAndNeitherIsDeletedBeforeTheLook() {
    Person person = doubtful();
    String younger = world.vapi.seed(world.marks(person), doubted.plusSeconds(10)).id();
    String older = world.vapi.seed(world.marks(person), doubted).id();
    String youngest = world.vapi.seed(world.marks(person), doubted.plusSeconds(20)).id();

    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(older);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertThat(world.row(person).inDoubt()).isTrue();

    world.elapse(Duration.ofSeconds(3));
    world.reconcile();

    assertThat(world.vapi.deleted()).containsExactlyInAnyOrder(younger, youngest);
    assertThat(world.inUse(person)).isEqualTo(older);
    assertThat(world.vapi.creates()).isZero();
  }

  static Stream<Arguments> couldNotLook() {
    return Stream.of(
        Arguments.of("500", Fault.status(500), "could_not_look"),
        Arguments.of("cut short", Fault.cutBody(), "could_not_look"),
        Arguments.of("no array", Fault.status(200, "{\"results\": []}"), "could_not_look"),
        Arguments.of("no JSON", Fault.status(200, "<html>soon</html>"), "could_not_look"),
        Arguments.of("query refused", Fault.status(400), "could_not_look"),
        Arguments.of("stalled", Fault.stallBody(), "could_not_look"),
        Arguments.of("account refused", Fault.status(403), "account_refused"),
        Arguments.of("throttled", Fault.throttled(Duration.ofMinutes(1)), "throttled"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void couldNotLook(String name, Fault fault, String code) {
    assertNothingSent(world.vapi.onList(), fault, code, any -> world.reconcile());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("couldNotLook")
  void webhookCouldNotLook(String name, Fault fault, String code) {
    assertNothingSent(world.vapi.onList(), fault, code, world::ring);
  }

  @Test
  void laterPageCouldNotBeRead() {
    Person person = doubtful();
    Row before = world.row(person);
    world.vapi.seed(1500, Map.of(), doubted, doubted.plusSeconds(30));
    // The first page is full, its first half is not, and the second half fails.
    world.vapi.onList().next(2, Fault.delay(Duration.ZERO)).next(Fault.status(500));

    Answer answer = world.reconcile();

    assertThat(answer.number("errored")).as("%s", answer).isEqualTo(1);
    assertThat(world.vapi.creates()).isZero();
    assertSameDoubt(person, before);
  }

  static Stream<Arguments> foundButCouldNotBeRead() {
    return Stream.of(
        Arguments.of("500", Fault.status(500), "could_not_look"),
        Arguments.of("cut short", Fault.cutBody(), "could_not_look"),
        Arguments.of("stalled", Fault.stallBody(), "could_not_look"),
        Arguments.of("account refused", Fault.status(401), "account_refused"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void foundButCouldNotBeRead(String name, Fault fault, String code) {
    assertNothingSent(world.vapi.onGet(), fault, code, any -> world.reconcile());
  }

  @Test
  void listedButGoneIsNotThere() {
    Person person = doubtful();
    world.vapi.seed(world.marks(person), doubted);
    world.vapi.onGet().next(Fault.status(404));

    Answer answer = world.reconcile();

    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.row(person).inDoubt()).isTrue();
  }

  @Test
  void nextOldestIsAdoptedWhereTheOldestIsGone() {
    Person person = doubtful();
    world.vapi.seed(world.marks(person), doubted);
    SimulatedAssistant next = world.vapi.seed(world.marks(person), doubted.plusSeconds(1));
    world.vapi.onGet().next(Fault.status(404));

    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(next.id());
    assertThat(world.vapi.creates()).isZero();
  }

  @Test
  void whatIsNotOursOrOfAnotherRowIsNeitherAdoptedNorDeleted() {
    Person person = doubtful();
    world.vapi.seed(but(person, "installation", "another"), doubted);
    world.vapi.seed(but(person, "installation", ""), doubted);
    world.vapi.seed(but(person, "provision_id", UUID.randomUUID().toString()), doubted);
    world.vapi.seed(but(person, "provision_id", "by hand"), doubted);
    world.vapi.seed(Map.of("provision_id", person.provision().toString()), doubted);
    world.vapi.seed(Map.of(), doubted);

    Answer answer = world.reconcile();
    world.elapse(Duration.ofHours(2));
    world.reconcile();

    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.vapi.callsTo(Operation.DELETE)).isEmpty();
    assertThat(world.vapi.assistants()).hasSize(7);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getLast().id());
    assertThat(world.row(person).inDoubt()).isFalse();
  }

  private Person doubtful() {
    Person person = world.person();
    world.doubt(person);
    return person;
  }

  private Map<String, String> but(Person person, String key, String value) {
    Map<String, String> marks = new HashMap<>(world.marks(person));
    marks.put(key, value);
    return marks;
  }

  private void assertNothingSent(
      FaultPlan calls, Fault fault, String code, Function<Person, Answer> attempt) {
    Person person = doubtful();
    String id = world.vapi.seed(world.marks(person), doubted).id();
    Row before = world.row(person);
    calls.next(fault);

    Answer answer = attempt.apply(person);

    assertThat(answer.status()).as("%s", answer).isIn(200, 202);
    assertThat(world.vapi.creates()).isZero();
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("errored");
    assertThat(row.errorCode()).isEqualTo(code);
    assertThat(row.attempts()).isEqualTo(code.equals("could_not_look") ? 2 : 1);
    assertSameDoubt(person, before);

    world.elapse(Duration.ofMinutes(2));
    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(id);
    assertThat(world.vapi.creates()).isZero();
  }

  private void assertSameDoubt(Person person, Row before) {
    assertThat(world.row(person).unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(world.row(person).unconfirmedUntil()).isEqualTo(before.unconfirmedUntil());
  }
}
