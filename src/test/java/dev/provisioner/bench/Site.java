package dev.provisioner.bench;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A project, a Vapi of its own, and whichever services are started between them. */
final class Site implements AutoCloseable {
  static final String WEBHOOK_SECRET = "whsec_YmVuY2gtc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmchISE=";
  static final String JWT_SECRET = "a-secret-of-the-bench-with-more-than-32-bytes";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  final Project project;
  private final Child vapi;
  private final int vapiPort;
  private final List<AutoCloseable> processes = new ArrayList<>();

  /**
   * @param vapiMillis how long Vapi takes to answer
   */
  Site(SupabaseServer server, int vapiMillis) {
    project = new Project(server);
    vapi = Child.start(VapiServer.class, Map.of(), Integer.toString(vapiMillis));
    vapiPort = Integer.parseInt(vapi.hear());
  }

  /** What a service needs here. Nothing sweeps by itself, and a webhook waits until it is done. */
  Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", project.database.databaseUrl("provisioner", "any"));
    environment.put("VAPI_API_KEY", "vapi-private-key-of-the-bench");
    environment.put("VAPI_BASE_URL", "http://localhost:" + vapiPort);
    environment.put("WEBHOOK_SECRETS", WEBHOOK_SECRET);
    environment.put("JWT_SECRETS", JWT_SECRET);
    environment.put("RECONCILE_INTERVAL", "0");
    environment.put("ACK_TIMEOUT", "10s");
    return environment;
  }

  /** A service that listens. */
  ServiceProcess start(List<String> command, Map<String, String> settings) {
    Map<String, String> environment = environment();
    environment.putAll(settings);
    ServiceProcess service = ServiceProcess.start(command, environment);
    processes.add(service);
    return service.awaitReady();
  }

  /** What its database can do without a service. */
  Child bound() {
    Child bound = Child.start(Bound.class, environment());
    processes.add(bound);
    return bound;
  }

  /** How many assistants Vapi has created. */
  long created() {
    vapi.say("");
    return Long.parseLong(vapi.hear());
  }

  /**
   * Waits until every assistant that was created is in use.
   *
   * @throws AssertionError some are not, or are in use and were never created
   */
  void check() {
    eventually(
        "as many assistants in use as were created, %d; last: %d"
            .formatted(created(), project.inUse()),
        PATIENCE,
        () -> created() == project.inUse());
  }

  @Override
  public void close() {
    try {
      for (AutoCloseable each : processes) {
        each.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException("a process did not end", e);
    } finally {
      vapi.close();
      project.close();
    }
  }
}
