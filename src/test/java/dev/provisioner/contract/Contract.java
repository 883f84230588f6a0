package dev.provisioner.contract;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.contract.Document.Operation;
import dev.provisioner.http.ProblemType;
import dev.provisioner.privacy.Confidential;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Judges answers by {@code openapi.yaml}: status, headers, content type and body, to the last
 * field. What the document does not have at all (another path, another method) may only be refused,
 * with a problem of its schema. Requests are not judged: tests send bad ones on purpose.
 */
public final class Contract {
  /** Every answer may have these; {@code info.description} or HTTP itself say so. */
  private static final Set<String> COMMON =
      Set.of(
          "cache-control",
          "connection",
          "content-length",
          "content-type",
          "date",
          "referrer-policy",
          "transfer-encoding",
          "x-content-type-options",
          "x-request-id");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String DOCUMENT = "/openapi.yaml";
  private static final String LINES = "application/x-ndjson";
  private static final String PROBLEM = "application/problem+json";
  private static final Contract SERVED = new Contract(Document.served());

  private final Document document;
  private final OpenApiInteractionValidator validator;

  private Contract(Document document) {
    this.document = document;
    this.validator =
        OpenApiInteractionValidator.createForInlineApiSpecification(document.text()).build();
  }

  /** That of the document which the service serves. */
  public static Contract served() {
    return SERVED;
  }

  public Document document() {
    return document;
  }

  /**
   * Judges an answer.
   *
   * @throws AssertionError naming the operation, and all that is wrong
   */
  public void judge(HttpResponse<String> response) {
    String method = response.request().method();
    String path = response.uri().getRawPath();
    if (!path.equals(DOCUMENT)) { // which has examples of everything
      Confidential.judge(
          "The answer to " + method + " " + path, response.headers().map() + " " + response.body());
    }
    Answer answer = new Answer(response.statusCode(), response.headers().map(), response.body());
    Optional<Operation> operation =
        document.operation(method.equals("HEAD") ? "GET" : method, path);
    if (operation.isPresent()) {
      report(operation.get(), answer, violations(operation.get(), method, path, answer));
    } else if (method.equals("OPTIONS") && document.hasPath(path)) {
      if (answer.status() != 204 || answer.header("allow").isEmpty()) {
        throw new AssertionError("OPTIONS " + path + " was answered " + answer);
      }
    } else {
      judgeProblem(method + " " + path, response);
    }
  }

  /**
   * Judges a refusal by the schema of problems, whatever was asked for.
   *
   * @param what was answered, for the error's text
   */
  public void judgeProblem(String what, HttpResponse<String> response) {
    Answer answer = new Answer(response.statusCode(), response.headers().map(), response.body());
    List<String> wrong = new ArrayList<>();
    if (answer.status() < 400) {
      wrong.add("openapi.yaml has no such operation, so it may only be refused");
    }
    if (!answer.header("content-type").equals(Optional.of(PROBLEM))) {
      wrong.add("content type: " + PROBLEM + " is expected");
    }
    if (!response.request().method().equals("HEAD")) {
      wrong.addAll(problemViolations(answer.status(), answer.body()));
    }
    if (!wrong.isEmpty()) {
      throw new AssertionError(
          "%s was answered %s%n  %s".formatted(what, answer, String.join("\n  ", wrong)));
    }
  }

  private record Answer(int status, Map<String, List<String>> headers, String body) {
    Optional<String> header(String name) {
      return Optional.ofNullable(headers.get(name)).map(List::getFirst);
    }

    @Override
    public String toString() {
      return status + " " + header("content-type").orElse("without content type") + " " + body;
    }
  }

