package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The database goes away, in every moment that matters, and comes back. */
@ExtendWith(SharedSupabase.class)
class DatabaseOutageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** A pool that has lost its connections needs a moment, and so does a busy machine. */
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  private final World world;

  DatabaseOutageTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.wire.thaw();
    world.close();
  }

  @Test
  void serviceLivesThroughAnOutageAndSaysSo() {
    world.start();
    Person person = world.person();
    assertThat(world.get("/readyz").status()).isEqualTo(200);

    world.wire.cut();

    Answer answer = world.ring(person);
    assertThat(answer.status()).as("%s", answer).isEqualTo(503);
    assertThat(answer.response().headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(answer.response().headers().firstValue("Retry-After")).isPresent();
    assertThat(world.reconcile().status()).isEqualTo(503);
    assertThat(world.get("/provisions/" + person.provision()).status()).isEqualTo(503);
    assertThat(world.get("/healthz").status()).isEqualTo(200);
    eventually("unready", () -> world.get("/readyz").status() == 503);
    assertThat(world.get("/readyz").json().at("/checks/database/reason").asText())
        .contains("cannot be reached");
    assertThat(world.vapi.calls()).isEmpty();

    world.wire.restore();

    eventually("ready", RECOVERY, () -> world.get("/readyz").status() == 200);
    eventually("provisioned", RECOVERY, () -> world.ring(person).status() == 200);
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void serviceStartsWithoutItsDatabase() {
    world.wire.cut();
    world.start();
    Person person = world.person();
    assertThat(world.ring(person).status()).isEqualTo(503);
    assertThat(world.get("/healthz").status()).isEqualTo(200);

    world.wire.restore();

    eventually("provisioned", RECOVERY, () -> world.ring(person).status() == 200);
    assertThat(world.inUse(person)).isNotNull();
  }

  @Test
  void outageBetweenCreateAndSettleIsOutlived() throws Exception {
    world.start();
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    world.wire.cut();
    hold.release();
    eventually("unready", () -> world.get("/readyz").status() == 503);
    assertThat(world.row(person).status()).isEqualTo("processing");
    world.wire.restore();

    assertThat(ring.get().status()).isIn(200, 202);
    eventually("settled", RECOVERY, () -> world.row(person).status().equals("processed"));
    assertThat(world.row(person).inDoubt()).isFalse();
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void outageLongerThanTheProcessIsOutlivedByAdoption() throws Exception {
    Service first = world.start();
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    world.wire.cut();
    hold.release();
    eventually("an answer of Vapi", () -> world.vapi.calls().getFirst().answer().equals("201"));
    first.close();
    eventually("the end of the call", ring::isDone);

    world.wire.restore();
    Service second = world.start();
    assertThat(world.ring(second, person.provision()).status())
        .as("the lease of the first still runs")
        .isEqualTo(202);
    world.elapse(Duration.ofMinutes(3));
    Answer answer = world.ring(second, person.provision());

    assertThat(answer.field("outcome")).isEqualTo("adopted");
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
  }

  @Test
  void lostAnswerOfASettleIsFoundOutAboutWithoutVapi() throws Exception {
    world.start();
    Person person = world.person();
    world.wire.loseAnswerAfter("provisioning.user_assistant as a (user_id");

    Answer answer = world.ring(person);

    assertThat(world.wire.lostAnswers()).isEqualTo(1);
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.field("outcome")).isEqualTo("created");
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.vapi.calls()).hasSize(1);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
  }

  @Test
  void frozenDatabaseHoldsUpNobodyForGood() throws Exception {
    world.start();
    Person before = world.person();
    Person meanwhile = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(before);
    hold.awaitArrived(PATIENCE);

    world.wire.freeze();
    hold.release();
    Future<Answer> frozen = world.ringInBackground(meanwhile);
    assertThat(world.get("/healthz").status()).isEqualTo(200);
    assertThat(world.get("/readyz").status()).isEqualTo(503);
    world.wire.thaw();

    assertThat(ring.get().status()).isIn(200, 202);
    assertThat(frozen.get().status()).isIn(200, 202, 503);
    eventually("settled", RECOVERY, () -> world.row(before).status().equals("processed"));
    eventually("ready", RECOVERY, () -> world.get("/readyz").status() == 200);
    world.elapse(Duration.ofMinutes(3));
    world.reconcile();
    assertThat(world.row(meanwhile).status()).isEqualTo("processed");
    assertThat(world.vapi.assistants()).hasSize(2);
    assertThat(world.vapi.creates()).isEqualTo(2);
  }

  @Test
  void connectionThatNeverThawsIsGivenUp() {
    // What the service does by itself takes 20 s; here the address says otherwise.
    world.with("DATABASE_URL", world.environment().get("DATABASE_URL") + "?socketTimeout=1");
    world.start();
    Person person = world.person();
    assertThat(world.get("/readyz").status()).isEqualTo(200);

    world.wire.freeze();

    assertThat(world.ring(person).status()).isEqualTo(503);
    world.wire.cut();
    world.wire.thaw();
    world.wire.restore();
    world.elapse(Duration.ofMinutes(3));
    eventually("provisioned", RECOVERY, () -> world.ring(person).status() == 200);
    assertThat(world.vapi.assistants()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select from public.user_settings for update",
        "select from public.pending_vapi_provision for update",
        "lock table public.user_settings in share mode",
      })
  void settleThatMeetsALockIsRepeatedUntilItIsGone(String lock) throws Exception {
    world.start();
    Person person = world.person();
    world.sql("insert into public.user_settings values (?, null)", person.user());
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    Session.during(
        world.database,
        lock,
        () -> {
          hold.release();
          eventually("a settle that waits", this::settleWaits);
          eventually("a settle that gave way", () -> !settleWaits());
          eventually("a settle that waits again", this::settleWaits);
          return assertThat(world.row(person).status()).isEqualTo("processing");
        });

    assertThat(ring.get().field("outcome")).isEqualTo("created");
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).inDoubt()).isFalse();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  private boolean settleWaits() {
    return world.count(
            """
            select count(*) from pg_stat_activity
             where datname = current_database() and usename = 'provisioner'
               and wait_event_type = 'Lock'\
            """)
        > 0;
  }
}
