package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import dev.provisioner.bench.Stage.Main;
import java.util.ArrayList;
import java.util.List;

/**
 * A backlog worked off by {@code POST /reconcile}, in turn with plain JDBC that claims batches and
 * settles them row by row, each of eight connections by itself.
 */
final class ReconcileScenario implements Scenario {
  private static final int ROUNDS = 4;
  private static final int CONNECTIONS = 8;

  @Override
  public String name() {
    return "reconcile";
  }

  @Override
  public void measure(Stage stage) {
    Main main = stage.main();
    Expense expense = new Expense(main);
    int rows = stage.scale.due() / ROUNDS;
    List<Double> ours = new ArrayList<>();
    List<Double> bounds = new ArrayList<>();
    // The bound's last claims are of more than it was asked for.
    main.site().project.makeDue(2 * stage.scale.due() + ROUNDS * CONNECTIONS * 32);
    for (int i = 0; i < ROUNDS; i++) {
      expense.of(() -> {
        long begin = System.nanoTime();
        main.caller().reconcile(rows);
        ours.add(rows / ((System.nanoTime() - begin) / 1e9));
        return rows;
      });
      main.bound().prepare("reconcile %d %d".formatted(CONNECTIONS, rows), List.of());
      bounds.add(main.bound().go().rate());
    }
    stage.figures.add(
        Figure.of("reconcile.per_second", Figures.median(ours), "1/s")
            .against(Figures.median(bounds))
            .target(Target.ratioAtLeast(0.55)));
    expense.tell(stage.figures, "reconcile", 0.7);
    main.caller().reconcile(main.site().project.due());
    main.site().check();
  }
}