  private List<String> violations(Operation operation, String method, String path, Answer answer) {
    boolean bodiless = method.equals("HEAD");
    List<String> wrong = new ArrayList<>();
    SimpleResponse.Builder response = new SimpleResponse.Builder(answer.status());
    answer.headers().forEach(response::withHeader);
    if (!bodiless) {
      response.withBody(answer.body());
    }
    validator
        .validateResponse(path, Request.Method.valueOf(operation.method()), response.build())
        .getMessages()
        .forEach(each -> {
          if (!(bodiless && each.getKey().equals("validation.response.body.missing"))) {
            describe(each, wrong);
          }
        });
    if (!bodiless && answer.header("content-type").equals(Optional.of(LINES))) {
      wrong.addAll(lineViolations(operation, answer));
    }
    wrong.addAll(undocumentedHeaders(operation, answer));
    if (answer.status() >= 400
        && !bodiless
        && answer.header("content-type").equals(Optional.of(PROBLEM))) {
      wrong.addAll(problemViolations(answer.status(), answer.body()));
    }
    return wrong;
  }

  /**
   * The validator does not look into lines. Each that is not empty is judged by the schema, which
   * is that of a line; only the last may say how it ended, and must.
   */
  private List<String> lineViolations(Operation operation, Answer answer) {
    String schema =
        operation.pointer()
            + "/responses/%d/content/%s/schema".formatted(answer.status(), Document.escaped(LINES));
    List<String> wrong = new ArrayList<>();
    List<String> lines = answer.body().lines().filter(line -> !line.isEmpty()).toList();
    if (!answer.body().endsWith("\n")) {
      wrong.add("the last line has no end");
    }
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line;
      try {
        line = JSON.readTree(lines.get(i));
      } catch (JsonProcessingException e) {
        wrong.add("line " + (i + 1) + " is no JSON: " + e.getOriginalMessage());
        continue;
      }
      for (String each : document.violations(schema, line)) {
        wrong.add("line " + (i + 1) + ": " + each);
      }
      if (line.has("row") == (i == lines.size() - 1)) {
        wrong.add("line " + (i + 1) + ": rows come first, and then what ended it");
      }
    }
    return wrong;
  }

  private static void describe(ValidationReport.Message message, List<String> wrong) {
    wrong.add("[" + message.getKey() + "] " + message.getMessage());
    message.getNestedMessages().forEach(each -> describe(each, wrong));
  }

  private List<String> undocumentedHeaders(Operation operation, Answer answer) {
    JsonNode documented =
        operation.json().path("responses").path(Integer.toString(answer.status()));
    if (documented.isMissingNode()) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    document
        .resolve(documented)
        .path("headers")
        .fieldNames()
        .forEachRemaining(name -> names.add(name.toLowerCase(Locale.ROOT)));
    return answer.headers().keySet().stream()
        .map(name -> name.toLowerCase(Locale.ROOT))
        .filter(name -> !name.startsWith(":") && !COMMON.contains(name) && !names.contains(name))
        .map(name -> "header " + name + " is sent, but not documented")
        .toList();
  }

  /** What is wrong with the body of a refusal; empty when nothing is. */
  public List<String> problemViolations(int status, String body) {
    JsonNode problem;
    try {
      problem = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return List.of("the body is no JSON: " + e.getOriginalMessage());
    }
    List<String> wrong =
        new ArrayList<>(document.violations("/components/schemas/Problem", problem));
    wrong.addAll(typeViolations(status, problem));
    return wrong;
  }

  /** Whether a problem says what its status says. */
  static List<String> typeViolations(int status, JsonNode problem) {
    String type = problem.path("type").asText();
    List<String> wrong = new ArrayList<>();
    if (Arrays.stream(ProblemType.values())
        .noneMatch(each -> each.uri().equals(type) && each.status() == status)) {
      wrong.add("type: no problem of status " + status + " is called " + type);
    }
    if (problem.path("status").asInt() != status) {
      wrong.add("status: " + problem.path("status") + " instead of " + status);
    }
    return wrong;
  }

  private static void report(Operation operation, Answer answer, List<String> wrong) {
    if (!wrong.isEmpty()) {
      throw new AssertionError(
          "%s has answered what openapi.yaml does not promise:%n  %s%nThe answer: %s"
              .formatted(operation, String.join("\n  ", wrong), answer));
    }
  }
}
