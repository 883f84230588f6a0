package dev.provisioner.vapi;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What Vapi said, as a line that may be logged and kept: errors echo what they were sent, so the
 * API key and anything that looks like an e-mail address are taken out.
 */
final class Redaction {
  static final int MESSAGE_LIMIT = 500;
  static final int EXCERPT_LIMIT = 200;

  // Long enough for any message, short enough that the pattern below cannot be made to crawl.
  private static final int CONSIDERED = 4_000;
  private static final Pattern EMAIL =
      Pattern.compile("[^\\s@\"'<>,;:()\\[\\]{}]++@[^\\s@\"'<>,;:()\\[\\]{}]++");

  private final String apiKey;

  Redaction(String apiKey) {
    this.apiKey = apiKey;
  }

  /**
   * The {@code message} of an error body, arrays joined with "; ", or else {@code error}; of
   * anything that is not such JSON the first {@value #EXCERPT_LIMIT} characters. "no message" where
   * nothing is left.
   */
  String message(byte[] body) {
    String said = said(body);
    String line =
        said == null
            ? line(
                new String(body, 0, Math.min(body.length, CONSIDERED), StandardCharsets.UTF_8),
                EXCERPT_LIMIT)
            : line(said, MESSAGE_LIMIT);
    return line.isEmpty() ? "no message" : line;
  }

  String line(String text, int limit) {
    // The key first: a cut through its middle would hide it from the search and leave half of it.
    String masked = text.replace(apiKey, "[redacted]");
    masked = PlainText.cut(masked, CONSIDERED);
    masked = EMAIL.matcher(masked).replaceAll("[e-mail]");
    return PlainText.line(masked, limit);
  }

  private static @Nullable String said(byte[] body) {
    JsonNode json;
    try {
      json = Json.tree(body);
    } catch (IOException notJson) {
      return null;
    }
    JsonNode message = json.path("message");
    if (message.isArray()) {
      List<String> parts = new ArrayList<>();
      message.forEach(part -> parts.add(part.isTextual() ? part.textValue() : part.toString()));
      return String.join("; ", parts);
    }
    if (message.isTextual()) {
      return message.textValue();
    }
    if (message.isObject()) {
      return message.toString();
    }
    return json.path("error").isTextual() ? json.path("error").textValue() : null;
  }
}
