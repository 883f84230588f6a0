package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Just before it sends, a worker makes sure that its row will still be its own at the end. */
@ExtendWith(SharedSupabase.class)
class LeaseTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** More than what a lease may last before a create. */
  private static final Duration TOO_LONG = Duration.ofSeconds(25);

  private final World world;
  private final Hold busy = Hold.beforeApplying();

  LeaseTest(SupabaseServer supabase) {
    world =
        World.empty(supabase)
            .with("VAPI_TIMEOUT", "20s")
            .with("LEASE", "45s")
            .with("VAPI_CONCURRENCY", "1");
    world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void whoWaitedTooLongForASlotLetsGo() throws Exception {
    Person person = world.person();

    Answer answer = waiting(person, () -> world.elapseMonotonically(TOO_LONG));

    assertThat(answer.number("released")).as("%s", answer).isEqualTo(1);
    assertAsBeforeTheClaim(person);
  }

  @Test
  void whoSleptTooLongLetsGo() throws Exception {
    Person person = world.person();

    Answer answer = waiting(person, () -> world.elapseOnTheWall(TOO_LONG));

    assertThat(answer.number("released")).as("%s", answer).isEqualTo(1);
    assertAsBeforeTheClaim(person);
  }

  @Test
  void whoWaitedALittleCreates() throws Exception {
    Person person = world.person();

    Answer answer = waiting(person, () -> world.elapseMonotonically(Duration.ofSeconds(5)));

    assertThat(answer.number("created")).as("%s", answer).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(2);
  }

  @Test
  void whatIsLetGoInDoubtIsAsItWas() throws Exception {
    Person person = world.person();
    world.doubt(person);
    Row before = world.row(person);
    Hold listing = Hold.afterApplying();
    world.vapi.onList().next(listing);
    Future<Answer> ring = world.ringInBackground(person);
    listing.awaitArrived(PATIENCE);
    world.elapseMonotonically(TOO_LONG);

    listing.release();

    assertThat(ring.get().status()).isEqualTo(202);
    assertThat(world.vapi.creates()).isZero();
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("errored");
    assertThat(row.attempts()).isEqualTo(before.attempts());
    assertThat(row.unconfirmedSince()).isEqualTo(before.unconfirmedSince());
    assertThat(row.unconfirmedUntil()).isEqualTo(before.unconfirmedUntil());
  }

  @Test
  void webhookWithoutASlotClaimsNothing() throws Exception {
    world.with("ACK_TIMEOUT", "100ms");
    Service hasty = world.start();
    Person held = world.person();
    Person person = world.person();
    world.vapi.onCreate().next(busy);
    assertThat(world.ring(hasty, held.provision()).status()).isEqualTo(202);
    busy.awaitArrived(PATIENCE);
    Row before = world.row(person);

    Answer answer = world.ring(hasty, person.provision());

    assertThat(answer.status()).isEqualTo(202);
    assertThat(world.row(person)).isEqualTo(before);
    assertThat(before.status()).isEqualTo("pending");
    busy.release();
    eventually("the held one is settled", () -> world.row(held).status().equals("processed"));
    assertThat(world.vapi.callsTo(Operation.CREATE)).hasSize(1);
  }

  /** The row is claimed while the only slot is taken; something happens; the slot comes free. */
  private Answer waiting(Person person, Runnable meanwhile) throws Exception {
    Person other = world.person();
    world.vapi.onCreate().next(busy);
    Future<Answer> first = world.ringInBackground(other);
    busy.awaitArrived(PATIENCE);
    Future<Answer> waiting = world.inBackground(() -> world.reconcile(person));
    eventually("it is claimed", () -> world.row(person).status().equals("processing"));
    meanwhile.run();
    busy.release();
    assertThat(first.get().field("outcome")).isEqualTo("created");
    return waiting.get();
  }

  private void assertAsBeforeTheClaim(Person person) {
    assertThat(world.vapi.creates()).as("the other's").isEqualTo(1);
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("pending");
    assertThat(row.attempts()).isZero();
    assertThat(row.inDoubt()).isFalse();
    assertThat(row.unconfirmedUntil()).isNull();
    assertThat(row.errorCode()).isNull();
    assertThat(world.inUse(person)).isNull();
  }
}
