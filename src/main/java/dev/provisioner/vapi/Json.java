package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.function.Consumer;

/** Reads whole JSON documents: what is cut short, or followed by anything, is no document. */
final class Json {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build()
          .readerFor(JsonNode.class);

  private Json() {}

  /**
   * @throws IOException when {@code document} is not exactly one JSON value
   */
  static JsonNode tree(byte[] document) throws IOException {
    JsonNode tree = READER.readValue(document);
    if (tree == null || tree.isMissingNode()) {
      throw new IOException("empty");
    }
    return tree;
  }

  /**
   * Hands over the entries of one array, one at a time: a page of a thousand assistants is megabytes of
   * text, and many times that as one tree.
   *
   * @throws IOException when {@code document} is not exactly one JSON array; some entries may have been
   *     handed over by then
   */
  static void entries(byte[] document, Consumer<JsonNode> entry) throws IOException {
    try (JsonParser parser = READER.createParser(document)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("not an array");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        entry.accept(parser.readValueAsTree());
      }
      if (parser.nextToken() != null) {
        throw new IOException("more than one value");
      }
    }
  }
}
