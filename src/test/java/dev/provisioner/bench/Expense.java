package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import dev.provisioner.bench.Stage.Main;
import java.util.function.IntSupplier;

/**
 * What provisions cost in processor time and allocation, added up over several rounds. The latter
 * is known as of the last collection, so to within a young generation.
 */
final class Expense {
  private final Main main;
  private double ours;
  private double database;
  private final double allocatedBefore;
  private int provisions;

  /** From now on nothing may be asked of the service but what is told here. */
  Expense(Main main) {
    this.main = main;
    double ignored = main.caller().allocated(); // to answer it the first time takes more
    this.allocatedBefore = main.caller().allocated();
  }

  /** Adds one round, which tells how many it has provisioned. */
  void of(IntSupplier round) {
    ours -= ProcessUsage.processor(main.service().pid());
    database -= main.site().project.processor();
    provisions += round.getAsInt();
    ours += ProcessUsage.processor(main.service().pid());
    database += main.site().project.processor();
  }

  /** The service's processor time next to PostgreSQL's, and what it allocates. */
  void tell(Figures figures, String name, double target) {
    figures.add(
        Figure.of(name + ".processor", ours / provisions * 1e6, "us")
            .against(database / provisions * 1e6)
            .target(Target.ratioAtMost(target)));
    double allocated = main.caller().allocated() - allocatedBefore;
    figures.add(Figure.of(name + ".allocation", allocated / provisions / 1024, "kB"));
  }
}
