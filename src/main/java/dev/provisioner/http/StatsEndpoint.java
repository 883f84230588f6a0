package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.QueueStatistics;
import dev.provisioner.provision.Statistics;
import dev.provisioner.vapi.Gate;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Set;

/** {@code GET /stats}: how the queue stands, in numbers, and whether calls go out to Vapi. */
public final class StatsEndpoint {
  private final Authenticator authenticator;
  private final QueueStatistics statistics;
  private final Gate gate;

  public StatsEndpoint(Authenticator authenticator, QueueStatistics statistics, Gate gate) {
    this.authenticator = authenticator;
    this.statistics = statistics;
    this.gate = gate;
  }

  public Route route() {
    return Route.get("/stats", this::show);
  }

  private void show(Context ctx) {
    authenticator.requireToken(ctx, Scope.OPERATE);
    QueryParameters.read(ctx, Set.of()).check();
    Statistics now = statistics.read();
    ObjectNode json = Json.object();
    ObjectNode counts = json.putObject("counts");
    now.counts().forEach((status, count) -> counts.put(status.text(), count));
    json.put("processed_is_estimated", now.processedIsEstimated())
        .put("needs_a_person", now.needsAPerson());
    ObjectNode errors = json.putObject("errors");
    now.errors().forEach(errors::put);
    Duration oldest = now.oldestDue();
    json.put("due", now.due())
        .put("oldest_due_seconds", oldest == null ? null : oldest.toSeconds())
        .put("in_doubt", now.inDoubt())
        .put("looks_due", now.looksDue())
        .put("tombstones", now.tombstones())
        .put("processed_last_hour", now.processedLastHour());
    ArrayNode lastHour = json.putArray("last_hour");
    for (Statistics.Span each : now.lastHour()) {
      lastHour.addObject().put("from", each.from().toString()).put("processed", each.processed());
    }
    json.set("vapi", vapi(gate.state()));
    Json.answer(ctx, 200, json);
  }

  private static ObjectNode vapi(Gate.State state) {
    return switch (state) {
      case Gate.State.Open open -> Json.object().put("state", "open");
      case Gate.State.Throttled it ->
          Json.object()
              .put("state", "throttled")
              .put("reason", "Vapi asked for fewer calls.")
              .put("remaining_seconds", seconds(it.remaining()));
      case Gate.State.Refused it ->
          Json.object()
              .put("state", "refused")
              .put("reason", it.message())
              .put("remaining_seconds", seconds(it.remaining()));
    };
  }

  private static long seconds(Duration duration) {
    return duration.plusMillis(999).toSeconds();
  }
}
