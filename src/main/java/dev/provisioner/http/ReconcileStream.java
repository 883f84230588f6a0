package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.LogContext;
import dev.provisioner.provision.Outcome;
import dev.provisioner.provision.Reconciler;
import dev.provisioner.provision.Reconciler.Progress;
import dev.provisioner.provision.Reconciler.Summary;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reconcile told line by line while it goes on. The work is done by others and never waits for
 * the one who reads; when that one is gone, no further rows are claimed, and those that are claimed
 * are settled.
 */
final class ReconcileStream implements Progress {
  private static final Logger LOG = LoggerFactory.getLogger(ReconcileStream.class);

  /** A client that is gone is noticed when something is written, so something always is. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(2);

  private final NdJson lines;
  private final @Nullable String requestId;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Map<Outcome.Result, Integer> totals = new EnumMap<>(Outcome.Result.class);
  private boolean begun;
  private volatile boolean gone;

  ReconcileStream(Context ctx) {
    this.lines = new NdJson(ctx.res());
    this.requestId = ctx.attribute(RequestId.NAME);
  }

  /** What is to be told. */
  private sealed interface Event {
    record Begun() implements Event {}

    record Settled(Outcome outcome) implements Event {}

    record Ended(Summary summary) implements Event {}

    record Broken(RuntimeException failure) implements Event {}
  }

  @Override
  public void claimed(int rows) {
    events.add(new Event.Begun());
  }

  @Override
  public void settled(Outcome outcome) {
    events.add(new Event.Settled(outcome));
  }

  @Override
  public boolean wanted() {
    return !gone;
  }

  /**
   * Reconciles, and tells until there is nothing more to tell, or nobody to be told.
   *
   * @throws RuntimeException what went wrong before the first line was sent
   */
  void tell(Reconciler reconciler, Reconciler.Request request, ExecutorService workers)
      throws InterruptedException {
    workers.execute(LogContext.carried(() -> work(reconciler, request)));
    try {
      boolean more = true;
      while (more) {
        more = tell(events.poll(HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS));
      }
    } catch (IOException e) {
      LOG.info(
          "Who asked for a reconcile went away after {} rows. What is claimed is settled; nothing more is claimed.",
          done());
    } finally {
      gone = true;
    }
  }

  private void work(Reconciler reconciler, Reconciler.Request request) {
    Event end;
    try {
      Summary summary = reconciler.reconcile(request, this);
      if (gone) {
        LOG.info("Reconciled, with nobody left to be told: {}", summary);
      }
      end = new Event.Ended(summary);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end =
          new Event.Broken(
              new ProblemException(ProblemType.DRAINING, JettyErrors.detail(ProblemType.DRAINING))
                  .retryAfter(Duration.ofSeconds(Problem.RETRY_AFTER_SECONDS)));
    } catch (RuntimeException e) {
      end = new Event.Broken(e);
    }
    events.add(end);
  }

  /** Whether there is more to come. */
  private boolean tell(@Nullable Event event) throws IOException {
    switch (event) {
      case null -> {
        if (begun) {
          lines.beat();
        }
      }
      // Before, the database may yet turn out to be away, and the request be refused as any other.
      case Event.Begun it -> begun = true;
      case Event.Settled it -> lines.line(row(it.outcome()));
      case Event.Ended it -> lines.line(object("summary", ReconcileEndpoint.json(it.summary())));
      case Event.Broken it -> {
        if (!lines.begun()) {
          throw it.failure();
        }
        lines.line(object("problem", ProblemAnswers.midway(it.failure(), requestId)));
      }
    }
    return !(event instanceof Event.Ended || event instanceof Event.Broken);
  }

  private ObjectNode row(Outcome outcome) {
    totals.merge(outcome.result(), 1, Integer::sum);
    ObjectNode row =
        Json.object()
            .put("id", outcome.provisionId().toString())
            .put("user_id", outcome.userId().toString())
            .put("outcome", outcome.result().text());
    if (outcome.assistantId() != null) {
      row.put("assistant_id", outcome.assistantId());
    }
    if (outcome.error() != null) {
      row.put("error", outcome.error());
    }
    ObjectNode line = object("row", row);
    ObjectNode soFar = line.putObject("totals").put("done", done());
    for (Outcome.Result result : Outcome.Result.values()) {
      soFar.put(result.text(), totals.getOrDefault(result, 0));
    }
    return line;
  }

  private int done() {
    return totals.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static ObjectNode object(String name, ObjectNode value) {
    ObjectNode json = Json.object();
    json.set(name, value);
    return json;
  }
}
