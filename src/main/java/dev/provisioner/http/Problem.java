package dev.provisioner.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of every answer that is a refusal, as RFC 9457 has it.
 *
 * @param detail what is wrong this time, and what to do about it
 * @param instance {@code urn:vapi-provisioner:request:} and the request's id; null when the request
 *     was refused before it had one
 * @param errors what is wrong where; null when nothing more is to be said
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Problem(
    String type,
    String title,
    int status,
    String detail,
    @Nullable String instance,
    @Nullable List<FieldError> errors) {
  static final String CONTENT_TYPE = "application/problem+json";

  /** How many seconds to wait when there is no better estimate. */
  static final long RETRY_AFTER_SECONDS = 5;

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One mistake in a body or in an address.
   *
   * @param pointer where in the body: a JSON pointer as a URI fragment, {@code #/record/id}
   * @param parameter or which parameter of the query
   * @param detail what is expected there
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record FieldError(@Nullable String pointer, @Nullable String parameter, String detail) {
    FieldError(String pointer, String detail) {
      this(pointer, null, detail);
    }

    static FieldError ofParameter(String name, String detail) {
      return new FieldError(null, name, detail);
    }
  }

  static Problem of(ProblemType type, String detail, @Nullable String requestId) {
    return of(type, detail, requestId, List.of());
  }

  static Problem of(
      ProblemType type, String detail, @Nullable String requestId, List<FieldError> errors) {
    return new Problem(
        type.uri(),
        type.title(),
        type.status(),
        detail,
        requestId == null ? null : "urn:vapi-provisioner:request:" + requestId,
        errors.isEmpty() ? null : errors);
  }

  ObjectNode node() {
    return JSON.valueToTree(this);
  }

  byte[] json() {
    try {
      return JSON.writeValueAsBytes(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("A problem cannot be written as JSON", e);
    }
  }
}
