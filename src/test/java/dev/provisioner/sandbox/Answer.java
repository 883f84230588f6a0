package dev.provisioner.sandbox;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** An HTTP answer of the {@link VapiSimulator}, before anything befalls it on the way. */
record Answer(int status, String contentType, String body, Map<String, String> headers) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String APPLICATION_JSON = "application/json; charset=utf-8";
  private static final Map<Integer, String> REASONS =
      Map.ofEntries(
          Map.entry(400, "Bad Request"),
          Map.entry(401, "Unauthorized"),
          Map.entry(402, "Payment Required"),
          Map.entry(403, "Forbidden"),
          Map.entry(404, "Not Found"),
          Map.entry(408, "Request Timeout"),
          Map.entry(409, "Conflict"),
          Map.entry(429, "Too Many Requests"),
          Map.entry(500, "Internal Server Error"),
          Map.entry(502, "Bad Gateway"),
          Map.entry(503, "Service Unavailable"),
          Map.entry(504, "Gateway Timeout"));

  /** JSON if it looks like it, otherwise a page of some proxy on the way. */
  static Answer of(int status, String body) {
    boolean json = body.startsWith("{") || body.startsWith("[");
    return new Answer(status, json ? APPLICATION_JSON : "text/html", body, Map.of());
  }

  /** An error the way Vapi words most: the message is one string. */
  static Answer error(int status, String message) {
    ObjectNode error = JSON.createObjectNode().put("message", message);
    return of(status, closeError(status, error));
  }

  /** An error the way Vapi words what is wrong with a body or query: a list of messages. */
  static Answer invalid(List<String> messages) {
    ObjectNode error = JSON.createObjectNode();
    messages.forEach(error.putArray("message")::add);
    return of(400, closeError(400, error));
  }

  private static String closeError(int status, ObjectNode error) {
    return error
        .put("error", REASONS.getOrDefault(status, "Error"))
        .put("statusCode", status)
        .toString();
  }
}
