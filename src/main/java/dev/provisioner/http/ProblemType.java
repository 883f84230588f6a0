package dev.provisioner.http;

import java.util.Locale;

/**
 * Every kind of refusal there is. A caller may depend on {@link #uri()}; it never changes, while
 * titles and details are for people.
 */
public enum ProblemType {
  BAD_REQUEST(400, "The request is not HTTP as we speak it"),
  MALFORMED_JSON(400, "The body is not JSON"),
  INVALID_REQUEST(400, "The request does not match the contract"),
  UNAUTHENTICATED(401, "The request proves no identity"),
  INVALID_SIGNATURE(401, "The signature is not valid"),
  SIGNATURE_EXPIRED(401, "The signature is too far from the present"),
  INVALID_TOKEN(401, "The token is not valid"),
  INSUFFICIENT_SCOPE(403, "The token has not the scope for this"),
  NOT_FOUND(404, "There is nothing at this path"),
  PROVISION_NOT_FOUND(404, "There is no such provision"),
  METHOD_NOT_ALLOWED(405, "This path does not take this method"),
  REQUEST_TIMEOUT(408, "The request took too long to arrive"),
  AUDIT_RUNNING(409, "An audit is running already"),
  DATABASE_UNFIT(409, "The database is not as an audit needs it"),
  OTHER_INSTALLATION(409, "The call is not meant for this installation"),
  OTHER_ORGANISATION(409, "The key may be of another Vapi organisation"),
  TOO_MUCH_TO_MEND(409, "There is more to mend than is done unasked"),
  PAYLOAD_TOO_LARGE(413, "The body is too large"),
  URI_TOO_LONG(414, "The address is too long"),
  UNSUPPORTED_MEDIA_TYPE(415, "The body is not declared as JSON"),
  WRONG_TABLE(422, "The webhook is about another table"),
  HEADER_TOO_LARGE(431, "The headers are too large"),
  INTERNAL_ERROR(500, "Something went wrong on our side"),
  DATABASE_UNAVAILABLE(503, "The database cannot be reached"),
  VAPI_UNAVAILABLE(503, "Vapi could not be asked for all there is"),
  DRAINING(503, "This instance is shutting down");

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  /** The HTTP status it is answered with. */
  public int status() {
    return status;
  }

  /** The same for every occurrence. */
  public String title() {
    return title;
  }

  /** The stable part of {@link #uri()}: {@code invalid-token}. */
  public String slug() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** {@code urn:vapi-provisioner:problem:} and the {@link #slug()}. */
  public String uri() {
    return "urn:vapi-provisioner:problem:" + slug();
  }

  /** What an error that the server below us found is called here. */
  static ProblemType ofStatus(int status) {
    return switch (status) {
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 408 -> REQUEST_TIMEOUT;
      case 413 -> PAYLOAD_TOO_LARGE;
      case 414 -> URI_TOO_LONG;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 431 -> HEADER_TOO_LARGE;
      case 503 -> DRAINING;
      // A coding or a version of HTTP that we do not speak is the caller's to change.
      case 501, 505 -> BAD_REQUEST;
      default -> status >= 500 ? INTERNAL_ERROR : BAD_REQUEST;
    };
  }
}
