package dev.provisioner.contract;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.http.ProblemType;
import dev.provisioner.http.Scope;
import dev.provisioner.ops.Readiness;
import dev.provisioner.provision.AuditReport;
import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.provision.Plan;
import dev.provisioner.provision.Status;
import dev.provisioner.vapi.Gate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** {@code openapi.yaml} in itself, and its words against those of the code. */
class DocumentTest {
  private static final Set<Result> SETTLED =
      EnumSet.of(Result.CREATED, Result.ADOPTED, Result.ALREADY_PROVISIONED, Result.FAILED);

  private final Document document = Contract.served().document();

  @TestFactory
  Stream<DynamicTest> everyExampleIsWhatItsSchemaSays() {
    return document.examples().stream()
        .map(example ->
            dynamicTest(
                example.pointer(),
                () ->
                    assertThat(document.violations(example.schema(), example.value()))
                        .as("what is wrong with the example at %s", example.pointer())
                        .isEmpty()));
  }

  @TestFactory
  Stream<DynamicTest> everyExampleOfAProblemHasATypeOfItsStatus() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Document.Operation operation : document.operations()) {
      for (int status : operation.statuses()) {
        String pointer = operation.pointer() + "/responses/" + status;
        JsonNode problem =
            operation.response(document, status).at("/content/application~1problem+json");
        for (Document.Example example : document.examplesBeside(pointer, problem)) {
          tests.add(
              dynamicTest(
                  operation.id() + " " + example.pointer(),
                  () ->
                      assertThat(Contract.typeViolations(status, example.value()))
                          .as("%s, example %s", operation, example)
                          .isEmpty()));
        }
      }
    }
    return tests.stream();
  }

  @Test
  void examplesAreFound() {
    assertThat(document.examples())
        .extracting(Document.Example::schema)
        .contains(
            "/paths/~1webhooks~1pending-vapi-provision/post/requestBody/content/application~1json/schema",
            "/paths/~1readyz/get/responses/200/content/application~1json/schema")
        .anyMatch(schema -> schema.startsWith("/components/schemas/"));
  }

  @Test
  void everyOperationHasANameOfItsOwn() {
    assertThat(document.operations())
        .extracting(Document.Operation::id)
        .doesNotContain("")
        .doesNotHaveDuplicates();
  }

  @Test
  void statusesAreThoseOfRows() {
    same("Provision/properties/status", texts(EnumSet.allOf(Status.class)));
    assertThat(document.words("/components/parameters/Status/schema/items"))
        .as("the values of the parameter status in openapi.yaml")
        .isEqualTo(texts(EnumSet.allOf(Status.class)));
    same(
        "ReconcilePreview/properties/rows/items/properties/status",
        texts(EnumSet.complementOf(EnumSet.of(Status.PROCESSED))));
    same("Announcement/properties/status", texts(EnumSet.of(Status.PROCESSED, Status.FAILED)));
  }

  @Test
  void outcomesAreThoseOfAttempts() {
    Set<String> settled = texts(SETTLED);
    settled.add("ignored");
    same("Announcement/properties/outcome", settled);
  }

  @Test
  void outcomesOfLinesAreThoseOfAttempts() {
    same("ReconciledRow/properties/outcome", texts(EnumSet.allOf(Result.class)));
    Set<String> totals = texts(EnumSet.allOf(Result.class));
    totals.add("done");
    assertThat(names(document.at("/components/schemas/ReconcileTotals/properties")))
        .as("the fields of ReconcileTotals in openapi.yaml, answered by reconcile")
        .isEqualTo(totals);
  }

  @Test
  void everyStatusIsCounted() {
    assertThat(names(document.at("/components/schemas/StatusCounts/properties")))
        .as("the fields of StatusCounts in openapi.yaml, answered by getStats")
        .isEqualTo(texts(EnumSet.allOf(Status.class)));
  }

  @Test
  void vapiIsInOneOfTheStatesOfTheGate() {
    Set<String> states =
        Arrays.stream(Gate.State.class.getPermittedSubclasses())
            .map(each -> each.getSimpleName().toLowerCase(Locale.ROOT))
            .collect(toCollection(TreeSet::new));
    same("VapiState/properties/state", states);
  }

  @Test
  void everyResultIsCountedInASummary() {
    Set<String> fields = texts(EnumSet.allOf(Result.class));
    fields.addAll(List.of("claimed", "remaining", "duration_ms", "paused"));
    JsonNode summary = document.at("/components/schemas/ReconcileSummary");
    assertThat(names(summary.path("properties")))
        .as("the fields of ReconcileSummary in openapi.yaml, answered by reconcile")
        .isEqualTo(fields);
  }

  @Test
  void plansAreThoseOfAttempts() {
    same(
        "ReconcilePreview/properties/rows/items/properties/plan", texts(EnumSet.allOf(Plan.class)));
  }

  @Test
  void outcomesOfAuditsAreThoseThatThereAre() {
    same("StrayAssistant/properties/outcome", texts(EnumSet.allOf(AuditReport.Deletion.class)));
    same("DanglingUser/properties/outcome", texts(EnumSet.allOf(AuditReport.Requeueing.class)));
  }

  @Test
  void readinessIsReadyDegradedOrUnready() {
    same("ReadinessStatus", texts(EnumSet.allOf(Readiness.Status.class)));
  }

  @Test
  void problemTypesAreThoseThatThereAre() {
    same(
        "Problem/properties/type",
        Arrays.stream(ProblemType.values())
            .map(ProblemType::uri)
            .collect(toCollection(TreeSet::new)));
  }

  @Test
  void scopesAreThoseOfTokens() {
    Set<String> scopes = new TreeSet<>();
    document.operations().forEach(each -> scopes.addAll(each.scopes()));
    assertThat(scopes)
        .as("the scopes of tokens that some operation in openapi.yaml asks for")
        .isEqualTo(texts(EnumSet.allOf(Scope.class)));
  }

  /** Compared in both directions. */
  private void same(String schema, Set<String> words) {
    assertThat(document.words("/components/schemas/" + schema))
        .as(
            "the values of schema %s in openapi.yaml, answered by %s, against those in the code",
            schema, document.operationsThatAnswer(schema.replaceAll("/.*", "")))
        .isEqualTo(words);
  }

  private static Set<String> texts(Collection<? extends Enum<?>> values) {
    return values.stream()
        .map(each -> each.name().toLowerCase(Locale.ROOT))
        .collect(toCollection(TreeSet::new));
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
