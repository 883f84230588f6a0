package dev.provisioner.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What openapi.yaml says of requests. */
public final class Contract {
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

  private final JsonNode document;
  private final List<Operation> operations = new ArrayList<>();

  private Contract(JsonNode document) {
    this.document = document;
    document
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(each -> {
                  if (METHODS.contains(each.getKey())) {
                    operations.add(operation(path, each.getKey(), each.getValue()));
                  }
                }));
  }

  /** As it is on the class path. */
  public static Contract read() {
    try (InputStream in = Contract.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is not on the class path");
      }
      return new Contract(new YAMLMapper().readTree(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * One operation.
   *
   * @param parameters resolved
   * @param body the schema of its JSON; missing where it takes none
   * @param examples bodies that the contract shows
   * @param scopes of tokens that may call it; empty where no token helps
   */
  public record Operation(
      String id,
      String method,
      String path,
      List<JsonNode> parameters,
      JsonNode body,
      List<JsonNode> examples,
      boolean open,
      boolean signable,
      Set<String> scopes,
      Set<Integer> statuses) {
    @Override
    public String toString() {
      return id;
    }
  }

  public List<Operation> operations() {
    return operations;
  }

  /** What stands where a reference points. */
  JsonNode resolve(JsonNode node) {
    JsonNode found = node;
    while (found.has("$ref")) {
      found = document.at(found.get("$ref").asText().substring(1));
    }
    return found;
  }

  private Operation operation(Map.Entry<String, JsonNode> path, String method, JsonNode node) {
    List<JsonNode> parameters = new ArrayList<>();
    path.getValue().path("parameters").forEach(each -> parameters.add(resolve(each)));
    node.path("parameters").forEach(each -> parameters.add(resolve(each)));
    JsonNode content = resolve(node.path("requestBody")).path("content").path("application/json");
    List<JsonNode> examples = new ArrayList<>();
    if (content.has("example")) {
      examples.add(content.get("example"));
    }
    content.path("examples").forEach(each -> examples.add(resolve(each).path("value")));
    JsonNode security = node.has("security") ? node.get("security") : document.path("security");
    Set<String> scopes = new HashSet<>();
    boolean signable = false;
    for (JsonNode requirement : security) {
      @Nullable String token = token(requirement);
      if (token == null) {
        signable = true;
      } else {
        requirement.path(token).forEach(scope -> scopes.add(scope.asText()));
      }
    }
    Set<Integer> statuses = new HashSet<>();
    node.path("responses")
        .fieldNames()
        .forEachRemaining(each -> statuses.add(Integer.valueOf(each)));
    return new Operation(
        node.path("operationId").asText(),
        method.toUpperCase(Locale.ROOT),
        path.getKey(),
        parameters,
        content.isMissingNode() ? MissingNode.getInstance() : content.path("schema"),
        examples,
        security.isEmpty(),
        signable,
        scopes,
        statuses);
  }

  private @Nullable String token(JsonNode requirement) {
    for (Map.Entry<String, JsonNode> each : requirement.properties()) {
      JsonNode scheme = document.at("/components/securitySchemes/" + each.getKey());
      if (resolve(scheme).path("scheme").asText().equals("bearer")) {
        return each.getKey();
      }
    }
    return null;
  }
}
