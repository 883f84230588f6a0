package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What those who may call may yet get wrong. One world serves all: none of this may change it. */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputTest {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";
  private static final int TOO_LARGE = 65 * 1024;

  private final World world;
  private final Person person;

  BadInputTest(SupabaseServer supabase) {
    world = World.serving(supabase);
    person = world.person();
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "not json",
        "{\"type\": \"INSERT\"",
        "{\"type\": \"INSERT\"} {}",
        "{\"type\": \"INSERT\", \"type\": \"UPDATE\"}",
        "{'type': 'INSERT'}"
      })
  void webhookThatIsNoJsonIsRefused(String body) {
    Refusal.of(world, webhook(body), 400, "malformed-json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "\"INSERT\"", "null", "42"})
  void webhookThatIsNoObjectIsRefused(String body) {
    Refusal.of(world, webhook(body), 400, "invalid-request");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                                                                           | #/type
          {"type": 1, "table": "pending_vapi_provision"}                               | #/type
          {"type": "INSERT"}                                                           | #/table
          {"type": "INSERT", "table": "pending_vapi_provision"}                        | #/record/id
          {"type": "INSERT", "table": "pending_vapi_provision", "record": null}        | #/record/id
          {"type": "INSERT", "table": "pending_vapi_provision", "record": {}}          | #/record/id
          {"type": "INSERT", "table": "pending_vapi_provision", "record": {"id": 7}}   | #/record/id
          {"type": "INSERT", "table": "pending_vapi_provision", "record": {"id": "7"}} | #/record/id
          {"type": "INSERT", "table": "pending_vapi_provision", "record": {"id": "x' or true --"}} | #/record/id
          """)
  void webhookThatLacksWhatIsNeededIsToldWhere(String body, String pointer) {
    Answer answer = Refusal.of(world, webhook(body), 400, "invalid-request");

    assertThat(answer.json().path("errors"))
        .extracting(each -> each.path("pointer").asText())
        .contains(pointer);
  }

  @Test
  void webhookAboutNoRowIsNotFound() {
    UUID nowhere = UUID.randomUUID();

    Answer answer =
        Refusal.of(world, webhook(World.announcement(nowhere)), 404, "provision-not-found");

    assertThat(answer.field("detail")).contains(nowhere.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"profiles", "PENDING_VAPI_PROVISION", ""})
  void webhookOfAnotherTableIsRefused(String table) {
    String body =
        World.announcement(person.provision())
            .replace("\"pending_vapi_provision\"", "\"" + table + "\"");

    Refusal.of(world, webhook(body), 422, "wrong-table");
  }

  @Test
  void otherEventsAreIgnoredWithoutAskingTheDatabase(SupabaseServer supabase) {
    try (World cutOff = World.serving(supabase)) {
      Person waiting = cutOff.person();
      String before = cutOff.dump();
      cutOff.wire.cut();

      for (String type : List.of("UPDATE", "DELETE", "insert")) {
        String body = World.announcement(waiting.provision()).replace("INSERT", type);
        Answer answer =
            cutOff.send(
                cutOff.signed(
                    cutOff.request(WEBHOOK).header("Content-Type", "application/json"), body));

        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        assertThat(answer.response().body().strip()).isEqualTo("{\"outcome\":\"ignored\"}");
      }
      assertThat(cutOff.dump()).isEqualTo(before);
      assertThat(cutOff.vapi.calls()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {WEBHOOK, "/reconcile"})
  void bodyOverTheLimitIsRefused(String path) {
    String body = "{\"padding\": \"" + "x".repeat(TOO_LARGE) + "\"}";

    Refusal.of(world, signed(path, body), 413, "payload-too-large");
  }

  @ParameterizedTest
  @ValueSource(strings = {WEBHOOK, "/reconcile"})
  void bodyOverTheLimitThatDoesNotSayItsLengthIsRefused(String path) {
    String body = "{\"padding\": \"" + "x".repeat(TOO_LARGE) + "\"}";
    HttpRequest.Builder request =
        signed(path, body)
            .POST(
                HttpRequest.BodyPublishers.ofInputStream(
                    () -> new ByteArrayInputStream(body.getBytes(UTF_8))));

    Refusal.of(world, request, 413, "payload-too-large");
  }

  @ParameterizedTest
  @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "application/jsonp"})
  void bodyThatIsNotDeclaredAsJsonIsRefused(String contentType) {
    String body = World.announcement(person.provision());

    Answer answer =
        Refusal.of(
            world,
            signed(WEBHOOK, body).setHeader("Content-Type", contentType),
            415,
            "unsupported-media-type");

    assertThat(answer.response().headers().firstValue("Accept")).hasValue("application/json");
    Refusal.of(
        world,
        world.signed(world.request("/reconcile"), "{\"limit\": 1}"),
        415,
        "unsupported-media-type");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET    | /webhooks/pending-vapi-provision | OPTIONS, POST
          PUT    | /webhooks/pending-vapi-provision | OPTIONS, POST
          DELETE | /webhooks/pending-vapi-provision | OPTIONS, POST
          GET    | /reconcile                       | OPTIONS, POST
          PATCH  | /reconcile                       | OPTIONS, POST
          POST   | /healthz                         | GET, HEAD, OPTIONS
          POST   | /readyz                          | GET, HEAD, OPTIONS
          POST   | /provisions                      | GET, HEAD, OPTIONS
          PUT    | /stats                           | GET, HEAD, OPTIONS
          DELETE | /provisions/0b6d3c1e-7f0a-4f3e-9d52-1c5b7c1a2f10 | GET, HEAD, OPTIONS
          """)
  void otherMethodsAreNotAllowed(String method, String path, String allowed) {
    HttpRequest.Builder request =
        world
            .request(path)
            .header("Authorization", "Bearer " + World.token(Scope.OPERATE))
            .method(method, HttpRequest.BodyPublishers.noBody());

    Answer answer = Refusal.of(world, request, 405, "method-not-allowed");

    assertThat(answer.response().headers().firstValue("Allow").orElse("").split(", ", -1))
        .containsExactlyInAnyOrder(allowed.split(", ", -1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/nowhere", "/webhooks", "/reconcile/all", "/metrics", "/audit/all"})
  void unknownPathIsNotFound(String path) {
    Refusal.of(world, signed(path, World.announcement(person.provision())), 404, "not-found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"limits": 1}                         | #/limits
          {"limit": 0}                          | #/limit
          {"limit": 10001}                      | #/limit
          {"limit": "5"}                        | #/limit
          {"limit": 1.5}                        | #/limit
          {"limit": null}                       | #/limit
          {"max_seconds": 0}                    | #/max_seconds
          {"max_seconds": 3601}                 | #/max_seconds
          {"ids": "all"}                        | #/ids
          {"ids": ["x"]}                        | #/ids/0
          {"ids": [null]}                       | #/ids/0
          {"user_ids": {}}                      | #/user_ids
          {"user_ids": ["1", 2]}                | #/user_ids/1
          {"include_failed": "yes"}             | #/include_failed
          {"dry_run": 1}                        | #/dry_run
          {"dry_run": true, "limit": -1}        | #/limit
          """)
  void badFieldsOfAReconcileAreNamed(String body, String pointer) {
    Answer answer = Refusal.of(world, signed("/reconcile", body), 400, "invalid-request");

    assertThat(answer.json().path("errors"))
        .extracting(each -> each.path("pointer").asText())
        .contains(pointer);
  }

  @Test
  void reconcileNamesAThousandRowsAtMost() {
    List<String> ids = Collections.nCopies(1001, "\"0b6d3c1e-7f0a-4f3e-9d52-1c5b7c1a2f10\"");

    Refusal.of(
        world,
        signed("/reconcile", "{\"ids\": [" + String.join(",", ids) + "]}"),
        400,
        "invalid-request");
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    Answer answer =
        Refusal.of(
            world,
            signed("/reconcile", "{\"limit\": 0, \"ids\": 1, \"force\": true}"),
            400,
            "invalid-request");

    assertThat(answer.json().path("errors"))
        .extracting((JsonNode each) -> each.path("pointer").asText())
        .containsExactlyInAnyOrder("#/limit", "#/ids", "#/force");
  }

  private HttpRequest.Builder webhook(String body) {
    return signed(WEBHOOK, body);
  }

  private HttpRequest.Builder signed(String path, String body) {
    return world.signed(world.request(path).header("Content-Type", "application/json"), body);
  }
}
