package dev.provisioner;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.provisioner.http.AuditEndpoint;
import dev.provisioner.http.Authenticator;
import dev.provisioner.http.ConsoleEndpoint;
import dev.provisioner.http.ContractEndpoint;
import dev.provisioner.http.HealthEndpoint;
import dev.provisioner.http.HttpServer;
import dev.provisioner.http.MetricsEndpoint;
import dev.provisioner.http.ProvisionEndpoint;
import dev.provisioner.http.ReconcileEndpoint;
import dev.provisioner.http.Route;
import dev.provisioner.http.Signatures;
import dev.provisioner.http.StatsEndpoint;
import dev.provisioner.http.Tokens;
import dev.provisioner.http.WebhookEndpoint;
import dev.provisioner.ops.Alerts;
import dev.provisioner.ops.Metrics;
import dev.provisioner.ops.Readiness;
import dev.provisioner.provision.Policy;
import dev.provisioner.provision.Provisioning;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running instance: the one place where everything is put together, and taken apart again. */
public final class Service implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Service.class);

  /** What is left for the last settles after the calls in flight have ended. */
  private static final Duration SETTLE = Duration.ofSeconds(5);

  /** As far apart as Vapi's own tools keep their calls; provisions are more urgent. */
  private static final Duration AUDIT_PAUSE = Duration.ofMillis(700);

  private final Clock clock;
  private final Metrics metrics = new Metrics(Main.version());
  private final HikariDataSource pool;
  private final Gate gate;
  private final VapiClient vapi;
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final Provisioning provisioning;
  private final Readiness readiness;
  private final HttpServer server;
  private final @Nullable HttpServer metricsServer;
  private final @Nullable Alerts alerts;
  private final Duration drainTime;

  /** An instance on the system's clocks. It serves after {@link #start()}. */
  public Service(Config config) {
    this(config, Clock.systemUTC(), System::nanoTime, AUDIT_PAUSE);
  }

  /** An instance on these clocks; {@code nanoTime} is the monotonic one. */
  Service(Config config, Clock clock, LongSupplier nanoTime, Duration auditPause) {
    this.clock = clock;
    pool = Connections.pool(config, new MicrometerMetricsTrackerFactory(metrics.registry()));
    gate = new Gate(config.vapi().concurrency(), nanoTime);
    vapi =
        new VapiClient(
            new VapiClient.Settings(
                config.vapi().baseUrl(),
                config.vapi().apiKey().value(),
                config.vapi().timeout(),
                "vapi-provisioner/" + Main.version()),
            gate,
            metrics);
    alerts = alerts(config, gate, nanoTime);
    provisioning =
        new Provisioning(
            new Provisioning.Surroundings(
                pool::getConnection,
                vapi,
                gate,
                config.vapi().template(),
                new Policy(
                    config.vapi().timeout(),
                    config.provisioning().lease(),
                    config.provisioning().maxAttempts(),
                    config.provisioning().deprovision()),
                config.provisioning().installation(),
                config.provisioning().ackTimeout(),
                config.provisioning().reconcileInterval(),
                auditPause,
                workers,
                clock,
                nanoTime,
                alerts == null ? List.of(metrics) : List.of(metrics, alerts)));
    readiness =
        new Readiness(provisioning.schemaCheck(), gate, provisioning.organisation(), nanoTime);
    metrics.watch(provisioning.statistics()::read, gate, readiness);
    Authenticator authenticator =
        new Authenticator(
            new Signatures(config.access().webhookSecrets(), clock),
            new Tokens(config.access().jwtSecrets(), clock));
    List<Route> routes = new ArrayList<>(new HealthEndpoint(readiness).routes());
    routes.add(new WebhookEndpoint(authenticator, provisioning.doorbell()).route());
    routes.add(new ReconcileEndpoint(authenticator, provisioning.reconciler(), workers).route());
    routes.addAll(new ProvisionEndpoint(authenticator, provisioning.view()).routes());
    routes.add(new StatsEndpoint(authenticator, provisioning.statistics(), gate).route());
    routes.add(new AuditEndpoint(authenticator, provisioning.audit()).route());
    routes.add(new ContractEndpoint().route());
    routes.addAll(new ConsoleEndpoint().routes());
    server = new HttpServer(config.port(), routes, metrics::answered);
    Integer metricsPort = config.watch().metricsPort();
    metricsServer =
        metricsPort == null
            ? null
            : new HttpServer(metricsPort, List.of(new MetricsEndpoint(metrics::scrape).route()));
    drainTime = drainTime(config);
  }

  /** Serves, and sweeps by itself. */
  public void start() {
    if (metricsServer != null) {
      metricsServer.start();
    }
    server.start();
    provisioning.sweep().start();
    if (alerts != null) {
      alerts.start(provisioning.statistics()::read);
    }
    LOG.info(
        "vapi-provisioner {} serves on port {}, metrics {}.",
        Main.version(),
        port(),
        metricsServer == null ? "nowhere" : "on port " + metricsServer.port());
  }

  /** The port it serves on. */
  public int port() {
    return server.port();
  }

  /**
   * The port it serves metrics on.
   *
   * @throws IllegalStateException it serves none
   */
  int metricsPort() {
    if (metricsServer == null) {
      throw new IllegalStateException("METRICS_PORT is off");
    }
    return metricsServer.port();
  }

  /**
   * Stops for good, losing nothing: first it says that it is not ready any more and begins no new
   * work; after {@code notice}, when nobody should send requests any more, it stops listening; then
   * it waits for the calls in flight and for what they lead to.
   */
  public void drain(Duration notice) throws InterruptedException {
    LOG.info("Draining: no new work; up to {} for what is under way.", drainTime);
    Instant deadline = clock.instant().plus(notice).plus(drainTime);
    readiness.drain();
    provisioning.sweep().stop();
    provisioning.audit().stop();
    gate.shut();
    Thread.sleep(notice);
    server.stop(left(deadline));
    workers.shutdown();
    if (!workers.awaitTermination(left(deadline).toMillis(), TimeUnit.MILLISECONDS)
        || !provisioning.sweep().awaitEnd(left(deadline))) {
      LOG.warn(
          "Not everything was settled in time; those rows are due again when their leases end.");
    }
    close();
    LOG.info("Stopped.");
  }

  /** Stops at once. What was under way is taken up by others when its lease ends. */
  @Override
  public void close() {
    provisioning.sweep().close();
    provisioning.audit().stop();
    gate.shut();
    server.close();
    workers.shutdownNow();
    vapi.close();
    if (alerts != null) {
      alerts.close();
    }
    if (metricsServer != null) {
      metricsServer.close();
    }
    pool.close();
    metrics.close();
  }

  private static @Nullable Alerts alerts(Config config, Gate gate, LongSupplier nanoTime) {
    Secret webhook = config.watch().alertWebhook();
    if (webhook == null) {
      return null;
    }
    // In a shell, as in the README, where the address is not known.
    String url = config.publicUrl() == null ? "$URL" : config.publicUrl().toString();
    return new Alerts(
        new Alerts.Settings(URI.create(webhook.value()), config.watch().alertDueAge(), url),
        gate,
        nanoTime);
  }

  /** How long a drain may take, after its notice. */
  static Duration drainTime(Config config) {
    return config.vapi().timeout().plus(SETTLE);
  }

  private Duration left(Instant deadline) {
    Duration left = Duration.between(clock.instant(), deadline);
    return left.isNegative() ? Duration.ZERO : left;
  }
}
