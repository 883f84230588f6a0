package dev.provisioner;

import static java.time.temporal.ChronoUnit.MILLIS;
import static java.time.temporal.ChronoUnit.SECONDS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.ClosedPort;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Vapi says no, in each of its ways: about the row, about the account, or about the moment. */
@ExtendWith(SharedSupabase.class)
class VapiRefusalTest {
  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(19);

  private final World world;

  VapiRefusalTest(SupabaseServer supabase) {
    // Pauses outlast what a webhook waits and what a claim may wait.
    world = World.empty(supabase).with("ACK_TIMEOUT", "2s").with("LEASE", "12s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void throttledRowWaitsAsLongAsAskedAndNobodyElseCallsMeanwhile() {
    world.start();
    Duration asked = Duration.ofSeconds(30);
    world.vapi.onCreate().next(Fault.throttled(asked));
    Person first = world.person();
    Person second = world.person();

    Instant before = Instant.now();
    Answer throttled = world.ring(first);
    Instant after = Instant.now();
    Answer meanwhile = world.ring(second);

    assertThat(throttled.status()).as("%s", throttled).isEqualTo(202);
    assertUnfinished(first, "errored", "throttled", 0);
    assertThat(due(first)).isBetween(before.plus(asked).minus(1, MILLIS), after.plus(asked));
    assertThat(meanwhile.status()).as("%s", meanwhile).isEqualTo(202);
    assertThat(world.row(second).status()).isEqualTo("pending");
    assertThat(world.row(second).inDoubt()).isFalse();

    world.elapse(asked.minusSeconds(8));
    assertThat(world.reconcile().number("claimed")).isZero();
    assertThat(world.vapi.calls()).hasSize(1);

    world.elapse(Duration.ofSeconds(8));
    assertThat(world.reconcile().number("created")).isEqualTo(1);
    assertThat(world.ring(second).field("outcome")).isEqualTo("created");
    assertThat(world.row(first).status()).isEqualTo("processed");
    assertThat(world.row(first).attempts()).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(3);
  }

  @Test
  void throttledRowWaitsUntilTheDateAsked() {
    world.start();
    Instant asked = Instant.now().plusSeconds(90).truncatedTo(SECONDS);
    world.vapi.onCreate().next(Fault.throttledUntil(asked));
    Person person = world.person();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertUnfinished(person, "errored", "throttled", 0);
    assertThat(due(person)).isBetween(asked.minusMillis(1), asked.plusSeconds(5));
  }

  @Test
  void throttledRowWaitsItsBackoffIfNothingIsAsked() {
    world.start();
    world.vapi.onCreate().next(Fault.throttled());
    Person person = world.person();

    Instant before = Instant.now();
    world.ring(person);

    assertUnfinished(person, "errored", "throttled", 0);
    assertThat(due(person))
        .isBetween(before.plusSeconds(12).minus(1, MILLIS), Instant.now().plusSeconds(18));
    world.elapse(FIRST_BACKOFF);
    assertThat(world.reconcile().number("created")).isEqualTo(1);
  }

  @Test
  void rejectedRowFailsAtOnceAndSaysWhy() {
    world.start();
    world
        .vapi
        .onCreate()
        .next(
            Fault.status(
                400,
                """
                {"message": ["model.provider must be one of: openai", "voice should not be empty"],
                 "error": "Bad Request", "statusCode": 400}\
                """));
    Person person = world.person();

    Answer answer = world.ring(person);

    String said =
        "Vapi answered 400: model.provider must be one of: openai; voice should not be empty";
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.field("status")).isEqualTo("failed");
    assertThat(answer.field("outcome")).isEqualTo("failed");
    assertThat(answer.field("error")).isEqualTo(said);
    assertUnfinished(person, "failed", "rejected", 1);
    assertThat(world.row(person).error()).isEqualTo(said);
    assertThat(world.row(person).nextAttemptAt()).isNull();

    world.elapse(Duration.ofHours(2));
    assertThat(world.ring(person).field("outcome")).isEqualTo("failed");
    assertThat(world.reconcile().number("claimed")).isZero();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Maximiliana Alexandra Featherstonehaugh-Cholmondeley",
        "🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊🦊"
      })
  void nameNeverGetsLongerThanVapiTakes(String displayName) {
    world.start();
    Person person = world.person("somebody@example.com", displayName);

    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
    assertThat(requireNonNull(world.vapi.assistants().getFirst().name()))
        .startsWith("Assistant for ")
        .hasSizeBetween(38, 40);
  }

  @Test
  void refusedKeyStopsAllCallsUntilItWorksAgain() {
    world.start();
    world.vapi.revokeKeys();
    Person first = world.person();
    Person second = world.person();

    Instant before = Instant.now();
    Answer refused = world.ring(first);
    Answer meanwhile = world.ring(second);

    assertThat(refused.status()).as("%s", refused).isEqualTo(202);
    assertThat(meanwhile.status()).as("%s", meanwhile).isEqualTo(202);
    assertUnfinished(first, "errored", "account_refused", 0);
    assertThat(due(first))
        .isBetween(before.plusSeconds(60).minus(1, MILLIS), Instant.now().plusSeconds(60));
    assertThat(world.row(second).status()).isEqualTo("pending");
    assertThat(world.vapi.calls()).hasSize(1);
    Answer degraded = world.get("/readyz");
    assertThat(degraded.status()).isEqualTo(200);
    assertThat(degraded.field("status")).isEqualTo("degraded");
    assertThat(degraded.json().at("/checks/vapi/reason").asText()).contains("VAPI_API_KEY", "401");

    world.elapse(Duration.ofSeconds(61));
    Answer stillRefused = world.reconcile();
    assertThat(stillRefused.number("claimed")).as("%s", stillRefused).isEqualTo(2);
    assertThat(stillRefused.number("errored")).isEqualTo(1);
    assertThat(stillRefused.number("released")).isEqualTo(1);
    assertThat(world.vapi.calls()).as("one tries for all").hasSize(2);
    assertThat(world.row(first).attempts() + world.row(second).attempts()).isZero();

    world.vapi.acceptKey(World.API_KEY);
    world.elapse(Duration.ofSeconds(61));
    Answer recovered = world.reconcile();
    assertThat(recovered.number("created")).as("%s", recovered).isEqualTo(2);
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
    assertThat(world.vapi.created()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {402, 403, 404})
  void ambiguousRefusalIsTheRowsOwnWhileTheAccountWorks(int status) {
    world.start();
    world.vapi.onCreate().next(Fault.status(status));
    Person person = world.person();

    Instant before = Instant.now();
    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertUnfinished(person, "errored", "rejected", 1);
    assertThat(world.row(person).error()).isEqualTo("Vapi answered " + status + ": simulated");
    assertThat(due(person))
        .isBetween(before.plusSeconds(12).minus(1, MILLIS), Instant.now().plusSeconds(18));
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
    assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
    world.elapse(FIRST_BACKOFF);
    assertThat(world.reconcile().number("created")).isEqualTo(1);
    assertThat(world.row(person).attempts()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"402, 402", "403, 403", "404, 404", "403, 401", "403, 500"})
  void ambiguousRefusalIsTheAccountsWhenReadingIsRefusedToo(int status, int probe) {
    world.start();
    world.vapi.onCreate().next(Fault.status(status));
    world.vapi.onList().always(Fault.status(probe));
    Person person = world.person();

    world.ring(person);

    assertUnfinished(person, "errored", "account_refused", 0);
    assertThat(world.row(person).error()).contains("VAPI_API_KEY", Integer.toString(status));
    assertThat(world.get("/readyz").field("status")).isEqualTo("degraded");
    assertThat(world.ring(world.person()).status()).isEqualTo(202);
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void redirectIsNotFollowed() {
    world.start();
    world.vapi.onCreate().next(Fault.redirect(world.vapi.baseUrl() + "/assistant"));
    Person person = world.person();

    world.ring(person);

    assertUnfinished(person, "errored", "account_refused", 0);
    assertThat(world.row(person).error()).contains("308", "VAPI_BASE_URL");
    assertThat(world.vapi.calls()).hasSize(1);
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(world.get("/readyz").field("status")).isEqualTo("degraded");
  }

  @Test
  void rowWhoseAttemptsAreSpentFails() throws Exception {
    try (ClosedPort port = new ClosedPort()) {
      world
          .with("VAPI_BASE_URL", "http://127.0.0.1:" + port.number())
          .with("MAX_ATTEMPTS", "2")
          .start();
      Person person = world.person();

      assertThat(world.ring(person).status()).isEqualTo(202);
      assertUnfinished(person, "errored", "unreachable", 1);

      world.elapse(FIRST_BACKOFF);
      assertThat(world.reconcile().number("failed")).isEqualTo(1);
      assertUnfinished(person, "failed", "unreachable", 2);
      assertThat(world.row(person).error()).isEqualTo("Vapi was not reached: connection refused");
      assertThat(world.row(person).nextAttemptAt()).isNull();
    }
  }

  /** A definite no: no doubt remains, and no assistant is in use. */
  private void assertUnfinished(Person person, String status, String code, int attempts) {
    Row row = world.row(person);
    assertThat(row.status()).as("%s", row).isEqualTo(status);
    assertThat(row.errorCode()).isEqualTo(code);
    assertThat(row.error()).isNotBlank();
    assertThat(row.attempts()).isEqualTo(attempts);
    assertThat(row.inDoubt()).isFalse();
    assertThat(world.inUse(person)).isNull();
  }

  private Instant due(Person person) {
    return requireNonNull(world.row(person).nextAttemptAt());
  }
}
