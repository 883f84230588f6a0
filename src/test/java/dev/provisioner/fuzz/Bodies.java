package dev.provisioner.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.fuzz.Contract.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.stream.IntStream;

/** Bodies of requests: such as a schema allows, and such as nobody should send. */
final class Bodies {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Stands in a tree for what no tree can hold; see {@link #RAW}. */
  private static final String PLACE = "@raw@";

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "INSERT",
          "UPDATE",
          "pending_vapi_provision",
          "null",
          "Zoë 🙂 名前 \u202Etfel",
          "somebody@example.com",
          "'; drop table public.pending_vapi_provision; --",
          "../../etc/passwd",
          "<script>alert(1)</script>",
          "${jndi:ldap://localhost/a}",
          "{{user.email}}",
          "%s%n%x",
          "0b6d3c1e7f0a4f3e9d521c5b7c1a2f10",
          "{0b6d3c1e-7f0a-4f3e-9d52-1c5b7c1a2f10}",
          "1-1-1-1-1",
          "00000000-0000-0000-0000-000000000000",
          "x".repeat(10_000),
          "\uFEFF\u0000\u007F\u2028");

  /** Values as they are written, most of them no JSON, or none that one would want. */
  private static final List<String> RAW =
      List.of(
          "null",
          "true",
          "0",
          "-1",
          "-0",
          "0.5",
          "1.0",
          "1e2",
          "1e400",
          "-1E-400",
          "1e999999999",
          "2147483648",
          "9223372036854775808",
          "9".repeat(10_000),
          "0." + "3".repeat(10_000),
          "1e" + "9".repeat(999),
          "NaN",
          "-Infinity",
          "01",
          "+1",
          ".5",
          "0x10",
          "undefined",
          "'single'",
          "\"\\ud800\"",
          "\"\\udc00\\ud800\"",
          "\"\\u0000\"",
          "\"\u0000\"",
          "\"\\x\"",
          "\"\\u12\"",
          "\"open",
          "// comment\n1",
          "[1,]",
          "{\"a\":1,}",
          "{\"a\" 1}",
          "{a:1}",
          "[".repeat(62) + "]".repeat(62),
          "[".repeat(65) + "]".repeat(65),
          "[".repeat(20_000) + "]".repeat(20_000),
          "{\"a\":".repeat(1_000) + "1" + "}".repeat(1_000),
          "[" + "0,".repeat(5_000) + "0]",
          "[".repeat(20_000),
          "{\"__proto__\":{},\"@class\":\"java.lang.Runtime\",\"$ref\":\"#\"}");

  /** Names of fields, escaped as they are sent. */
  private static final List<String> NAMES =
      List.of(
          "unknown",
          "",
          "Limit",
          "a/b~c",
          "\\ud800",
          "\\u0000",
          "Zoë 🙂",
          "%41",
          "\\\"",
          "#",
          "x".repeat(5_000));

  private final Contract contract;
  private final List<UUID> known;

  /**
   * @param known ids that mean something where a UUID is wanted
   */
  Bodies(Contract contract, List<UUID> known) {
    this.contract = contract;
    this.known = known;
  }

  /** A body that the contract allows. */
  String valid(RandomGenerator random, Operation operation) {
    if (!operation.examples().isEmpty() && random.nextInt(3) == 0) {
      return pick(random, operation.examples()).toString();
    }
    JsonNode body = valid(random, operation.body());
    if (body instanceof ObjectNode object && object.path("type").asText().equals("INSERT")) {
      // What the contract says in words: then there is a row.
      object.set("record", JSON.objectNode().put("id", uuid(random)));
    }
    return body.toString();
  }

