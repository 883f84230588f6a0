package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Compiles a template and collects every problem on the way. Read token by token, since a tree
 * would have forgotten duplicate keys, and stopping at the first would hide the others.
 */
final class TemplateParser {
  private static final JsonFactory JSON = new JsonFactory();
  private static final String OPEN = "{{";
  private static final String CLOSE = "}}";
  private static final String VAPIS_OWN = "vapi:";
  private static final String ENVIRONMENT = "env.";

  private final Function<String, @Nullable String> environment;
  private final List<String> problems = new ArrayList<>();

  private TemplateParser(Function<String, @Nullable String> environment) {
    this.environment = environment;
  }

  /**
   * @throws TemplateException with every problem found
   */
  static SequencedMap<String, Node> compile(
      String json, Function<String, @Nullable String> environment) {
    return new TemplateParser(environment).document(json);
  }

  private SequencedMap<String, Node> document(String json) {
    // Editors on Windows still put a byte order mark in front.
    String text = json.startsWith("\uFEFF") ? json.substring(1) : json;
    Node root = null;
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() == null) {
        problems.add("the document is empty");
      } else {
        root = value(parser, "");
        if (parser.nextToken() != null) {
          problems.add("the document goes on after its end, at " + place(parser));
        }
      }
    } catch (JsonProcessingException e) {
      problems.add("invalid JSON at " + place(e) + ": " + complaint(e));
    } catch (IOException e) {
      throw new UncheckedIOException("reading a string cannot fail", e);
    }
    if (root != null && !(root instanceof Node.Members)) {
      problems.add("the document must be a JSON object");
    }
    if (root instanceof Node.Members(SequencedMap<String, Node> members)) {
      check(members);
      if (problems.isEmpty()) {
        return members;
      }
    }
    throw new TemplateException(problems);
  }

  private void check(SequencedMap<String, Node> members) {
    Node name = members.get("name");
    if (name != null && !(name instanceof Node.Text)) {
      problems.add("/name: must be a string");
    }
    Node metadata = members.get("metadata");
    if (metadata != null && !(metadata instanceof Node.Members)) {
      problems.add("/metadata: must be an object");
    }
  }

  private Node value(JsonParser parser, String pointer) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> members(parser, pointer);
      case START_ARRAY -> elements(parser, pointer);
      case VALUE_STRING -> text(parser.getText(), pointer);
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Node.Numeral(parser.getText());
      case VALUE_TRUE -> Node.Constant.TRUE;
      case VALUE_FALSE -> Node.Constant.FALSE;
      case VALUE_NULL -> Node.Constant.NULL;
      case END_OBJECT, END_ARRAY, FIELD_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
          throw new IllegalStateException("a value cannot begin with " + parser.currentToken());
    };
  }

  private Node members(JsonParser parser, String pointer) throws IOException {
    SequencedMap<String, Node> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = PlainText.wellFormed(parser.currentName());
      String place = pointer + "/" + key.replace("~", "~0").replace("/", "~1");
      parser.nextToken();
      if (members.put(key, value(parser, place)) != null) {
        problems.add(place + ": the key occurs twice");
      }
    }
    return new Node.Members(members);
  }

  private Node elements(JsonParser parser, String pointer) throws IOException {
    List<Node> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser, pointer + "/" + elements.size()));
    }
    return new Node.Elements(List.copyOf(elements));
  }

  private Node text(String raw, String pointer) {
    List<Node.Text.Part> parts = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    int at = 0;
    for (int open = raw.indexOf(OPEN); open >= 0; open = raw.indexOf(OPEN, at)) {
      int close = raw.indexOf(CLOSE, open + OPEN.length());
      if (close < 0) {
        problems.add(pointer + ": {{ without }}");
        break;
      }
      literal.append(raw, at, open);
      at = close + CLOSE.length();
      String inside = raw.substring(open + OPEN.length(), close);
      String name = inside.strip();
      if (name.startsWith(VAPIS_OWN)) {
        literal
            .append(OPEN)
            .append(inside, inside.indexOf(VAPIS_OWN) + VAPIS_OWN.length(), inside.length())
            .append(CLOSE);
      } else if (name.startsWith(ENVIRONMENT) && isVariable(name)) {
        literal.append(variable(name.substring(ENVIRONMENT.length()), pointer));
      } else {
        Node.Text.Part part = ofSubject(name);
        if (part == null) {
          problems.add(unknown(pointer, name));
        } else {
          flush(literal, parts);
          parts.add(part);
        }
      }
    }
    literal.append(raw, at, raw.length());
    flush(literal, parts);
    return new Node.Text(List.copyOf(parts));
  }

  private static Node.Text.@Nullable Part ofSubject(String name) {
    return switch (name) {
      case "user.id" -> subject -> subject.userId().toString();
      case "user.email" -> AssistantTemplate.Subject::plainEmail;
      case "user.name" -> AssistantTemplate.Subject::plainName;
      default -> null;
    };
  }

  private String variable(String name, String pointer) {
    String value = environment.apply(name);
    if (value == null || value.isEmpty()) {
      problems.add(pointer + ": the environment variable " + name + " is not set");
      return "";
    }
    return value;
  }

  private static boolean isVariable(String placeholder) {
    String name = placeholder.substring(ENVIRONMENT.length());
    return !name.isEmpty()
        && name.chars()
            .allMatch(c ->
                (c >= 'A' && c <= 'Z')
                    || (c >= 'a' && c <= 'z')
                    || (c >= '0' && c <= '9')
                    || c == '_');
  }

  private static void flush(StringBuilder literal, List<Node.Text.Part> parts) {
    if (!literal.isEmpty()) {
      String text = PlainText.wellFormed(literal.toString());
      literal.setLength(0);
      parts.add(subject -> text);
    }
  }

  private static String unknown(String pointer, String name) {
    String shown = PlainText.line(name, 60);
    return pointer
        + ": unknown placeholder {{"
        + shown
        + "}}; there are {{user.id}}, {{user.email}}, {{user.name}} and {{env.NAME}}. For a variable"
        + " of Vapi's own write {{vapi:"
        + shown
        + "}}";
  }

  private static String place(JsonParser parser) {
    return "line %d, column %d"
        .formatted(
            parser.currentTokenLocation().getLineNr(), parser.currentTokenLocation().getColumnNr());
  }

  private static String place(JsonProcessingException e) {
    return e.getLocation() == null
        ? "an unknown place"
        : "line %d, column %d"
            .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
  }

  /** What the parser says, without the text it stumbled on: that may be a secret without quotes. */
  private static String complaint(JsonProcessingException e) {
    String complaint = PlainText.line(e.getOriginalMessage(), 200);
    return complaint.startsWith("Unrecognized token")
        ? "not a JSON value (a text without quotes?)"
        : complaint;
  }
}
