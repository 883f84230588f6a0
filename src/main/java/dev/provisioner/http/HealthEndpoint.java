package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.ops.Readiness;
import io.javalin.http.Context;
import java.util.List;

/** {@code GET /healthz}: alive. {@code GET /readyz}: able to work, and if not, why. */
public final class HealthEndpoint {
  private final Readiness readiness;

  public HealthEndpoint(Readiness readiness) {
    this.readiness = readiness;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/healthz", ctx -> Json.answer(ctx, 200, Json.object().put("status", "alive"))),
        Route.get("/readyz", this::ready));
  }

  private void ready(Context ctx) {
    Readiness.Report report = readiness.report();
    ObjectNode json = Json.object().put("status", report.status().text());
    ObjectNode checks = json.putObject("checks");
    report
        .checks()
        .forEach((name, check) -> {
          ObjectNode each = checks.putObject(name).put("status", check.status().text());
          if (check.reason() != null) {
            each.put("reason", check.reason());
          }
        });
    Json.answer(ctx, report.status() == Readiness.Status.UNREADY ? 503 : 200, json);
  }
}