  /** The same with one to three things wrong, or at least unusual. */
  String mutated(RandomGenerator random, Operation operation) {
    JsonNode body = valid(random, operation.body());
    List<String> places = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      body = mutate(random, body, places);
    }
    String text = body.toString();
    for (String each : places) {
      text = text.replaceFirst('"' + PLACE + '"', Matcher.quoteReplacement(each));
    }
    return switch (random.nextInt(20)) {
      case 0 -> text + text;
      case 1 -> text + "\u0000";
      case 2 -> "\uFEFF" + text;
      case 3 -> "[" + text + "]";
      case 4 -> text.substring(0, random.nextInt(text.length() + 1));
      case 5 -> " \r\n\t" + text + " \n";
      default -> text;
    };
  }

  /** Bytes that are not the text in UTF-8, though some look like it. */
  byte[] recoded(RandomGenerator random, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    return switch (bytes.length == 0 ? 6 : random.nextInt(8)) {
      case 0 -> text.getBytes(UTF_16);
      case 1 -> text.getBytes(UTF_16LE);
      case 2 -> (text.substring(0, text.length() - 1) + ",\"é\":\"ü\"}").getBytes(ISO_8859_1);
      case 3 -> spliced(random, bytes, new byte[] {(byte) 0xC3});
      case 4 -> spliced(random, bytes, new byte[] {(byte) 0xC0, (byte) 0x80});
      case 5 -> spliced(random, bytes, new byte[] {(byte) 0xED, (byte) 0xA0, (byte) 0x80});
      case 6 -> {
        byte[] noise = new byte[random.nextInt(300)];
        random.nextBytes(noise);
        yield noise;
      }
      default -> {
        byte[] flipped = bytes.clone();
        for (int i = random.nextInt(4); i >= 0 && flipped.length > 0; i--) {
          flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
        }
        yield flipped;
      }
    };
  }

  private JsonNode mutate(RandomGenerator random, JsonNode body, List<String> places) {
    List<JsonNode> containers = new ArrayList<>();
    collect(body, containers);
    if (containers.isEmpty()) {
      return value(random, places);
    }
    switch (pick(random, containers)) {
      case ObjectNode object -> {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        if (names.isEmpty() || random.nextInt(4) == 0) {
          twisted(random, object, names, places);
        } else if (random.nextInt(4) == 0) {
          object.remove(pick(random, names));
        } else {
          object.set(pick(random, names), value(random, places));
        }
      }
      case ArrayNode array -> {
        if (array.isEmpty() || random.nextInt(3) == 0) {
          array.add(value(random, places));
        } else if (random.nextInt(8) == 0) {
          IntStream.range(0, 1500).forEach(i -> array.add(uuid(random)));
        } else {
          array.set(random.nextInt(array.size()), value(random, places));
        }
      }
      default -> {}
    }
    return random.nextInt(20) == 0 ? value(random, places) : body;
  }

  /** A field more: an unknown one, or one that is there already. */
  private void twisted(
      RandomGenerator random, ObjectNode object, List<String> names, List<String> places) {
    if (!names.isEmpty() && random.nextBoolean()) {
      String name = pick(random, names);
      places.add(object.get(name) + ",\"" + name + "\":" + pick(random, RAW));
      object.put(name, PLACE);
    } else {
      places.add("1,\"" + pick(random, NAMES) + "\":" + pick(random, RAW));
      object.put("extra", PLACE);
    }
  }

  private JsonNode value(RandomGenerator random, List<String> places) {
    if (random.nextInt(3) == 0) {
      return JSON.textNode(pick(random, TEXTS));
    }
    places.add(pick(random, RAW));
    return JSON.textNode(PLACE);
  }

  private static void collect(JsonNode node, List<JsonNode> containers) {
    if (node.isContainerNode()) {
      containers.add(node);
      node.forEach(each -> collect(each, containers));
    }
  }

  private static byte[] spliced(RandomGenerator random, byte[] bytes, byte[] inserted) {
    int at = random.nextInt(bytes.length + 1);
    byte[] all = new byte[bytes.length + inserted.length];
    System.arraycopy(bytes, 0, all, 0, at);
    System.arraycopy(inserted, 0, all, at, inserted.length);
    System.arraycopy(bytes, at, all, at + inserted.length, bytes.length - at);
    return all;
  }

  /** A value that this schema allows. */
  JsonNode valid(RandomGenerator random, JsonNode reference) {
    JsonNode schema = contract.resolve(reference);
    if (schema.has("const")) {
      return schema.get("const");
    }
    for (String choice : List.of("enum", "oneOf", "anyOf")) {
      if (schema.has(choice)) {
        JsonNode chosen = schema.get(choice).get(random.nextInt(schema.get(choice).size()));
        return choice.equals("enum") ? chosen : valid(random, chosen);
      }
    }
    JsonNode examples = schema.path("examples");
    boolean shown = !examples.isEmpty() && !schema.path("format").asText().equals("uuid");
    if (shown && (schema.has("pattern") || random.nextInt(3) == 0)) {
      return examples.get(random.nextInt(examples.size()));
    }
    JsonNode types = schema.path("type");
    String type =
        types.isArray() ? types.get(random.nextInt(types.size())).asText() : types.asText("object");
    return switch (type) {
      case "null" -> JSON.nullNode();
      case "boolean" -> JSON.booleanNode(random.nextBoolean());
      case "integer", "number" -> JSON.numberNode(number(random, schema));
      case "string" -> JSON.textNode(text(random, schema));
      case "array" -> {
        ArrayNode array = JSON.arrayNode();
        int size = schema.path("minItems").asInt(0) + random.nextInt(4);
        for (int i = 0; i < Math.min(size, schema.path("maxItems").asInt(size)); i++) {
          array.add(valid(random, schema.path("items")));
        }
        yield array;
      }
      default -> object(random, schema);
    };
  }

  private ObjectNode object(RandomGenerator random, JsonNode schema) {
    ObjectNode object = JSON.objectNode();
    List<String> required = new ArrayList<>();
    schema.path("required").forEach(each -> required.add(each.asText()));
    schema
        .path("properties")
        .properties()
        .forEach(each -> {
          if (required.contains(each.getKey()) || random.nextBoolean()) {
            object.set(each.getKey(), valid(random, each.getValue()));
          }
        });
    if (!schema.has("additionalProperties") && random.nextInt(4) == 0) {
      object.put("another", pick(random, TEXTS));
    }
    return object;
  }

  private static int number(RandomGenerator random, JsonNode schema) {
    int least = schema.path("minimum").asInt(-1_000_000);
    int most = schema.path("maximum").asInt(1_000_000);
    return switch (random.nextInt(4)) {
      case 0 -> least;
      case 1 -> most;
      default -> random.nextInt(least, most + 1);
    };
  }

  private String text(RandomGenerator random, JsonNode schema) {
    if (schema.path("format").asText().equals("uuid")) {
      return uuid(random);
    }
    String text = random.nextBoolean() ? "INSERT" : pick(random, TEXTS);
    int most = schema.path("maxLength").asInt(Integer.MAX_VALUE);
    return text.length() < schema.path("minLength").asInt(0) || text.length() > most
        ? "INSERT"
        : text;
  }

  String uuid(RandomGenerator random) {
    return (random.nextInt(4) == 0
            ? new UUID(random.nextLong(), random.nextLong())
            : pick(random, known))
        .toString();
  }

  static <T> T pick(RandomGenerator random, List<T> all) {
    return all.get(random.nextInt(all.size()));
  }
}
