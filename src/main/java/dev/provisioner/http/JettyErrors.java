package dev.provisioner.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** What Jetty refuses without asking us, as problems instead of its HTML pages. */
final class JettyErrors extends ErrorHandler {
  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback) {
    ProblemType type = ProblemType.ofStatus(code);
    Object known = request.getAttribute(RequestId.NAME);
    String id = known == null ? RequestId.of(null) : known.toString();
    response.setStatus(type.status());
    EveryRequest.addHeaders(response.getHeaders(), id);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
    // Jetty closes then, and would not say so: the next request would be lost.
    response.getHeaders().put(HttpHeader.CONNECTION, HttpHeaderValue.CLOSE);
    if (type.status() == 503) {
      response.getHeaders().put(new HttpField(HttpHeader.RETRY_AFTER, RETRY_AFTER));
    }
    byte[] body = Problem.of(type, detail(type), id).json();
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    response.write(true, ByteBuffer.wrap(body), callback);
  }

  private static final String RETRY_AFTER =
      Long.toString(Duration.ofSeconds(Problem.RETRY_AFTER_SECONDS).toSeconds());

  /** Never Jetty's own message, which may quote the request. */
  static String detail(ProblemType type) {
    return switch (type) {
      case REQUEST_TIMEOUT -> "Send the request without pausing.";
      case PAYLOAD_TOO_LARGE -> "Send a smaller body.";
      case URI_TOO_LONG -> "Send a shorter address.";
      case HEADER_TOO_LARGE -> "Send fewer or shorter headers.";
      case NOT_FOUND -> "See GET /openapi.yaml for what there is.";
      case METHOD_NOT_ALLOWED -> "See the header Allow for the methods it takes.";
      case UNSUPPORTED_MEDIA_TYPE -> "Send JSON.";
      case DRAINING -> "Send the same request again: another instance will take it.";
      case INTERNAL_ERROR ->
          "Sending the request again is safe. If it fails again, look for the request id in the"
              + " log.";
      default -> "Send a well-formed HTTP/1.1 request.";
    };
  }
}
