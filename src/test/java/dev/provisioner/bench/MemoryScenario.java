package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import dev.provisioner.bench.Stage.Main;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Resident memory of a service that has done nothing yet, and of the one that all others have
 * measured, once it has provisioned as many users as are wanted.
 */
final class MemoryScenario implements Scenario {
  private static final int AT_ONCE = 10_000;
  private static final long IDLE = Duration.ofSeconds(2).toNanos();

  /** What the smallest machine leaves, with the launcher's flags. */
  private static final double LIMIT = 160;

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public void measure(Stage stage) {
    try (Site site = stage.site(0)) {
      ServiceProcess idle = site.start(stage.command, Map.of());
      LockSupport.parkNanos(IDLE);
      stage.figures.add(Figure.of("memory.idle", ProcessUsage.resident(idle.pid()), "MB"));
    }
    Main main = stage.main();
    long left = stage.scale.provisions() - main.site().created();
    while (left > 0) {
      int rows = (int) Math.min(left, AT_ONCE);
      main.site().project.makeDue(rows);
      main.caller().reconcile(rows);
      left -= rows;
    }
    main.site().check();
    String name = "memory.after_%d".formatted(stage.scale.provisions());
    long pid = main.service().pid();
    Figure resident = Figure.of(name, ProcessUsage.resident(pid), "MB");
    boolean launched = !stage.command.equals(ServiceProcess.WITH_FLAGS);
    stage.figures.add(launched ? resident.target(Target.atMost(LIMIT)) : resident);
    stage.figures.add(Figure.of("memory.most", ProcessUsage.peak(pid), "MB"));
  }
}
