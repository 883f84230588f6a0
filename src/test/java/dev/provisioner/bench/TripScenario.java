package dev.provisioner.bench;

import java.util.Map;

/**
 * How often the service waits for its database to provision one user: the claim, the settle, and
 * whatever else is asked. A run of its own, for what counts is in the way.
 */
final class TripScenario implements Scenario {
  private static final int PROVISIONS = 500;
  private static final int WARM_UP = 100;

  @Override
  public String name() {
    return "trips";
  }

  @Override
  public void measure(Stage stage) {
    try (Site site = stage.site(0);
        Tap tap = new Tap(stage.databasePort())) {
      ServiceProcess service =
          site.start(
              stage.command,
              Map.of(
                  "DATABASE_URL",
                  site.project.database.databaseUrl("provisioner", "any", tap.port())));
      Caller caller = new Caller(service);
      stage.warmUp(service, site.project.waiting(WARM_UP, "1 day"));
      site.check();
      long before = tap.trips();
      stage.ring(service, 8, 60, site.project.waiting(PROVISIONS, "1 day"));
      tell(stage, "webhook", tap.trips() - before);

      site.project.makeDue(PROVISIONS);
      before = tap.trips();
      caller.reconcile(PROVISIONS);
      tell(stage, "reconcile", tap.trips() - before);
      site.check();
    }
  }

  /** The claim and the settle of one user are two; in a batch the claim is shared. */
  private static void tell(Stage stage, String what, long trips) {
    stage.figures.add(Figure.of(what + ".round_trips", (double) trips / PROVISIONS, "").against(2));
  }
}
