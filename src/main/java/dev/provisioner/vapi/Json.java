package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.function.Consumer;

/** Reads whole JSON documents: what is cut short, or followed by anything, is no document. */
final class Json {
  private static final JsonMapper MAPPER =
      // The shared pool: buffers kept by thread are never used again by virtual threads.
      JsonMapper.builder(
              JsonFactory.builder()
                  .recyclerPool(JsonRecyclerPools.sharedConcurrentDequePool())
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
        throw new IOException("empty");
      }
      JsonNode tree = MAPPER.readTree(parser);
      end(parser);
      return tree;
    }
  }

  /**
   * Hands over the entries of one array, one at a time: a page of a thousand assistants is
   * megabytes of text, and many times that as one tree.
   *
   * @throws IOException when {@code document} is not exactly one JSON array; some entries may have
   *     been handed over by then
   */
  static void entries(byte[] document, Consumer<JsonNode> entry) throws IOException {
    try (JsonParser parser = MAPPER.createParser(document)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw new IOException("not an array");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        entry.accept(MAPPER.readTree(parser));
      }
      end(parser);
    }
  }

  private static void end(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw new IOException("more than one value");
    }
  }
}
