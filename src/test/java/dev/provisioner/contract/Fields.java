package dev.provisioner.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The fields of an answer's body, by path: those that are documented, and those that came. */
public final class Fields {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Fields() {}

  /**
   * All that the schemas name, whichever of several they are in.
   *
   * @param content by media type, as a response has it
   */
  public static Set<String> documented(Document document, JsonNode content) {
    Set<String> paths = new TreeSet<>();
    content.forEach(media -> collect(document, media.path("schema"), null, "", paths));
    return paths;
  }

  /** Those of the documented that are in this answer. */
  public static Set<String> answered(
      Document document, JsonNode content, HttpResponse<String> response) {
    Set<String> paths = new TreeSet<>();
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (type.endsWith("json")) {
      JsonNode schema = content.path(type).path("schema");
      // One body, or one in each line.
      try (MappingIterator<JsonNode> bodies =
          JSON.readerFor(JsonNode.class).readValues(response.body())) {
        while (bodies.hasNext()) {
          collect(document, schema, bodies.next(), "", paths);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return paths;
  }

  /** With a value, only what is in it. */
  private static void collect(
      Document document,
      JsonNode reference,
      @Nullable JsonNode value,
      String path,
      Set<String> paths) {
    JsonNode schema = document.resolve(reference);
    for (String several : new String[] {"oneOf", "anyOf", "allOf"}) {
      schema.path(several).forEach(each -> collect(document, each, value, path, paths));
    }
    schema
        .path("properties")
        .properties()
        .forEach(each -> {
          JsonNode inner = value == null ? null : value.get(each.getKey());
          if (value == null || inner != null) {
            paths.add(path + "/" + each.getKey());
            collect(document, each.getValue(), inner, path + "/" + each.getKey(), paths);
          }
        });
    if (schema.has("items")) {
      if (value == null) {
        collect(document, schema.get("items"), null, path + "/*", paths);
      } else {
        value.forEach(each -> collect(document, schema.get("items"), each, path + "/*", paths));
      }
    }
    if (schema.path("additionalProperties").isObject()) {
      JsonNode others = schema.get("additionalProperties");
      if (value == null) {
        collect(document, others, null, path + "/*", paths);
      } else {
        value
            .properties()
            .forEach(each -> {
              if (!schema.path("properties").has(each.getKey())) {
                collect(document, others, each.getValue(), path + "/*", paths);
              }
            });
      }
    }
  }
}
