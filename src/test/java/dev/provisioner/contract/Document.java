package dev.provisioner.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** {@code openapi.yaml}, as it is written: operations, schemas, examples. */
public final class Document {
  private static final String IRI = "https://contract.invalid/openapi";
  private static final Set<String> METHODS =
      Set.of("get", "put", "post", "delete", "options", "head", "patch", "trace");

  private final String text;
  private final JsonNode root;
  private final List<Operation> operations;
  private final SchemaRegistry schemas;

  private Document(String text) throws IOException {
    this.text = text;
    this.root = new YAMLMapper().readTree(text);
    this.operations = operations(root);
    this.schemas =
        SchemaRegistry.withDialect(
            Dialects.getOpenApi31(), builder -> builder.schemas(Map.of(IRI, root.toString())));
  }

  /** The one that the service serves. */
  public static Document served() {
    try (InputStream in = Document.class.getResourceAsStream("/openapi.yaml")) {
      if (in == null) {
        throw new IllegalStateException("openapi.yaml is not on the class path");
      }
      return new Document(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * One method of one path.
   *
   * @param method in capitals
   * @param path with its parameters in braces
   * @param pointer where it stands
   */
  public record Operation(String id, String method, String path, String pointer, JsonNode json) {
    private boolean serves(String actual) {
      StringBuilder pattern = new StringBuilder();
      for (String segment : path.substring(1).split("/", -1)) {
        pattern.append('/').append(segment.startsWith("{") ? "[^/]+" : Pattern.quote(segment));
      }
      return Pattern.matches(pattern.toString(), actual);
    }

    /** The statuses it may be answered with, in order. */
    public Set<Integer> statuses() {
      Set<Integer> statuses = new TreeSet<>();
      json.path("responses")
          .fieldNames()
          .forEachRemaining(each -> statuses.add(Integer.valueOf(each)));
      return statuses;
    }

    /** What it says of one of them. */
    public JsonNode response(Document document, int status) {
      return document.resolve(json.path("responses").path(Integer.toString(status)));
    }

    /** The scopes of tokens that are let in; empty where none is asked for. */
    public Set<String> scopes() {
      Set<String> scopes = new TreeSet<>();
      json.path("security")
          .forEach(each -> each.path("token").forEach(scope -> scopes.add(scope.asText())));
      return scopes;
    }

    /** The bodies that it shows. */
    public List<Example> requestExamples(Document document) {
      List<Example> found = new ArrayList<>();
      document
          .resolve(json.path("requestBody"))
          .path("content")
          .properties()
          .forEach(each ->
              found.addAll(
                  document.examplesBeside(
                      pointer + "/requestBody/content/" + escaped(each.getKey()),
                      each.getValue())));
      return found;
    }

    @Override
    public String toString() {
      return id + " (" + method + " " + path + ")";
    }
  }

  /**
   * A value that stands as an example beside a schema.
   *
   * @param pointer where the example stands
   * @param schema where its schema stands
   */
  public record Example(String pointer, String schema, JsonNode value) {
    @Override
    public String toString() {
      return pointer;
    }
  }

  String text() {
    return text;
  }

  public List<Operation> operations() {
    return operations;
  }

  /** What answers this method at this path; empty where nothing is said to. */
  public Optional<Operation> operation(String method, String path) {
    return operations.stream()
        .filter(each -> each.method().equals(method) && each.serves(path))
        .findFirst();
  }

  /** Whether some method is said to be answered at this path. */
  boolean hasPath(String path) {
    return operations.stream().anyMatch(each -> each.serves(path));
  }

  /** What stands at a JSON pointer, which may lead through references. */
  public JsonNode at(String pointer) {
    JsonNode node = root;
    for (String key : pointer.substring(1).split("/", -1)) {
      node = resolve(node.path(key.replace("~1", "/").replace("~0", "~")));
    }
    return node;
  }

  /** The same, or what it refers to. */
  public JsonNode resolve(JsonNode node) {
    JsonNode resolved = node;
    while (resolved.has("$ref")) {
      String reference = resolved.get("$ref").asText();
      resolved = root.at(reference.substring(1));
      if (!reference.startsWith("#/") || resolved.isMissingNode()) {
        throw new AssertionError("openapi.yaml refers to what it does not have: " + reference);
      }
    }
    return resolved;
  }

  /** The values that a schema of words allows, written as an enum, a const, or one of several. */
  Set<String> words(String schema) {
    Set<String> words = new TreeSet<>();
    collectWords(at(schema), words);
    return words;
  }

  private void collectWords(JsonNode schema, Set<String> words) {
    schema.path("enum").forEach(each -> words.add(each.asText()));
    if (schema.has("const")) {
      words.add(schema.get("const").asText());
    }
    for (String several : List.of("oneOf", "anyOf", "allOf")) {
      schema.path(several).forEach(each -> collectWords(resolve(each), words));
    }
  }

  /** The ids of the operations in whose answers a schema of this name is found, at any depth. */
  Set<String> operationsThatAnswer(String schema) {
    Set<String> ids = new TreeSet<>();
    for (Operation operation : operations) {
      if (refersTo(operation.json().path("responses"), "#/components/schemas/" + schema)) {
        ids.add(operation.id());
      }
    }
    return ids;
  }

  private boolean refersTo(JsonNode node, String target) {
    if (node.has("$ref")) {
      String reference = node.get("$ref").asText();
      return reference.equals(target) || refersTo(resolve(node), target);
    }
    for (JsonNode each : node) {
      if (refersTo(each, target)) {
        return true;
      }
    }
    return false;
  }

  /** What is wrong with a value, judged by the schema at this pointer; empty when nothing is. */
  public List<String> violations(String schema, JsonNode value) {
    Schema judge = schemas.getSchema(SchemaLocation.of(IRI + "#" + schema));
    return judge
        .validate(
            value,
            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)))
        .stream()
        .map(error -> error.getInstanceLocation() + ": " + error.getMessage())
        .toList();
  }

  /** Every example there is, of bodies, parameters, headers and schemas. */
  public List<Example> examples() {
    List<Example> found = new ArrayList<>();
    collect("", root, found);
    return found;
  }

  /** The examples of a media type, a parameter or a header, by name; the only one has none. */
  List<Example> examplesBeside(String pointer, JsonNode holder) {
    List<Example> found = new ArrayList<>();
    String schema = pointer + "/schema";
    if (holder.has("example")) {
      found.add(new Example(pointer + "/example", schema, holder.get("example")));
    }
    holder
        .path("examples")
        .properties()
        .forEach(each ->
            found.add(
                new Example(
                    pointer + "/examples/" + escaped(each.getKey()),
                    schema,
                    resolve(each.getValue()).path("value"))));
    return found;
  }

  private void collect(String pointer, JsonNode node, List<Example> found) {
    if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        collect(pointer + "/" + i, node.get(i), found);
      }
      return;
    }
    if (node.has("schema") && !pointer.endsWith("/properties")) {
      found.addAll(examplesBeside(pointer, node));
    } else if (!pointer.endsWith("/properties")) {
      if (node.has("example")) {
        found.add(new Example(pointer + "/example", pointer, node.get("example")));
      }
      if (node.path("examples").isArray()) {
        for (int i = 0; i < node.get("examples").size(); i++) {
          JsonNode value = node.get("examples").get(i);
          found.add(new Example(pointer + "/examples/" + i, pointer, value));
        }
      }
    }
    node.properties()
        .forEach(each -> {
          boolean named = pointer.endsWith("/properties");
          if (named
              || !Set.of("example", "examples", "default", "enum", "const")
                  .contains(each.getKey())) {
            collect(pointer + "/" + escaped(each.getKey()), each.getValue(), found);
          }
        });
  }

  private static List<Operation> operations(JsonNode root) {
    List<Operation> operations = new ArrayList<>();
    root.path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(each -> {
                  if (METHODS.contains(each.getKey())) {
                    operations.add(
                        new Operation(
                            each.getValue().path("operationId").asText(),
                            each.getKey().toUpperCase(Locale.ROOT),
                            path.getKey(),
                            "/paths/" + escaped(path.getKey()) + "/" + each.getKey(),
                            each.getValue()));
                  }
                }));
    return List.copyOf(operations);
  }

  static String escaped(String key) {
    return key.replace("~", "~0").replace("/", "~1");
  }
}
