package dev.provisioner.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A request's body: one JSON object, read strictly. Values are taken out one by one, by JSON
 * pointer; what does not fit is remembered, a stand-in is returned, and {@link #check()} refuses
 * the request with everything that is wrong at once. A null is a value of the wrong type, not an
 * absent one.
 */
public final class JsonBody {
  /** Enough for a webhook's record, whatever JSON the app keeps in its columns. */
  private static final int DEEPEST = 64;

  /** A body of mistakes is not answered with a longer one. */
  private static final int MOST_ERRORS = 20;

  private static final UUID NO_UUID = new UUID(0, 0);
  private static final Pattern UUID_FORM =
      Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
  private static final ObjectReader STRICT =
      JsonMapper.builder(
              JsonFactory.builder()
                  // Buffers kept by thread are never used again by virtual threads.
                  .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private final ObjectNode object;
  private final List<Problem.FieldError> errors = new ArrayList<>();

  private JsonBody(ObjectNode object) {
    this.object = object;
  }

  /**
   * Reads the body of this request.
   *
   * @param body exactly the bytes received
   * @throws ProblemException 415 when it is not declared as {@code application/json}, 400 when it
   *     is no JSON object
   */
  public static JsonBody read(Context ctx, byte[] body) {
    // Not ctx.contentType(): that fails on a charset that Java does not know.
    requireJson(ctx.header("Content-Type"));
    return read(body);
  }

  /**
   * As {@link #read(Context, byte[])}, but no body at all counts as an empty object, whatever it is
   * declared as.
   *
   * @throws ProblemException as there
   */
  public static JsonBody readOrEmpty(Context ctx, byte[] body) {
    return body.length == 0 ? new JsonBody(JsonNodeFactory.instance.objectNode()) : read(ctx, body);
  }

  static JsonBody read(byte[] body) {
    String text =
        Utf8.decode(body)
            .orElseThrow(() ->
                new ProblemException(
                    ProblemType.MALFORMED_JSON, "The body is not UTF-8. Send JSON as UTF-8."));
    JsonNode node;
    try {
      node = STRICT.readTree(text);
    } catch (JsonProcessingException e) {
      // Jackson's own message quotes the body, which is none of a log's or proxy's business.
      throw new ProblemException(
          ProblemType.MALFORMED_JSON,
          "The body is not one complete JSON object with every key once and at most %d levels%s."
              .formatted(DEEPEST, position(e)));
    }
    if (!(node instanceof ObjectNode object)) {
      throw new ProblemException(
          node.isMissingNode() ? ProblemType.MALFORMED_JSON : ProblemType.INVALID_REQUEST,
          "The body must be a JSON object.");
    }
    return new JsonBody(object);
  }

  private static String position(JsonProcessingException e) {
    return e.getLocation() == null
        ? ""
        : "; see line %d, column %d"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  private static void requireJson(@Nullable String contentType) {
    String declared = contentType == null ? "" : contentType;
    int parameters = declared.indexOf(';');
    String type = parameters < 0 ? declared : declared.substring(0, parameters);
    if (!type.strip().toLowerCase(Locale.ROOT).equals("application/json")) {
      throw new ProblemException(
          ProblemType.UNSUPPORTED_MEDIA_TYPE,
          "Send the body with the header \"Content-Type: application/json\".",
          Map.of("Accept", "application/json"));
    }
  }

  /** A text that must be there. The stand-in is an empty one. */
  public String requiredText(String pointer) {
    JsonNode node = object.at(pointer);
    if (node.isTextual()) {
      return node.textValue();
    }
    error(pointer, node.isMissingNode() ? "is required" : "must be a string");
    return "";
  }

  /** A text that may be absent; null then. */
  public @Nullable String optionalText(String pointer) {
    JsonNode node = object.at(pointer);
    if (!node.isMissingNode() && !node.isTextual()) {
      error(pointer, "must be a string");
    }
    return node.textValue();
  }

  /** A UUID that must be there. The stand-in is all zeros. */
  public UUID requiredUuid(String pointer) {
    JsonNode node = object.at(pointer);
    Optional<UUID> uuid = uuid(node);
    if (uuid.isEmpty()) {
      error(pointer, node.isMissingNode() ? "is required" : "must be a UUID");
    }
    return uuid.orElse(NO_UUID);
  }

  /** A boolean that may be absent. */
  public boolean optionalBoolean(String pointer, boolean fallback) {
    JsonNode node = object.at(pointer);
    if (!node.isMissingNode() && !node.isBoolean()) {
      error(pointer, "must be true or false");
    }
    return node.asBoolean(fallback);
  }

  /** A whole number from {@code least} to {@code most} that may be absent. */
  public int optionalInt(String pointer, int fallback, int least, int most) {
    JsonNode node = object.at(pointer);
    if (node.isMissingNode()) {
      return fallback;
    }
    if (node.isIntegralNumber()
        && node.canConvertToInt()
        && node.intValue() >= least
        && node.intValue() <= most) {
      return node.intValue();
    }
    error(pointer, "must be a whole number from %d to %d".formatted(least, most));
    return fallback;
  }

  /** A list of at most {@code most} UUIDs; an absent one is empty. */
  public List<UUID> optionalUuids(String pointer, int most) {
    JsonNode node = object.at(pointer);
    if (node.isMissingNode()) {
      return List.of();
    }
    if (!node.isArray() || node.size() > most) {
      error(pointer, "must be a list of at most %d UUIDs".formatted(most));
      return List.of();
    }
    List<UUID> uuids = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      Optional<UUID> uuid = uuid(node.get(i));
      uuid.ifPresent(uuids::add);
      if (uuid.isEmpty()) {
        error(pointer + "/" + i, "must be a UUID");
      }
    }
    return List.copyOf(uuids);
  }

  /** Every field but these is a mistake, most likely a misspelt one. */
  public void onlyFields(Set<String> known) {
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!known.contains(name)) {
        error(JsonPointer.empty().appendProperty(name).toString(), "is not known here");
      }
    }
  }

  /**
   * The last thing to call.
   *
   * @throws ProblemException 400 when anything did not fit
   */
  public void check() {
    if (!errors.isEmpty()) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "The body does not match the contract; see errors.",
          Map.of(),
          errors);
    }
  }

  private void error(String pointer, String detail) {
    if (errors.size() < MOST_ERRORS) {
      errors.add(new Problem.FieldError(fragment(pointer), detail));
    }
  }

  private static String fragment(String pointer) {
    try {
      return new URI(null, null, pointer).toASCIIString();
    } catch (URISyntaxException e) {
      return "#";
    }
  }

  /** Empty for what is not written as a UUID is: Java's own reading of them is lax. */
  static Optional<UUID> uuid(String text) {
    return UUID_FORM.matcher(text).matches()
        ? Optional.of(UUID.fromString(text))
        : Optional.empty();
  }

  private static Optional<UUID> uuid(JsonNode node) {
    return node.isTextual() ? uuid(node.textValue()) : Optional.empty();
  }
}
