package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can be read over HTTP: a row, and the contract. */
@ExtendWith(SharedSupabase.class)
class ProvisionEndpointTest {
  private static final List<String> FIELDS =
      List.of(
          "id",
          "user_id",
          "status",
          "attempts",
          "created_at",
          "next_attempt_at",
          "processed_at",
          "error_code",
          "error",
          "unconfirmed_since",
          "unconfirmed_until",
          "confirm_at",
          "assistant_id",
          "assistant_in_use");

  private final World world;

  ProvisionEndpointTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void freshRowIsShownWithoutAnythingPersonal() {
    Person person = world.person("somebody@example.com", "Ada Lovelace");

    Answer answer = world.get(path(person));

    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    JsonNode row = answer.json();
    assertThat(row.fieldNames()).toIterable().containsExactlyInAnyOrderElementsOf(FIELDS);
    assertThat(row.path("id").asText()).isEqualTo(person.provision().toString());
    assertThat(row.path("user_id").asText()).isEqualTo(person.user().toString());
    assertThat(row.path("status").asText()).isEqualTo("pending");
    assertThat(row.path("attempts").asInt(-1)).isZero();
    assertThat(Instant.parse(row.path("next_attempt_at").asText()))
        .isEqualTo(Instant.parse(row.path("created_at").asText()).plusSeconds(60));
    assertThat(row.path("processed_at").isNull()).isTrue();
    assertThat(row.path("assistant_in_use").isNull()).isTrue();
    assertThat(answer.response().body()).doesNotContain("somebody", "@", "Ada", "Lovelace");
  }

  @Test
  void processedRowNamesItsAssistant() {
    Person person = world.person();
    world.ring(person);

    JsonNode row = world.get(path(person)).json();

    assertThat(row.path("status").asText()).isEqualTo("processed");
    assertThat(row.path("attempts").asInt()).isEqualTo(1);
    assertThat(row.path("assistant_id").asText()).isEqualTo(world.inUse(person));
    assertThat(row.path("assistant_in_use").asText()).isEqualTo(world.inUse(person));
    assertThat(Instant.parse(row.path("processed_at").asText())).isBefore(Instant.now());
    for (String field : List.of("next_attempt_at", "error", "error_code", "unconfirmed_since")) {
      assertThat(row.path(field).isNull()).as(field).isTrue();
    }
  }

  @Test
  void locationOfAnUnfinishedRowLeadsToIt() {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.status(500, "<html>oops</html>"));

    Answer underway = world.ring(person);

    assertThat(underway.status()).as("%s", underway).isEqualTo(202);
    String location = underway.response().headers().firstValue("Location").orElseThrow();
    JsonNode row = world.get(location).json();
    assertThat(row.path("id").asText()).isEqualTo(person.provision().toString());
    assertThat(row.path("status").asText()).isEqualTo("errored");
    assertThat(row.path("error_code").asText()).isEqualTo("unknown_outcome");
    assertThat(row.path("error").asText()).contains("HTTP 500");
    assertThat(Instant.parse(row.path("unconfirmed_until").asText()))
        .isAfter(Instant.parse(row.path("unconfirmed_since").asText()));
  }

  @Test
  void headAnswersAsGetDoesWithoutTheRow() {
    Person person = world.person();
    HttpRequest.Builder known = world.request(path(person));
    HttpRequest.Builder unknown = world.request("/provisions/" + UUID.randomUUID());

    Answer found = world.send(bearing(Scope.OPERATE, known).HEAD());
    Answer missing = world.send(bearing(Scope.OPERATE, unknown).HEAD());
    Answer refused = world.send(world.request(path(person)).HEAD());

    assertThat(found.status()).isEqualTo(200);
    assertThat(found.response().headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(found.response().body()).isEmpty();
    assertThat(missing.status()).isEqualTo(404);
    assertThat(refused.status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "0b6d3c1e7f0a4f3e9d521c5b7c1a2f10", "1-1-1-1-1", "%27%20or%20true"})
  void whatIsNoIdIsRefused(String id) {
    Refusal.of(
        world, bearing(Scope.OPERATE, world.request("/provisions/" + id)), 400, "invalid-request");
  }

  @Test
  void rowThatIsNotThereIsNotFound() {
    Refusal.of(
        world,
        bearing(Scope.OPERATE, world.request("/provisions/" + UUID.randomUUID())),
        404,
        "provision-not-found");
  }

  @Test
  void rowsAreForOperatorsOnly() {
    Person person = world.person();

    Refusal.of(world, world.request(path(person)), 401, "unauthenticated");
    Refusal.of(
        world, bearing(Scope.WEBHOOK, world.request(path(person))), 403, "insufficient-scope");
    Refusal.of(world, world.signed(world.request(path(person)), "").GET(), 401, "unauthenticated");
  }

  @Test
  void rowIsUnavailableWhileTheDatabaseIs() {
    Person person = world.person();
    world.wire.cut();

    Answer answer =
        Refusal.of(
            world,
            bearing(Scope.OPERATE, world.request(path(person))),
            503,
            "database-unavailable");

    assertThat(answer.response().headers().firstValue("Retry-After")).hasValue("5");
  }

  @Test
  void contractIsServedAsItIsWritten() throws IOException {
    Answer answer = world.send(world.request("/openapi.yaml"));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.response().headers().firstValue("Content-Type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/yaml"));
    assertThat(answer.response().body()).isEqualTo(Files.readString(Path.of("openapi.yaml")));
  }

  private static String path(Person person) {
    return "/provisions/" + person.provision();
  }

  private static HttpRequest.Builder bearing(Scope scope, HttpRequest.Builder request) {
    return request.header("Authorization", "Bearer " + World.token(scope));
  }
}
