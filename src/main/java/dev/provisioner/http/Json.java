package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;

/** Answers in JSON, built by hand so that what is answered is seen where it is answered. */
final class Json {
  static final String CONTENT_TYPE = "application/json";

  private Json() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static void answer(Context ctx, int status, ObjectNode body) {
    ctx.status(status)
        .contentType(CONTENT_TYPE)
        .result((body + "\n").getBytes(StandardCharsets.UTF_8)); // kind to terminals
  }
}
