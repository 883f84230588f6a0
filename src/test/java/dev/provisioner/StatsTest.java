package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The queue in numbers. */
@ExtendWith(SharedSupabase.class)
class StatsTest {
  private final World world;

  StatsTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void emptyQueueIsAllNoughts() {
    JsonNode stats = stats();

    assertThat(counts(stats))
        .isEqualTo(
            Map.of("pending", 0, "processing", 0, "processed", 0, "errored", 0, "failed", 0));
    for (String number :
        new String[] {
          "needs_a_person", "due", "in_doubt", "looks_due", "tombstones", "processed_last_hour"
        }) {
      assertThat(stats.path(number).asInt(-1)).as(number).isZero();
    }
    assertThat(stats.path("oldest_due_seconds").isNull()).isTrue();
    assertThat(stats.path("errors")).isEmpty();
    assertThat(stats.path("processed_is_estimated").asBoolean(true)).isFalse();
    assertThat(stats.path("last_hour")).hasSize(12);
    assertThat(stats.path("vapi").toString()).isEqualTo("{\"state\":\"open\"}");
  }

  @Test
  void rowsAreCountedByWhatIsSoOfThem() {
    world.person(); // pending, not due
    set(world.person(), "next_attempt_at = now() - interval '90 seconds'");
    set(world.person(), "next_attempt_at = now() - interval '30 seconds'");
    set(
        world.person(),
        """
        status = 'processing', claim_token = gen_random_uuid(), error_code = 'rejected',
        unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'\
        """);
    set(world.person(), "status = 'errored', error_code = 'settings_refused'");
    set(
        world.person(),
        """
        status = 'errored', error_code = 'unknown_outcome',
        unconfirmed_since = now(), unconfirmed_until = now()\
        """);
    set(
        world.person(),
        """
        status = 'failed', error_code = 'attempts_spent', next_attempt_at = null,
        unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()\
        """);
    set(world.person(), "status = 'failed', error_code = 'rejected', next_attempt_at = null");
    world.settleInDoubt(world.person(), Duration.ofMinutes(7));
    Person leaves = world.person();
    world.ring(leaves);
    world.delete(leaves);
    world.ring(world.person());

    JsonNode stats = stats();

    assertThat(counts(stats))
        .isEqualTo(
            Map.of("pending", 3, "processing", 1, "processed", 2, "errored", 2, "failed", 2));
    assertThat(stats.path("errors").toString())
        .isEqualTo(
            "{\"attempts_spent\":1,\"rejected\":1,\"settings_refused\":1,\"unknown_outcome\":1}");
    assertThat(stats.path("needs_a_person").asInt()).isEqualTo(3);
    assertThat(stats.path("due").asInt()).isEqualTo(2);
    assertThat(stats.path("oldest_due_seconds").asInt()).isGreaterThanOrEqualTo(90);
    assertThat(stats.path("in_doubt").asInt()).as("errored, failed, processed").isEqualTo(3);
    assertThat(stats.path("looks_due").asInt()).as("failed, processed, tombstone").isEqualTo(3);
    assertThat(stats.path("tombstones").asInt()).isEqualTo(1);
    assertThat(stats.toString()).doesNotContain("@");
  }

  @Test
  void lastHourIsTwelveSpansThatLeadUpToNow() {
    for (int minutes : new int[] {1, 2, 3, 33, 58, 61, 600}) {
      world.settleInDoubt(world.person(), Duration.ofMinutes(minutes));
    }

    Instant before = Instant.now();
    JsonNode stats = stats();
    Instant after = Instant.now();

    assertThat(stats.at("/counts/processed").asInt()).isEqualTo(7);
    assertThat(stats.path("processed_last_hour").asInt()).isEqualTo(5);
    int[] processed =
        StreamSupport.stream(stats.path("last_hour").spliterator(), false)
            .mapToInt(each -> each.path("processed").asInt())
            .toArray();
    assertThat(processed).containsExactly(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3);
    Instant first = Instant.parse(stats.at("/last_hour/0/from").asText());
    assertThat(first.plus(Duration.ofHours(1)))
        .isBetween(before.minusSeconds(1), after.plusSeconds(1));
    assertThat(IntStream.range(0, 12))
        .allSatisfy(i ->
            assertThat(Instant.parse(stats.at("/last_hour/" + i + "/from").asText()))
                .isEqualTo(first.plus(Duration.ofMinutes(5L * i))));
  }

  @Test
  void pauseIsToldWithItsReasonAndItsRest() {
    world.vapi.onCreate().next(Fault.throttled(Duration.ofMinutes(5)));
    world.ring(world.person());

    JsonNode throttled = stats().path("vapi");

    assertThat(throttled.path("state").asText()).isEqualTo("throttled");
    assertThat(throttled.path("remaining_seconds").asInt()).isBetween(200, 300);
    world.elapse(Duration.ofMinutes(6));
    world.vapi.revokeKeys();
    world.ring(world.person());

    JsonNode refused = stats().path("vapi");

    assertThat(refused.path("state").asText()).isEqualTo("refused");
    assertThat(refused.path("reason").asText()).contains("401");
    assertThat(refused.path("remaining_seconds").asInt()).isBetween(1, 60);
    assertThat(stats().path("needs_a_person").asInt()).isEqualTo(1);
  }

  @Test
  void headAnswersAsGetDoesWithoutTheNumbers() {
    HttpRequest.Builder request =
        world.request("/stats").header("Authorization", "Bearer " + World.token(Scope.OPERATE));

    Answer head = world.send(request.HEAD());

    assertThat(head.status()).isEqualTo(200);
    assertThat(head.response().body()).isEmpty();
    assertThat(world.send(world.request("/stats").HEAD()).status()).isEqualTo(401);
  }

  private JsonNode stats() {
    world.elapseMonotonically(Duration.ofSeconds(1)); // what was remembered is forgotten
    Answer answer = world.get("/stats");
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    return answer.json();
  }

  private static Map<String, Integer> counts(JsonNode stats) {
    Map<String, Integer> counts = new HashMap<>();
    stats
        .path("counts")
        .properties()
        .forEach(each -> counts.put(each.getKey(), each.getValue().asInt()));
    return counts;
  }

  private void set(Person person, String columns) {
    world.sql(
        "update public.pending_vapi_provision set " + columns + " where id = ?",
        person.provision());
  }
}
