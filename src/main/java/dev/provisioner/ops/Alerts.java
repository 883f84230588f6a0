package dev.provisioner.ops;

import static java.util.Objects.requireNonNull;

import dev.provisioner.ops.Alarm.Message;
import dev.provisioner.ops.Alarm.Message.Raised;
import dev.provisioner.ops.Alarm.Message.Resolved;
import dev.provisioner.provision.Observer;
import dev.provisioner.provision.Outcome;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.StatementRefusedException;
import dev.provisioner.provision.Statistics;
import dev.provisioner.provision.Status;
import dev.provisioner.vapi.Gate;
import java.net.URI;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells somebody, over a chat's incoming webhook, when a person is needed, and when it is over.
 * What happens is only counted by the thread it happens on; a thread of its own tells of it. Kept
 * in memory only, by each instance for itself: what two instances see, both tell.
 */
public final class Alerts implements Observer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Alerts.class);

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(30);
  private static final Duration RETRY = Duration.ofSeconds(30);
  private static final Duration POST_TIMEOUT = Duration.ofSeconds(10);

  /** After which a channel that does not answer has missed what it was to tell. */
  static final Duration GIVE_UP = Duration.ofHours(1);

  private final Settings settings;
  private final Gate gate;
  private final LongSupplier nanoTime;
  private final AlertChannel channel;
  private final Map<AlertKind, Alarm> alarms = new EnumMap<>(AlertKind.class);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  // Of the one thread that tells.
  private @Nullable Statistics seen;
  private @Nullable Long lookedAt;
  private @Nullable Long awaySince;
  private long lastTried;

  /**
   * Whom to tell, and of what.
   *
   * @param webhook takes Slack's messages
   * @param dueAge how long a row may be due
   * @param url of this service, or what stands for it in a shell
   */
  public record Settings(URI webhook, Duration dueAge, String url) {
    @Override
    public String toString() {
      return "Settings[dueAge=%s, url=%s]".formatted(dueAge, url);
    }
  }

  /**
   * @param nanoTime a monotonic clock in nanoseconds
   */
  public Alerts(Settings settings, Gate gate, LongSupplier nanoTime) {
    this(settings, gate, nanoTime, POST_TIMEOUT);
  }

  Alerts(Settings settings, Gate gate, LongSupplier nanoTime, Duration postTimeout) {
    this.settings = settings;
    this.gate = gate;
    this.nanoTime = nanoTime;
    this.channel = new AlertChannel(settings.webhook(), postTimeout);
    for (AlertKind kind : AlertKind.values()) {
      alarms.put(kind, new Alarm(kind.reminder(), kind.ends()));
    }
  }

  /**
   * Begins to tell.
   *
   * @param statistics of the queue, asked twice a minute
   */
  public synchronized void start(Supplier<Statistics> statistics) {
    if (thread == null) {
      thread = Thread.ofVirtual().name("alerts").start(() -> run(statistics));
    }
  }

  @Override
  public void ended(Ended attempt) {
    String code = attempt.errorCode() == null ? "unknown" : attempt.errorCode();
    if (attempt.outcome().result() == Outcome.Result.FAILED) {
      alarm(AlertKind.ROW_FAILED).happened(code, nanoTime.getAsLong());
    }
  }

  @Override
  public void collected(Leftover what) {
    if (what == Leftover.DUPLICATE) {
      alarm(AlertKind.DUPLICATES_COLLECTED).happened(what.text(), nanoTime.getAsLong());
    }
  }

  @Override
  public synchronized void close() {
    stopped.countDown();
    if (thread != null) {
      thread.interrupt();
    }
    channel.close();
  }

  private void run(Supplier<Statistics> statistics) {
    try {
      while (!stopped.await(TICK.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          tick(statistics);
        } catch (RuntimeException | Error e) {
          LOG.error("No alerts just now. Tried again by itself.", e);
        }
      }
    } catch (InterruptedException e) {
      // Closed.
    }
  }

  /** Looks how things stand, and tells what there is to be told. */
  void tick(Supplier<Statistics> statistics) throws InterruptedException {
    look(statistics);
    for (Map.Entry<AlertKind, Alarm> each : alarms.entrySet()) {
      Message message = each.getValue().due(nanoTime.getAsLong());
      if (message != null && tell(each.getKey(), message)) {
        each.getValue().told(message, nanoTime.getAsLong());
      }
    }
  }

  private void look(Supplier<Statistics> statistics) {
    alarm(AlertKind.ACCOUNT_REFUSED)
        .looked(gate.state() instanceof Gate.State.Refused, nanoTime.getAsLong());
    if (lookedAt != null && nanoTime.getAsLong() - lookedAt < LOOK_EVERY.toNanos()) {
      return;
    }
    long now = nanoTime.getAsLong();
    lookedAt = now;
    try {
      Statistics found = statistics.get();
      Duration oldest = found.oldestDue();
      seen = found;
      alarm(AlertKind.ROWS_OVERDUE)
          .looked(oldest != null && oldest.compareTo(settings.dueAge()) >= 0, now);
      alarm(AlertKind.ROW_FAILED).looked(found.counts().getOrDefault(Status.FAILED, 0L) > 0, now);
    } catch (QueueUnavailableException | StatementRefusedException e) {
      // Nothing is known, so nothing is over, and nothing begins; GET /readyz tells of this.
      LOG.debug("The queue was not looked at: {}", e.getMessage());
    }
  }

  /** Whether the message is out of the way: arrived, or given up. */
  private boolean tell(AlertKind kind, Message message) throws InterruptedException {
    long now = nanoTime.getAsLong();
    if (awaySince != null && now - lastTried < RETRY.toNanos()) {
      return false;
    }
    lastTried = now;
    String failure =
        channel.post(
            switch (message) {
              case Raised it -> kind.raised(what(kind, it), settings.url());
              case Resolved it -> kind.resolved();
            });
    if (failure == null) {
      if (awaySince != null) {
        LOG.info("ALERT_WEBHOOK_URL takes alerts again.");
      }
      awaySince = null;
      return true;
    }
    if (awaySince == null) {
      awaySince = now;
      LOG.warn(
          "Alert {} was not told, ALERT_WEBHOOK_URL does not take it: {}. Tried again by itself.",
          kind.text(),
          failure);
    }
    if (now - awaySince < GIVE_UP.toNanos()) {
      return false;
    }
    LOG.error(
        "Alert {} is given up after an hour, ALERT_WEBHOOK_URL does not take it: {}. Mend the address, or unset it.",
        kind.text(),
        failure);
    return true;
  }

  private String what(AlertKind kind, Raised message) {
    return switch (kind) {
      case ROW_FAILED ->
          "%s failed for good (%s).".formatted(rows(message.count()), message.details());
      case ACCOUNT_REFUSED ->
          "Vapi refuses the account%s."
              .formatted(
                  gate.state() instanceof Gate.State.Refused it ? " (" + it.message() + ")" : "");
      case ROWS_OVERDUE -> {
        Statistics now = seen;
        Duration oldest = now == null ? null : now.oldestDue();
        yield "%s due, the oldest for %d minutes; more than %d is too long."
            .formatted(
                now == null ? "rows" : rows(now.due()),
                oldest == null ? 0 : oldest.toMinutes(),
                settings.dueAge().toMinutes());
      }
      case DUPLICATES_COLLECTED ->
          message.count() == 1
              ? "1 assistant too many was found."
              : message.count() + " assistants too many were found.";
    };
  }

  private static String rows(long count) {
    return count == 1 ? "1 row" : count + " rows";
  }

  private Alarm alarm(AlertKind kind) {
    return requireNonNull(alarms.get(kind));
  }
}
