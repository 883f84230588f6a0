package dev.provisioner.bench;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.bench.Figure.Target;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * Vapi takes 300 ms. First, how near the service comes to what its slots allow. Then a burst of
 * webhooks, as an import makes it, with more slots so that it is soon worked off: each is to be
 * answered within {@code ACK_TIMEOUT} and half a second, and provisioned in the end. Its rows are
 * due by themselves after ten seconds instead of a minute, and swept every second.
 */
final class BurstScenario implements Scenario {
  private static final int VAPI_MILLIS = 300;
  private static final double ACK_MILLIS = 1000;
  private static final double GRACE_MILLIS = 500;
  private static final int SLOTS = 8;
  private static final int BURST_SECONDS = 5;

  /** Two or three times as long as it should take; then what is left is told. */
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static final Duration LOOK = Duration.ofMillis(100);

  /** A whole answer may take the timeout and the grace; each connection then is free again. */
  private static final double SECONDS_PER_CONNECTION = 1.6;

  /** What a machine of 256 MB can spare, whatever the burst. */
  private static final double MEMORY = 192;

  @Override
  public String name() {
    return "burst";
  }

  @Override
  public void measure(Stage stage) {
    try (Site site = stage.site(VAPI_MILLIS)) {
      ServiceProcess service =
          site.start(stage.command, Map.of("VAPI_CONCURRENCY", Integer.toString(SLOTS)));
      double seconds = 2 * stage.scale.seconds();
      stage.warmUp(service, site.project.waiting(16 * SLOTS, "1 day"));
      Measured measured =
          stage.ring(
              service, 2 * SLOTS, seconds, site.project.waiting((int) (seconds * 60), "1 day"));
      stage.figures.add(
          Figure.of("slow.per_second", measured.rate(), "1/s")
              .against(SLOTS * 1000.0 / VAPI_MILLIS)
              .target(Target.ratioAtLeast(0.9)));
      site.check();
    }
    try (Site site = stage.site(VAPI_MILLIS)) {
      burst(stage, site);
    }
  }

  private static void burst(Stage stage, Site site) {
    int webhooks = stage.scale.burst();
    int perSecond = Math.max(1, webhooks / BURST_SECONDS);
    int slots = stage.scale.slots();
    ServiceProcess service =
        site.start(
            stage.command,
            Map.of(
                "VAPI_CONCURRENCY", Integer.toString(slots),
                "RECONCILE_INTERVAL", "1s",
                "ACK_TIMEOUT", "1s"));
    // So that it has what it always has before its memory is looked at.
    stage.warmUp(service, site.project.waiting(slots * 10, "10 seconds"));
    eventually("every row is processed", PATIENCE, () -> site.project.open() == 0);
    double before = ProcessUsage.resident(service.pid());
    long begin = System.nanoTime();
    Measured measured =
        stage.burst(
            service,
            (int) Math.ceil(perSecond * SECONDS_PER_CONNECTION),
            perSecond,
            site.project.waiting(webhooks, "10 seconds"));
    while (site.project.open() > 0 && System.nanoTime() - begin < PATIENCE.toNanos()) {
      LockSupport.parkNanos(LOOK.toNanos());
    }
    double drained = (System.nanoTime() - begin) / 1e9;

    Figures figures = stage.figures;
    figures.add(
        Figure.of("burst.slowest_answer", measured.max(), "ms")
            .target(Target.atMost(ACK_MILLIS + GRACE_MILLIS)));
    figures.add(Figure.of("burst.p99", measured.p99(), "ms"));
    figures.add(Figure.of("burst.answered_at_once", measured.count(200), "webhooks"));
    figures.add(
        Figure.of("burst.refused", webhooks - measured.count(200) - measured.count(202), "webhooks")
            .target(Target.atMost(0)));
    figures.add(
        Figure.of("burst.not_provisioned", (double) site.project.open(), "webhooks")
            .target(Target.atMost(0)));
    figures.add(
        Figure.of("burst.drained", drained, "s")
            .against(webhooks / (slots * 1000.0 / VAPI_MILLIS)));
    figures.add(
        Figure.of("burst.memory", ProcessUsage.peak(service.pid()), "MB")
            .against(before)
            .target(Target.atMost(MEMORY)));
    if (site.project.open() == 0) {
      site.check();
    }
  }
}
