package dev.provisioner;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.provisioner.http.AuditEndpoint;
import dev.provisioner.http.Authenticator;
import dev.provisioner.http.ConsoleEndpoint;
import dev.provisioner.http.ContractEndpoint;
import dev.provisioner.http.HealthEndpoint;
import dev.provisioner.http.HttpServer;
import dev.provisioner.http.ProvisionEndpoint;
import dev.provisioner.http.ReconcileEndpoint;
import dev.provisioner.http.Route;
import dev.provisioner.http.Signatures;
import dev.provisioner.http.StatsEndpoint;
import dev.provisioner.http.Tokens;
import dev.provisioner.http.WebhookEndpoint;
import dev.provisioner.ops.Readiness;
import dev.provisioner.provision.Policy;
import dev.provisioner.provision.Provisioning;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.ConnectionFactory;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jdbi.v3.core.statement.TemplateEngine;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running instance: the one place where everything is put together, and taken apart again. */
public final class Service implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Service.class);

  /** Supabase's connections are few, and a statement of ours takes a millisecond. */
  private static final int MOST_CONNECTIONS = 10;

  /** What is left for the last settles after the calls in flight have ended. */
  private static final Duration SETTLE = Duration.ofSeconds(5);

  /** As far apart as Vapi's own tools keep their calls; provisions are more urgent. */
  private static final Duration AUDIT_PAUSE = Duration.ofMillis(700);

  private final Clock clock;
  private final HikariDataSource pool;
  private final Gate gate;
  private final VapiClient vapi;
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
  private final Provisioning provisioning;
  private final Readiness readiness;
  private final HttpServer server;
  private final Duration drainTime;

  /** An instance on the system's clocks. It serves after {@link #start()}. */
  public Service(Config config) {
    this(config, Clock.systemUTC(), System::nanoTime, AUDIT_PAUSE);
  }

  /** An instance on these clocks; {@code nanoTime} is the monotonic one. */
  Service(Config config, Clock clock, LongSupplier nanoTime, Duration auditPause) {
    this.clock = clock;
    pool = pool(config);
    gate = new Gate(config.vapi().concurrency(), nanoTime);
    vapi =
        new VapiClient(
            new VapiClient.Settings(
                config.vapi().baseUrl(),
                config.vapi().apiKey().value(),
                config.vapi().timeout(),
                "vapi-provisioner/" + Main.version()),
            gate);
    provisioning =
        new Provisioning(
            new Provisioning.Surroundings(
                jdbi(pool::getConnection),
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
                nanoTime));
    readiness =
        new Readiness(provisioning.schemaCheck(), gate, provisioning.organisation(), nanoTime);
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
    server = new HttpServer(config.port(), routes);
    drainTime = config.vapi().timeout().plus(SETTLE);
  }

  /** Serves, and sweeps by itself. */
  public void start() {
    server.start();
    provisioning.sweep().start();
    LOG.info("vapi-provisioner {} serves on port {}.", Main.version(), port());
  }

  /** The port it serves on. */
  public int port() {
    return server.port();
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
    pool.close();
  }

  private Duration left(Instant deadline) {
    Duration left = Duration.between(clock.instant(), deadline);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private static HikariDataSource pool(Config config) {
    HikariConfig settings = new HikariConfig();
    settings.setJdbcUrl(config.database().jdbcUrl());
    settings.setUsername(config.database().user());
    Secret password = config.database().password();
    settings.setPassword(password == null ? null : password.value());
    settings.setMaximumPoolSize(Math.min(MOST_CONNECTIONS, config.vapi().concurrency() + 2));
    settings.setMinimumIdle(1);
    settings.setIdleTimeout(60_000);
    // A webhook that cannot be served is told so while its sender still listens.
    settings.setConnectionTimeout(2000);
    settings.setValidationTimeout(1000);
    // The service starts, and says what is wrong, without its database too.
    settings.setInitializationFailTimeout(-1);
    settings.addDataSourceProperty("ApplicationName", "vapi-provisioner");
    settings.addDataSourceProperty("connectTimeout", "5");
    settings.addDataSourceProperty("socketTimeout", "20");
    settings.addDataSourceProperty("tcpKeepAlive", "true");
    return new HikariDataSource(settings);
  }

  /** In autocommit, and without a word about what was bound. */
  static Jdbi jdbi(ConnectionFactory connections) {
    Jdbi jdbi = Jdbi.create(connections).installPlugin(new PostgresPlugin());
    jdbi.getConfig(SqlStatements.class).setTemplateEngine(TemplateEngine.NOP);
    // Its messages would carry what was bound: the content of rows.
    jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
    return jdbi;
  }
}
