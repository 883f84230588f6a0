package dev.provisioner.bench;

import dev.provisioner.bench.Figure.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * From the start of the process to the answer to its first webhook, with a database that is up:
 * {@code java -jar}, and the launcher if there is one.
 */
final class StartScenario implements Scenario {
  private static final long PATIENCE = 60_000_000_000L;
  private static final long PAUSE = 2_000_000;

  @Override
  public String name() {
    return "start";
  }

  @Override
  public void measure(Stage stage) {
    boolean launched = !stage.command.equals(ServiceProcess.WITH_FLAGS);
    try (Site site = stage.site(0)) {
      List<Double> plain = new ArrayList<>();
      List<Double> launcher = new ArrayList<>();
      // In turn, so that a machine that is slow for a while is slow for both.
      Iterator<String> rows = site.project.waiting(2 * stage.scale.starts(), "1 day").iterator();
      for (int i = 0; i < stage.scale.starts(); i++) {
        plain.add(start(site, ServiceProcess.PLAIN, rows.next()));
        if (launched) {
          launcher.add(start(site, stage.command, rows.next()));
        }
      }
      stage.figures.add(Figure.of("start.java_jar", Figures.median(plain), "ms"));
      if (launched) {
        stage.figures.add(
            Figure.of("start.launcher", Figures.median(launcher), "ms")
                .against(Figures.median(plain))
                .target(Target.ratioAtMost(0.35)));
      }
      site.check();
    }
  }

  private static double start(Site site, List<String> command, String row) {
    long begin = System.nanoTime();
    try (ServiceProcess service = ServiceProcess.start(command, site.environment())) {
      byte[] webhook = new Webhook(service.port(), Site.WEBHOOK_SECRET).of(row);
      int status = 0;
      while (status == 0 && System.nanoTime() - begin < PATIENCE) {
        try (RawConnection connection = new RawConnection(service.port())) {
          status = connection.exchange(webhook);
        } catch (IOException e) {
          LockSupport.parkNanos(PAUSE); // it does not listen yet
        }
      }
      double millis = (System.nanoTime() - begin) / 1e6;
      if (status != 200) {
        throw new IllegalStateException("the first webhook was answered " + status);
      }
      return millis;
    }
  }
}
