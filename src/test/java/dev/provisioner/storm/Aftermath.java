package dev.provisioner.storm;

import dev.provisioner.storm.Post.Message;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * After the storm: fresh instances that do nothing by themselves, an operator who reconciles, and
 * time that is moved on until nothing is open, failed or in doubt.
 */
final class Aftermath {
  /** Looks come at growing distances; the last of them an hour after everything. */
  private static final List<Duration> STEPS =
      Stream.of(0, 15, 15, 30, 60, 120, 240, 480, 960, 1920, 1920, 1920, 1920, 1920, 1920)
          .map(Duration::ofSeconds)
          .toList();

  /** Each takes up to a hundred looks; far more calls than the longest storm needs. */
  private static final int MOST_CALLS = 1_000;

  private static final int MOST_TRIES = 30;
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private static final String EVERYTHING = "{\"limit\": 10000, \"max_seconds\": 60}";
  private static final String FAILED =
      "{\"limit\": 10000, \"max_seconds\": 60, \"include_failed\": true}";

  private static final String DUE =
      """
      select (select count(*) from public.pending_vapi_provision
               where next_attempt_at <= now() or confirm_at <= now())
           + (select count(*) from provisioning.departed where confirm_at <= now())
      """;
  private static final String REVIVABLE =
      """
      select count(*) from public.pending_vapi_provision
       where status = 'failed' and coalesce(unconfirmed_until <= now(), true)
      """;
  private static final String UNSETTLED =
      """
      select (select count(*) from public.pending_vapi_provision
               where status <> 'processed' or unconfirmed_since is not null)
           + (select count(*) from provisioning.departed)
      """;

  private final Project project;
  private final Post post;
  private int revived;
  private int turn;
  private Duration elapsed = Duration.ZERO;

  Aftermath(Project project, Post post) {
    this.project = project;
    this.post = post;
  }

  /** How many failed rows were taken up again. */
  int revived() {
    return revived;
  }

  /** How far time was moved on. */
  Duration elapsed() {
    return elapsed;
  }

  void settle() throws SQLException, InterruptedException {
    project.instances().forEach(each -> each.with("RECONCILE_INTERVAL", "0").start());
    // Once at each: what no trigger has enqueued is found by the first.
    for (int i = 0; i < project.instances().size(); i++) {
      reconcile(EVERYTHING);
    }
    Chronicle chronicle = project.chronicle();
    for (Duration step : STEPS) {
      project.elapse(step);
      elapsed = elapsed.plus(step);
      int revivable = chronicle.count(REVIVABLE);
      if (revivable > 0) {
        revived += revivable;
        reconcile(FAILED);
      }
      for (int i = 0; chronicle.count(DUE) > 0; i++) {
        if (i == MOST_CALLS) {
          throw new AssertionError(MOST_CALLS + " calls of reconcile leave something due");
        }
        reconcile(EVERYTHING);
      }
      if (chronicle.count(UNSETTLED) == 0) {
        return;
      }
    }
    throw new AssertionError(
        "%d rows or tombstones are not settled %s after the storm"
            .formatted(chronicle.count(UNSETTLED), elapsed));
  }

  /** Does what a 503 asks for: sends it again. */
  private void reconcile(String body) throws InterruptedException {
    Instance next = project.instance(turn++ % project.instances().size());
    Message message = Message.sign("/reconcile", body);
    for (int i = 0; i < MOST_TRIES; i++) {
      HttpResponse<String> response = post.send(next, message, Set.of(200, 503));
      if (response != null && response.statusCode() == 200) {
        return;
      }
      Thread.sleep(PAUSE);
    }
    throw new AssertionError("reconcile does not succeed in " + MOST_TRIES + " tries: " + body);
  }
}
