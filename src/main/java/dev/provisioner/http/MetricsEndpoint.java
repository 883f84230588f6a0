package dev.provisioner.http;

import io.javalin.http.Context;
import java.util.function.Supplier;

/** {@code GET /metrics}: for Prometheus, on a port of its own that is nobody else's business. */
public final class MetricsEndpoint {
  private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Supplier<String> metrics;

  /**
   * @param metrics all of them, in Prometheus' text format
   */
  public MetricsEndpoint(Supplier<String> metrics) {
    this.metrics = metrics;
  }

  public Route route() {
    return Route.get("/metrics", this::tell);
  }

  private void tell(Context ctx) {
    ctx.contentType(CONTENT_TYPE).result(metrics.get());
  }
}
