package dev.provisioner.http;

import java.time.Duration;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.NanoTime;
import org.slf4j.MDC;

/**
 * Around all that Javalin does: gives the request its id, for the answer and for every line logged
 * meanwhile, and the answer the headers that browsers and proxies heed.
 */
final class EveryRequest extends Handler.Wrapper {
  private final Duration arrival;

  /**
   * @param arrival how long a body may take to arrive
   */
  EveryRequest(Duration arrival) {
    this.arrival = arrival;
  }

  @Override
  @SuppressWarnings("try") // The resource is there to be closed, not to be used.
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String id = RequestId.of(request.getHeaders().get(RequestId.HEADER));
    request.setAttribute(RequestId.NAME, id);
    addHeaders(response.getHeaders(), id);
    try (var ignored = MDC.putCloseable(RequestId.NAME, id)) {
      return super.handle(new PunctualRequest(request, arrival), response, callback);
    }
  }

  /** Also for answers that Jetty gives before or after a handler had a say. */
  static void addHeaders(HttpFields.Mutable headers, String requestId) {
    headers.put(RequestId.HEADER, requestId);
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Cache-Control", "no-store");
    headers.put("Referrer-Policy", "no-referrer");
  }

  /** Jetty's idle timeout ends silence; this ends a body that drips in for ever. */
  private static final class PunctualRequest extends Request.Wrapper {
    private final long begun = NanoTime.now();
    private final Duration arrival;

    PunctualRequest(Request request, Duration arrival) {
      super(request);
      this.arrival = arrival;
    }

    @Override
    public Content.Chunk read() {
      return NanoTime.since(begun) > arrival.toNanos()
          ? Content.Chunk.from(
              new HttpException.RuntimeException(
                  HttpStatus.REQUEST_TIMEOUT_408, "The body took too long to arrive"))
          : super.read();
    }
  }
}
