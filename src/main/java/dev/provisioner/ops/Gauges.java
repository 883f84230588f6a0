package dev.provisioner.ops;

import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.StatementRefusedException;
import dev.provisioner.provision.Statistics;
import dev.provisioner.provision.Status;
import dev.provisioner.vapi.Gate;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * How things stand at the moment they are asked for. What the database would have to say is not a
 * number while it does not answer: a queue that nobody can see is not an empty one.
 */
final class Gauges {
  private static final ToDoubleFunction<DoubleSupplier> NUMBER = DoubleSupplier::getAsDouble;

  private final MeterRegistry registry;

  Gauges(MeterRegistry registry) {
    this.registry = registry;
  }

  void register(Supplier<Statistics> statistics, Gate gate, Readiness readiness) {
    for (Status status : Status.values()) {
      gauge(
          Gauge.builder(
                  "vapi.provisioner.queue.rows", asked(statistics, it -> count(it, status)), NUMBER)
              .tag("status", status.text()),
          "Rows by status; the processed ones estimated where they are many");
    }
    queue("due.rows", "Rows that are due now", statistics, Statistics::due);
    queue(
        "oldest.due.age.seconds",
        "For how long the longest due row has been due; 0 where none is",
        statistics,
        it -> seconds(it.oldestDue()));
    queue(
        "in.doubt.rows",
        "Rows for which an assistant may exist that nobody knows of",
        statistics,
        Statistics::inDoubt);
    queue(
        "needs.a.person.rows",
        "Rows that do not go on by themselves",
        statistics,
        Statistics::needsAPerson);
    queue("due.looks", "Looks that are due now", statistics, Statistics::looksDue);
    queue(
        "tombstones",
        "Departed users whose assistants are still to be removed",
        statistics,
        Statistics::tombstones);
    gate(gate, "open", Gate.State.Open.class);
    gate(gate, "throttled", Gate.State.Throttled.class);
    gate(gate, "refused", Gate.State.Refused.class);
    gauge(
        Gauge.builder("vapi.provisioner.gate.pause.seconds", () -> seconds(gate.paused())),
        "What is left of the pause before calls to Vapi go on");
    gauge(
        Gauge.builder(
            "vapi.provisioner.ready",
            () -> readiness.report().status() == Readiness.Status.UNREADY ? 0 : 1),
        "Whether GET /readyz answers 200");
  }

  private void queue(
      String name,
      String description,
      Supplier<Statistics> statistics,
      ToDoubleFunction<Statistics> number) {
    gauge(
        Gauge.builder("vapi.provisioner.queue." + name, asked(statistics, number), NUMBER),
        description);
  }

  private void gate(Gate gate, String text, Class<? extends Gate.State> state) {
    gauge(
        Gauge.builder("vapi.provisioner.gate.state", () -> state.isInstance(gate.state()) ? 1 : 0)
            .tag("state", text),
        "How the gate in front of Vapi stands: 1 for one of these, 0 for the others");
  }

  private void gauge(Gauge.Builder<?> gauge, String description) {
    // Else what is asked would be collected as garbage: nobody but the gauge holds it.
    gauge.description(description).strongReference(true).register(registry);
  }

  private static DoubleSupplier asked(
      Supplier<Statistics> statistics, ToDoubleFunction<Statistics> number) {
    return () -> {
      try {
        return number.applyAsDouble(statistics.get());
      } catch (QueueUnavailableException | StatementRefusedException e) {
        return Double.NaN;
      }
    };
  }

  private static double count(Statistics statistics, Status status) {
    return statistics.counts().getOrDefault(status, 0L);
  }

  private static double seconds(@Nullable Duration duration) {
    return duration == null ? 0 : duration.toMillis() / 1000.0;
  }
}
