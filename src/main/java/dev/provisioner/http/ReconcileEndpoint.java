package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.Candidate;
import dev.provisioner.provision.LogContext;
import dev.provisioner.provision.Outcome;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.Reconciler;
import dev.provisioner.provision.Reconciler.Request;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /reconcile}: work off what is due, or the rows that are named. */
public final class ReconcileEndpoint {
  private static final Logger LOG = LoggerFactory.getLogger(ReconcileEndpoint.class);
  private static final Set<String> FIELDS =
      Set.of("limit", "ids", "user_ids", "include_failed", "dry_run", "max_seconds");
  private static final Pattern COMMA = Pattern.compile(",");
  private static final int MOST_ROWS = 10_000;
  private static final int MOST_NAMED = 1000;

  private final Authenticator authenticator;
  private final Reconciler reconciler;
  private final ExecutorService workers;

  /** Work that goes on after its answer is done by {@code workers}. */
  public ReconcileEndpoint(
      Authenticator authenticator, Reconciler reconciler, ExecutorService workers) {
    this.authenticator = authenticator;
    this.reconciler = reconciler;
    this.workers = workers;
  }

  public Route route() {
    return Route.post("/reconcile", this::reconcile);
  }

  private void reconcile(Context ctx) throws InterruptedException {
    byte[] bytes = ctx.bodyAsBytes();
    authenticator.requireSignatureOrToken(ctx, bytes, Scope.OPERATE);
    boolean async = respondAsync(ctx);
    JsonBody body = JsonBody.readOrEmpty(ctx, bytes);
    body.onlyFields(FIELDS);
    boolean dryRun = body.optionalBoolean("/dry_run", false);
    // Nobody waits for what is done asynchronously: by itself it ends when nothing is due.
    Request request =
        new Request(
            body.optionalInt("/limit", async ? Integer.MAX_VALUE : 100, 1, MOST_ROWS),
            body.optionalUuids("/ids", MOST_NAMED),
            body.optionalUuids("/user_ids", MOST_NAMED),
            body.optionalBoolean("/include_failed", false),
            Duration.ofSeconds(body.optionalInt("/max_seconds", async ? 86_400 : 25, 1, 3600)));
    body.check();
    if (dryRun) {
      Json.answer(ctx, 200, preview(reconciler.preview(request)));
    } else if (async) {
      workers.execute(LogContext.carried(() -> goOn(request)));
      ctx.header("Preference-Applied", "respond-async");
      Json.answer(ctx, 202, Json.object().put("outcome", "underway"));
    } else if (Accept.prefersLines(Collections.list(ctx.req().getHeaders("Accept")))) {
      new ReconcileStream(ctx).tell(reconciler, request, workers);
    } else {
      Json.answer(ctx, 200, json(reconciler.reconcile(request)));
    }
  }

  private void goOn(Request request) {
    try {
      Reconciler.Summary summary = reconciler.reconcile(request);
      LOG.info("Reconciled: {}", summary);
    } catch (QueueUnavailableException e) {
      LOG.warn("Nothing more reconciled: {} What is due stays due.", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.error("Nothing more reconciled; what is due stays due.", e);
    }
  }

  private static boolean respondAsync(Context ctx) {
    String prefer = ctx.header("Prefer");
    return prefer != null
        && Stream.of(COMMA.split(prefer))
            .anyMatch(each -> each.strip().equalsIgnoreCase("respond-async"));
  }

  static ObjectNode json(Reconciler.Summary summary) {
    ObjectNode json = Json.object().put("claimed", summary.claimed());
    for (Outcome.Result result : Outcome.Result.values()) {
      json.put(result.text(), summary.count(result));
    }
    json.put("remaining", summary.remaining()).put("duration_ms", summary.duration().toMillis());
    if (summary.paused() != null) {
      json.put("paused", summary.paused());
    }
    return json;
  }

  private static ObjectNode preview(List<Candidate> candidates) {
    ObjectNode json = Json.object().put("dry_run", true).put("would_claim", candidates.size());
    ArrayNode rows = json.putArray("rows");
    for (Candidate each : candidates) {
      rows.addObject()
          .put("id", each.id().toString())
          .put("user_id", each.userId().toString())
          .put("status", each.status().text())
          .put("attempts", each.attempts())
          .put("plan", each.plan().name().toLowerCase(Locale.ROOT));
    }
    return json;
  }
}
