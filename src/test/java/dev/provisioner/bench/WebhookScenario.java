package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import dev.provisioner.bench.Stage.Main;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Webhooks as fast as they are answered, from few connections and from many, against plain JDBC
 * that claims and settles on as many connections. The service has eight slots and ten connections
 * to the database, as it comes.
 */
final class WebhookScenario implements Scenario {
  /** Where the targets are, and processor time is measured; the last where there is none such. */
  private static final int TYPICAL = 32;

  /** More than are answered. What is left over is for the next round. */
  private static final int ROWS_PER_SECOND = 6_000;

  @Override
  public String name() {
    return "webhook";
  }

  @Override
  public void measure(Stage stage) {
    Main main = stage.main();
    for (int connections : stage.scale.connections()) {
      measure(stage, main, connections);
    }
    main.site().check();
  }

  private void measure(Stage stage, Main main, int connections) {
    double seconds = stage.scale.seconds();
    Project project = main.site().project;
    Expense expense = new Expense(main);
    List<Measured> ours = new ArrayList<>();
    List<Measured> bounds = new ArrayList<>();
    for (int i = 0; i < stage.scale.rounds(); i++) {
      int rows = (int) (seconds * ROWS_PER_SECOND) + connections;
      stage.prepareRinging(main.service(), connections, seconds, project.waiting(rows, "1 day"));
      expense.of(() -> {
        ours.add(stage.go());
        return ours.getLast().count(200);
      });
      main.site().check(); // nothing is under way while the bound is measured
      main.bound()
          .prepare(
              "webhooks %d %d".formatted(connections, Math.round(seconds * 1000)),
              project.waiting(rows, "1 day"));
      bounds.add(main.bound().go());
    }
    String name = "webhook." + connections;
    boolean typical = connections == TYPICAL;
    compare(
        stage,
        name + ".per_second",
        "1/s",
        Measured::rate,
        ours,
        bounds,
        typical ? Target.ratioAtLeast(0.45) : null);
    compare(stage, name + ".p50", "ms", Measured::p50, ours, bounds, null);
    compare(stage, name + ".p95", "ms", Measured::p95, ours, bounds, null);
    compare(
        stage,
        name + ".p99",
        "ms",
        Measured::p99,
        ours,
        bounds,
        typical ? Target.ratioAtMost(3) : null);
    if (typical || (connections == stage.scale.connections().getLast() && connections < TYPICAL)) {
      expense.tell(stage.figures, name, 1.0);
    }
  }

  private static void compare(
      Stage stage,
      String name,
      String unit,
      ToDoubleFunction<Measured> what,
      List<Measured> ours,
      List<Measured> bounds,
      @Nullable Target target) {
    stage.figures.add(new Figure(name, median(ours, what), unit, median(bounds, what), target));
  }

  private static double median(List<Measured> rounds, ToDoubleFunction<Measured> what) {
    return Figures.median(rounds.stream().mapToDouble(what).boxed().toList());
  }
}
