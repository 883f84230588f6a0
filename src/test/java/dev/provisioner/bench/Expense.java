package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import dev.provisioner.bench.Stage.Main;
import java.util.function.IntSupplier;

/** What provisions cost in processor time and allocation, added up over several rounds. */
final class Expense {
  private final Main main;
  private double ours;
  private double database;
  private double allocated;
  private int provisions;

  Expense(Main main) {
    this.main = main;
  }

  /** Adds one round, which tells how many it has provisioned. */
  void of(IntSupplier round) {
    allocated -= main.caller().allocated();
    ours -= ProcessUsage.processor(main.service().pid());
    database -= main.site().project.processor();
    provisions += round.getAsInt();
    ours += ProcessUsage.processor(main.service().pid());
    database += main.site().project.processor();
    allocated += main.caller().allocated();
  }

  /** The service's processor time next to PostgreSQL's, and what it allocates. */
  void tell(Figures figures, String name, double target) {
    figures.add(
        Figure.of(name + ".processor", ours / provisions * 1e6, "us")
            .against(database / provisions * 1e6)
            .target(Target.ratioAtMost(target)));
    figures.add(Figure.of(name + ".allocation", allocated / provisions / 1024, "kB"));
  }
}
