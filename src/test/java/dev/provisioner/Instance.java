package dev.provisioner;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Wire;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/**
 * The packaged service as a process with wires of its own, to its database, to Vapi and from its
 * callers, so that it can be stopped anywhere while others go on.
 */
final class Instance implements AutoCloseable {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";

  /** A settle that waits for a lock waits until the test has killed its sender. */
  private static final String PATIENT = "?options=-c%20lock_timeout%3D60s";

  /** Half the time to start, of which there are many: classes as one of us has left them. */
  private static final Path CLASSES = Path.of("target/crash-matrix.jsa");

  private static final String FRUGAL = "-XX:+UseSerialGC";

  private static final Duration PAUSE = Duration.ofMillis(100);

  final Wire toDatabase;
  final Wire toVapi;
  final Wire fromCallers;

  private final World world;
  private final Packaged process;

  private Instance(World world, List<String> options) {
    this.world = world;
    this.toDatabase = Wire.to("localhost", world.wire.port());
    this.toVapi = Wire.to("localhost", world.vapi.port());
    Map<String, String> environment = new HashMap<>(world.environment());
    environment.put(
        "DATABASE_URL",
        world.database.databaseUrl("provisioner", "any", toDatabase.port()) + PATIENT);
    environment.put("VAPI_BASE_URL", "http://localhost:" + toVapi.port());
    this.process = Packaged.run(options, environment);
    this.fromCallers = Wire.to("localhost", process.uri("/").getPort());
  }

  /** Returns when it serves. */
  static Instance start(World world) {
    return new Instance(world, remembering("-XX:SharedArchiveFile="));
  }

  /** One that serves this person, and whose classes are remembered for all that start later. */
  static void rehearse(World world, Person person) {
    try (Instance first = new Instance(world, remembering("-XX:ArchiveClassesAtExit="))) {
      first.ring(person);
      first.reconcile("{}");
      first.process.terminate();
      first.process.exitCode();
    }
  }

  /** The distribution remembers its classes by itself. */
  private static List<String> remembering(String option) {
    return Packaged.LAUNCHER == null ? List.of(FRUGAL, option + CLASSES) : List.of();
  }

  Answer ring(Person person) {
    return post(WEBHOOK, World.announcement(person.provision()));
  }

  Answer reconcile(String body) {
    return post("/reconcile", body);
  }

  /**
   * A call that is told to come again does: a JVM that has just begun, on a machine with much to
   * do, may not reach its database in time, and has then done nothing.
   */
  private Answer post(String path, String body) {
    URI uri = URI.create("http://localhost:" + fromCallers.port() + path);
    long deadline = System.nanoTime() + Packaged.PATIENCE.toNanos();
    while (true) {
      Answer answer =
          world.send(
              world
                  .signed(HttpRequest.newBuilder(uri), body)
                  .header("Content-Type", "application/json"));
      if (answer.status() != 503 || System.nanoTime() > deadline) {
        return answer;
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** SIGTERM: it drains. */
  void terminate() {
    process.terminate();
  }

  /** Whether a line of its log contains this. */
  boolean hasSaid(String words) {
    return process.out().stream().anyMatch(line -> line.contains(words));
  }

  /** Its log so far. */
  String said() {
    return String.join("\n", process.out());
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGKILL. What was on its wires stays there. */
  void kill() {
    process.kill();
  }

  @Override
  public void close() {
    process.close();
    toDatabase.close();
    toVapi.close();
    fromCallers.close();
  }
}
