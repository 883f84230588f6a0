package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** An answer of many lines, a JSON object each, that are sent one by one as they are written. */
final class NdJson {
  static final String CONTENT_TYPE = "application/x-ndjson";

  private final HttpServletResponse response;

  /** Nothing is sent before the first line: until then the request may still be refused. */
  NdJson(HttpServletResponse response) {
    this.response = response;
  }

  boolean begun() {
    return response.isCommitted();
  }

  /**
   * Sends a line.
   *
   * @throws IOException nobody is there any more, as far as is known by now
   */
  void line(ObjectNode json) throws IOException {
    send(json.toString());
  }

  /** An empty line, which says that there is nothing to say yet. */
  void beat() throws IOException {
    send("");
  }

  private void send(String line) throws IOException {
    if (!begun()) {
      response.setStatus(200);
      response.setContentType(CONTENT_TYPE);
    }
    // Not Javalin's own stream, which keeps small answers back to the end.
    OutputStream out = response.getOutputStream();
    out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
