package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;

/** Reads whole JSON documents: what is cut short, or followed by anything, is no document. */
final class Json {
  /** Characters of a document and of a text in it: what is longer is none of Vapi's. */
  private static final StreamReadConstraints LIMITS =
      StreamReadConstraints.builder()
          .maxDocumentLength(64L * 1024 * 1024)
          .maxStringLength(4 * 1024 * 1024)
          .build();

  private static final JsonMapper MAPPER =
      // The shared pool: buffers kept by thread are never used again by virtual threads.
      JsonMapper.builder(
              JsonFactory.builder()
                  .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
                  .streamReadConstraints(LIMITS)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .build();

  private Json() {}

  /**
   * @throws IOException when {@code document} is not exactly one JSON value
   */
  static JsonNode tree(byte[] document) throws IOException {
    try (JsonParser parser = MAPPER.createParser(document)) {
      if (parser.nextToken() == null) {
        throw new JsonParseException(parser, "empty");
      }
      JsonNode tree = MAPPER.readTree(parser);
      end(parser);
      return tree;
    }
  }

  /**
   * Hands over the entries of one array, one at a time, as they are read: a page of a thousand
   * assistants is megabytes of text, and many times that as one tree.
   *
   * @throws JsonProcessingException when {@code document} is not exactly one JSON array; some
   *     entries may have been handed over by then
   * @throws IOException when it cannot be read to its end
   */
  static void entries(InputStream document, Consumer<JsonNode> entry) throws IOException {
    try (JsonParser parser = MAPPER.createParser(document)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new JsonParseException(parser, "not an array");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        entry.accept(MAPPER.readTree(parser));
      }
      end(parser);
    }
  }

  private static void end(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "more than one value");
    }
  }
}
