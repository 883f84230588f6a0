package dev.provisioner.ops;

import dev.provisioner.provision.Organisation;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.SchemaCheck;
import dev.provisioner.provision.StatementRefusedException;
import dev.provisioner.provision.Unreachable;
import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether this instance can do its work, and if not, why. Anybody may ask, as often as they like:
 * the database is asked once a second at most.
 */
public final class Readiness {
  private static final Duration FRESH = Duration.ofSeconds(1);

  private final SchemaCheck schema;
  private final Gate gate;
  private final Organisation organisation;
  private final LongSupplier nanoTime;
  private volatile boolean draining;
  private @Nullable Check lastDatabase;
  private long lastAsked;

  public Readiness(
      SchemaCheck schema, Gate gate, Organisation organisation, LongSupplier nanoTime) {
    this.schema = schema;
    this.gate = gate;
    this.organisation = organisation;
    this.nanoTime = nanoTime;
  }

  /** Worse comes later. */
  public enum Status {
    READY,
    /**
     * Vapi is the trouble: rows wait. Taking the instance out of rotation would help nobody, so it
     * counts as ready.
     */
    DEGRADED,
    UNREADY;

    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One thing that was checked.
   *
   * @param reason what is wrong and what to do; null when ready
   */
  public record Check(Status status, @Nullable String reason) {
    private static final Check OK = new Check(Status.READY, null);
  }

  /** All of them by name, and the worst. */
  public record Report(Status status, Map<String, Check> checks) {}

  /** From now on this instance takes no more work. */
  public void drain() {
    draining = true;
  }

  public Report report() {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("instance", instance());
    checks.put("database", database());
    checks.put("vapi", vapi());
    Status worst = Status.READY;
    for (Check each : checks.values()) {
      worst = each.status.compareTo(worst) > 0 ? each.status : worst;
    }
    return new Report(worst, checks);
  }

  private Check instance() {
    return draining ? new Check(Status.UNREADY, "This instance is shutting down.") : Check.OK;
  }

  private synchronized Check database() {
    Check last = lastDatabase;
    if (last == null || nanoTime.getAsLong() - lastAsked >= FRESH.toNanos()) {
      last = askDatabase();
      lastDatabase = last;
      lastAsked = nanoTime.getAsLong();
    }
    return last;
  }

  private Check askDatabase() {
    try {
      List<String> problems = schema.problems();
      return problems.isEmpty()
          ? Check.OK
          : new Check(
              Status.UNREADY,
              "The database is not as this version needs it. As role postgres: "
                  + String.join(" ", problems));
    } catch (QueueUnavailableException e) {
      return new Check(
          Status.UNREADY,
          "%s Webhooks are answered 503. %s".formatted(e.getMessage(), Unreachable.of(e).remedy()));
    } catch (StatementRefusedException e) {
      return new Check(
          Status.UNREADY, "The database refuses to be looked at (" + e.reason() + ").");
    }
  }

  private Check vapi() {
    return switch (gate.state()) {
      case Gate.State.Open open ->
          organisation
              .trouble()
              .map(trouble -> new Check(Status.DEGRADED, trouble))
              .orElse(Check.OK);
      case Gate.State.Throttled it ->
          new Check(
              Status.DEGRADED,
              "Vapi asks for fewer calls; they go on in %d s.".formatted(seconds(it.remaining())));
      case Gate.State.Refused it ->
          new Check(
              Status.DEGRADED,
              "Vapi refuses the account (%s); tried again in %d s. See VAPI_API_KEY and VAPI_BASE_URL."
                  .formatted(it.message(), seconds(it.remaining())));
    };
  }

  private static long seconds(Duration duration) {
    return duration.plusMillis(999).toSeconds();
  }
}
