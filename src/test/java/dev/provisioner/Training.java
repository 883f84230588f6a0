package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.LocalCertificate;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.VapiSimulator;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * An ordinary day of the service, while its JVM takes notes for the AOT cache: webhooks, sweeps, a
 * reconcile, whoever looks at it, a stop. Database and Vapi are spoken to over TLS, as the real
 * ones are. What is not seen here starts as slowly as without a cache.
 */
public final class Training {
  private static final int WEBHOOKS = 100;
  private static final int BACKLOG = 200;

  /** The builder's machine may be slow, and the cache is made at the end. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final List<String> LOOKS =
      List.of(
          "/healthz", "/readyz", "/stats", "/provisions?needs_a_person=true", "/", "/openapi.yaml");

  private final World world;
  private final Packaged service;

  private Training(World world, Packaged service) {
    this.world = world;
    this.service = service;
  }

  /**
   * Runs it, and ends it with SIGTERM.
   *
   * @param java the JVM and its options
   * @param jar what it is to run
   * @param folder for the files of a certificate that the JVM is told to trust
   * @throws AssertionError if anything goes otherwise than it should
   */
  public static void run(List<String> java, Path jar, Path folder) {
    LocalCertificate certificate = LocalCertificate.in(folder);
    List<String> command = new ArrayList<>(java);
    command.addAll(certificate.trust());
    command.addAll(List.of("-jar", jar.toString(), "serve"));
    try (SupabaseServer supabase = SupabaseServer.start(certificate.postgres());
        VapiSimulator vapi = VapiSimulator.start(certificate).acceptKey(World.API_KEY);
        World world =
            World.empty(supabase, vapi)
                .with("METRICS_PORT", "0")
                .with("RECONCILE_INTERVAL", "1s")
                .with("VAPI_TIMEOUT", "50s");
        Packaged service = Packaged.start(command, world.environment())) {
      new Training(world, service).day();
      service.terminate();
      int exit = service.exitCode(PATIENCE); // not before the cache is written
      if (exit != 143) {
        throw new AssertionError("ended with " + exit + ": " + service.out() + service.err());
      }
    }
  }

  private void day() {
    for (int i = 0; i < WEBHOOKS; i++) {
      Person person = world.person();
      ring(person);
      ring(person); // pg_net may send twice
    }
    world.vapi.onCreate().next(Fault.status(500));
    ring(world.person());
    world.people(BACKLOG);
    world.elapse(Duration.ofMinutes(3));
    expect(200, reconcile("application/json"));
    expect(200, reconcile("application/x-ndjson"));
    eventually("an assistant for everybody", PATIENCE, this::everybodyIsServed);

    LOOKS.forEach(path -> expect(200, world.send(operator(path))));
    expect(401, world.send(request("/stats").header("Authorization", "Bearer forged")));
    Scrape.read(Scrape.get(service.metricsUri("/metrics")).body()).value("vapi_provisioner_ready");
  }

  private boolean everybodyIsServed() {
    return world.vapi.assistants().size() == WEBHOOKS + 1 + BACKLOG;
  }

  /** On a slow machine the answer may be that it goes on. */
  private void ring(Person person) {
    Answer answer =
        world.send(
            world
                .signed(
                    request("/webhooks/pending-vapi-provision"),
                    World.announcement(person.provision()))
                .header("Content-Type", "application/json"));
    if (answer.status() != 202) {
      expect(200, answer);
    }
  }

  private Answer reconcile(String accept) {
    return world.send(
        operator("/reconcile").header("Accept", accept).POST(HttpRequest.BodyPublishers.noBody()));
  }

  private HttpRequest.Builder operator(String path) {
    return request(path).header("Authorization", "Bearer " + World.token(Scope.OPERATE));
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(service.uri(path));
  }

  private static void expect(int status, Answer answer) {
    if (answer.status() != status) {
      throw new AssertionError(status + " was expected, not " + answer);
    }
  }
}
