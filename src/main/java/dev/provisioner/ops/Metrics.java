package dev.provisioner.ops;

import dev.provisioner.provision.Observer;
import dev.provisioner.provision.Outcome;
import dev.provisioner.provision.Statistics;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.CallObserver;
import dev.provisioner.vapi.Gate;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Counts and measures, for Prometheus. What is counted is there from the start, as zero, wherever
 * its labels are few. No label ever holds an id, an address or anything else of a user or a caller.
 */
public final class Metrics implements Observer, CallObserver, AutoCloseable {
  /** What a caller may do wrong, and what we may, at a webhook. */
  private static final String[] REFUSALS = {"unauthorized", "malformed", "unavailable"};

  private static final String WEBHOOKS = "/webhooks/";

  /** From what a database takes to what Vapi may. */
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(10),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(20),
    Duration.ofSeconds(60)
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();

  /**
   * @param version of what runs here
   */
  public Metrics(String version) {
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
    Gauge.builder("vapi.provisioner.build.info", () -> 1)
        .description("Which version runs; always 1")
        .tag("version", version)
        .register(registry);
    for (Outcome.Result each : Outcome.Result.values()) {
      provisions(each);
    }
    for (Resolution each : Resolution.values()) {
      doubtsResolved(each);
    }
    for (Leftover each : Leftover.values()) {
      collections(each);
    }
    for (Bell each : Bell.values()) {
      webhooks(each.text());
    }
    for (String each : REFUSALS) {
      webhooks(each);
    }
    looks(true);
    looks(false);
    duration();
  }

  /** For what measures itself, such as a pool of connections. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Shows how things stand, too, whenever they are asked for. */
  public void watch(Supplier<Statistics> statistics, Gate gate, Readiness readiness) {
    new Gauges(registry).register(statistics, gate, readiness);
  }

  /** All of them, in Prometheus' text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void ended(Ended attempt) {
    provisions(attempt.outcome().result()).increment();
    if (attempt.errorCode() != null) {
      Counter.builder("vapi.provisioner.provision.errors")
          .description("Attempts that left their row errored or failed, by cause")
          .tag("error_code", attempt.errorCode())
          .register(registry)
          .increment();
    }
    duration().record(attempt.total());
    phase("vapi").record(attempt.atVapi());
    phase("settle").record(attempt.settling());
    phase("wait").record(attempt.total().minus(attempt.atVapi()).minus(attempt.settling()));
  }

  @Override
  public void resolved(Resolution how) {
    doubtsResolved(how).increment();
  }

  @Override
  public void collected(Leftover what) {
    collections(what).increment();
  }

  @Override
  public void looked(boolean over) {
    looks(over).increment();
  }

  @Override
  public void rung(Bell answer) {
    webhooks(answer.text()).increment();
  }

  @Override
  public void called(Operation operation, Answer<?> answer, Duration took) {
    timer("vapi.provisioner.vapi.call.duration", "Calls to Vapi, by what was asked and answered")
        .tag("operation", operation.text())
        .tag("answer", text(answer))
        .register(registry)
        .record(took);
  }

  /** A request has been answered, as {@code RequestObserver} says. */
  public void answered(String method, String route, int status, Duration took) {
    timer("vapi.provisioner.http.request.duration", "Requests answered")
        .tag("method", method)
        .tag("route", route)
        .tag("status", Integer.toString(status))
        .register(registry)
        .record(took);
    if (route.startsWith(WEBHOOKS)) {
      if (status == 401 || status == 403) {
        webhooks("unauthorized").increment();
      } else if (status >= 500) {
        webhooks("unavailable").increment();
      } else if (status >= 400 && status != 404) { // that one has rung
        webhooks("malformed").increment();
      }
    }
  }

  @Override
  public void close() {
    collections.close();
    registry.close();
  }

  private Counter provisions(Outcome.Result result) {
    return Counter.builder("vapi.provisioner.provisions")
        .description("Attempts at a row, by how they ended")
        .tag("outcome", result.text())
        .register(registry);
  }

  private Counter doubtsResolved(Resolution how) {
    return Counter.builder("vapi.provisioner.doubts.resolved")
        .description("Unknown outcomes, by what became of them")
        .tag("how", how.text())
        .register(registry);
  }

  private Counter collections(Leftover what) {
    return Counter.builder("vapi.provisioner.assistants.deleted")
        .description("Assistants deleted at Vapi because nobody uses them")
        .tag("reason", what.text())
        .register(registry);
  }

  private Counter looks(boolean over) {
    return Counter.builder("vapi.provisioner.looks")
        .description("Looks at what a doubt has left behind")
        .tag("doubt", over ? "over" : "open")
        .register(registry);
  }

  private Counter webhooks(String result) {
    return Counter.builder("vapi.provisioner.webhooks")
        .description("Webhooks received, by what came of them")
        .tag("result", result)
        .register(registry);
  }

  private Timer duration() {
    return timer("vapi.provisioner.provision.duration", "Whole attempts at a row")
        .register(registry);
  }

  private Timer phase(String phase) {
    return timer("vapi.provisioner.provision.phase.duration", "Attempts by where the time went")
        .tag("phase", phase)
        .register(registry);
  }

  private static Timer.Builder timer(String name, String description) {
    return Timer.builder(name).description(description).serviceLevelObjectives(BUCKETS);
  }

  private static String text(Answer<?> answer) {
    return switch (answer) {
      case Answer.Ok<?> it -> "ok";
      case Answer.Missing<?> it -> "missing";
      case Answer.Rejected<?> it -> "rejected";
      case Answer.Ambiguous<?> it -> "ambiguous";
      case Answer.Refused<?> it -> "refused";
      case Answer.Throttled<?> it -> "throttled";
      case Answer.NotSent<?> it -> "not_sent";
      case Answer.Unknown<?> it -> "unknown";
    };
  }
}
