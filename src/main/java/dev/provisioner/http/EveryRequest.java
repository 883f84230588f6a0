package dev.provisioner.http;

import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.MDC;

/**
 * Around all that Javalin does: gives the request its id, for the answer and for every line logged
 * meanwhile, and the answer the headers that browsers and proxies heed.
 */
final class EveryRequest extends Handler.Wrapper {
  @Override
  @SuppressWarnings("try") // The resource is there to be closed, not to be used.
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String id = RequestId.of(request.getHeaders().get(RequestId.HEADER));
    request.setAttribute(RequestId.NAME, id);
    addHeaders(response.getHeaders(), id);
    try (var ignored = MDC.putCloseable(RequestId.NAME, id)) {
      return super.handle(request, response, callback);
    }
  }

  /** Also for answers that Jetty gives before or after a handler had a say. */
  static void addHeaders(HttpFields.Mutable headers, String requestId) {
    headers.put(RequestId.HEADER, requestId);
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("Cache-Control", "no-store");
    headers.put("Referrer-Policy", "no-referrer");
  }
}
