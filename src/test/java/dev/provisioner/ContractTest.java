package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.Scenarios.Scenario;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.contract.Contract;
import dev.provisioner.contract.Document;
import dev.provisioner.contract.Document.Example;
import dev.provisioner.contract.Document.Operation;
import dev.provisioner.contract.Fields;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * {@code openapi.yaml} against the running service: what is documented can be provoked, and what is
 * provoked is documented. The judging itself is done in {@link World#send}.
 */
@ExtendWith(SharedSupabase.class)
class ContractTest {
  private final SupabaseServer supabase;
  private final Document document = Contract.served().document();
  private final Scenarios scenarios = new Scenarios();

  ContractTest(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @TestFactory
  Stream<DynamicNode> everyDocumentedStatusIsAnswered() {
    return document.operations().stream()
        .map(operation -> {
          // Of all its answers: what is shared by two need not show in both.
          Set<String> seen = new TreeSet<>();
          Stream<DynamicNode> answers =
              operation.statuses().stream().map(status -> answers(operation, status, seen));
          return dynamicContainer(
              operation.id(), Stream.concat(answers, Stream.of(everyField(operation, seen))));
        });
  }

  private DynamicTest everyField(Operation operation, Set<String> seen) {
    return dynamicTest(
        "every documented field is answered",
        () -> {
          for (int status : operation.statuses()) {
            if (status < 400) {
              JsonNode content = operation.response(document, status).path("content");
              assertThat(seen)
                  .as("fields that %s answers with %d, in some scenario", operation, status)
                  .containsAll(Fields.documented(document, content));
            }
          }
        });
  }

  private DynamicNode answers(Operation operation, int status, Set<String> seen) {
    List<Scenario> ways = scenarios.of(operation, status);
    if (ways.isEmpty()) {
      return dynamicTest(
          Integer.toString(status),
          () -> {
            throw new AssertionError(
                "openapi.yaml says that %s may answer %d, but no scenario provokes it: add one to Scenarios, or take the status out"
                    .formatted(operation, status));
          });
    }
    JsonNode content = operation.response(document, status).path("content");
    List<DynamicTest> tests = new ArrayList<>();
    for (Scenario way : ways) {
      tests.add(
          dynamicTest(
              way.name(),
              () -> {
                try (World world = World.serving(supabase)) {
                  Answer answer = way.act().play(world);
                  assertThat(answer.status()).as("%s: %s", way, answer).isEqualTo(status);
                  seen.addAll(Fields.answered(document, content, answer.response()));
                }
              }));
    }
    return dynamicContainer(Integer.toString(status), tests);
  }

  @Test
  void everyScenarioLeadsToADocumentedStatus() {
    for (Scenario scenario : scenarios.all()) {
      assertThat(document.operations())
          .as("what openapi.yaml promises, against the scenario \"%s\"", scenario)
          .anyMatch(each ->
              each.id().equals(scenario.operation())
                  && each.statuses().contains(scenario.status()));
    }
  }

  /** An example is there to be copied: sent as it stands, about a row that exists, it works. */
  @TestFactory
  Stream<DynamicTest> everyExampleOfARequestWorks() {
    return document.operations().stream()
        .flatMap(operation ->
            operation.requestExamples(document).stream()
                .map(example ->
                    dynamicTest(
                        operation.id() + " " + example,
                        () -> {
                          try (World world = World.serving(supabase)) {
                            named(world, example.value());
                            Answer answer = world.send(request(world, operation, example));
                            assertThat(answer.status())
                                .as("%s, sent %s: %s", operation, example, answer)
                                .isBetween(200, 299);
                          }
                        })));
  }

  /** The rows that an example names, and the installation. */
  private static void named(World world, JsonNode body) {
    List<String> ids = new ArrayList<>();
    if (body.at("/record/id").isTextual()) {
      ids.add(body.at("/record/id").asText());
    }
    body.path("ids").forEach(each -> ids.add(each.asText()));
    if (body.has("installation")) {
      world.sql("update provisioning.installation set id = ?", body.path("installation").asText());
    }
    for (String id : ids) {
      Person person = world.person();
      world.sql(
          "update public.pending_vapi_provision set id = ? where id = ?",
          UUID.fromString(id),
          person.provision());
    }
  }

  private static HttpRequest.Builder request(World world, Operation operation, Example example) {
    String body = example.value().toString();
    HttpRequest.Builder request =
        world
            .request(operation.path())
            .header("Content-Type", "application/json")
            .method(operation.method(), BodyPublishers.ofString(body));
    return operation.json().path("security").findValue("signature") == null
        ? request.header("Authorization", "Bearer " + World.token(Scope.OPERATE))
        : world.signed(request, body);
  }

  @TestFactory
  Stream<DynamicTest> everyTokenScopeIsTheOneThatLetsIn() {
    return document.operations().stream()
        .filter(operation -> !operation.scopes().isEmpty())
        .map(operation ->
            dynamicTest(
                operation.id(),
                () -> {
                  try (World world = World.serving(supabase)) {
                    for (Scope scope : Scope.values()) {
                      Answer answer = world.send(withToken(world, operation, scope));
                      assertThat(answer.status() != 403)
                          .as("%s lets scope %s in: %s", operation, scope.word(), answer)
                          .isEqualTo(operation.scopes().contains(scope.word()));
                    }
                  }
                }));
  }

  private static HttpRequest.Builder withToken(World world, Operation operation, Scope scope) {
    return world
        .request(operation.path().replaceAll("\\{[^}]*}", UUID.randomUUID().toString()))
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + World.token(scope))
        .method(
            operation.method(),
            operation.method().equals("GET")
                ? BodyPublishers.noBody()
                : BodyPublishers.ofString("{}"));
  }
}
