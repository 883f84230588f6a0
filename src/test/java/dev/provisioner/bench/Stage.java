package dev.provisioner.bench;

import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the scenarios share: PostgreSQL, who sends webhooks, and the deployment that most measure.
 */
final class Stage implements AutoCloseable {
  final Scale scale;
  final Figures figures;

  /** How the service is started. */
  final List<String> command;

  private final SupabaseServer
      server = // Two million rows of history, without a checkpoint every few seconds.
      SupabaseServer.start(Map.of("max_wal_size", "8GB"));
  private final Child load = Child.start(LoadClient.class, Map.of());
  private @Nullable Main main;

  Stage(Scale scale, Figures figures, List<String> command) {
    this.scale = scale;
    this.figures = figures;
    this.command = command;
  }

  /** A Vapi that answers at once, and a service that has seen some work. */
  record Main(Site site, ServiceProcess service, Caller caller, Child bound) {}

  Main main() {
    if (main == null) {
      Site site = site(0);
      ServiceProcess service = site.start(command, Map.of());
      main = new Main(site, service, new Caller(service), site.bound());
      warmUp(service, site.project.waiting(scale.warmUp(), "1 day"));
    }
    return main;
  }

  /** A deployment for one scenario, which closes it. */
  Site site(int vapiMillis) {
    return new Site(server, vapiMillis);
  }

  int databasePort() {
    return server.port();
  }

  /** Sends webhooks that nobody measures. The first ones may well meet a JVM that is not ready. */
  void warmUp(ServiceProcess service, List<String> rows) {
    prepareRinging(service, 8, 60, rows);
    load.go();
  }

  /** Sends webhooks, one after the other on each connection, while time and rows last. */
  Measured ring(ServiceProcess service, int connections, double seconds, List<String> rows) {
    prepareRinging(service, connections, seconds, rows);
    return go();
  }

  /** All but the sending. */
  void prepareRinging(ServiceProcess service, int connections, double seconds, List<String> rows) {
    load.prepare(
        "closed %d %d %d %s"
            .formatted(
                service.port(), connections, Math.round(seconds * 1000), Site.WEBHOOK_SECRET),
        rows);
  }

  /** Sends so many webhooks a second, whatever becomes of them, and whatever is answered. */
  Measured burst(ServiceProcess service, int connections, int perSecond, List<String> rows) {
    load.prepare(
        "open %d %d %d %s".formatted(service.port(), connections, perSecond, Site.WEBHOOK_SECRET),
        rows);
    return load.go();
  }

  /**
   * @throws IllegalStateException a webhook was refused, or not answered
   */
  Measured go() {
    Measured measured = load.go();
    if (measured.count(200) + measured.count(202) != measured.answers()) {
      throw new IllegalStateException("webhooks were refused: " + measured.statuses());
    }
    return measured;
  }

  @Override
  public void close() {
    if (main != null) {
      main.site().close();
    }
    load.close();
    server.close();
  }
}
