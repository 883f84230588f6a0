package dev.provisioner.bench;

import static dev.provisioner.sandbox.Eventually.eventually;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The service as it is shipped, in a process of its own with this environment and no other. What it
 * logs goes to a file, as it would in production.
 */
final class ServiceProcess implements AutoCloseable {
  static final Path JAR = Path.of("target/app/vapi-provisioner.jar");

  /** {@code java -jar} and nothing else. */
  static final List<String> PLAIN = List.of(Child.java(), "-jar", JAR.toString());

  /** The same with the launcher's flags, as far as this JVM knows them. */
  static final List<String> WITH_FLAGS =
      List.of(
          Child.java(),
          "-XX:+IgnoreUnrecognizedVMOptions",
          "@src/main/dist/app/jvm.options",
          "-jar",
          JAR.toString());

  /** Of the last run: the next one writes over them. */
  private static final Path LOGS = Path.of("target/bench");

  private static final AtomicInteger STARTED = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Process process;
  private final int port;
  private final int metricsPort;
  private final Path log;

  private ServiceProcess(Process process, int port, int metricsPort, Path log) {
    this.process = process;
    this.port = port;
    this.metricsPort = metricsPort;
    this.log = log;
  }

  /** Returns at once; see {@link #awaitReady}. */
  static ServiceProcess start(List<String> command, Map<String, String> environment) {
    if (!Files.exists(JAR)) {
      throw new IllegalStateException("there is no " + JAR + ": run `mvn -Pbench`, which makes it");
    }
    int port = freePort();
    int metricsPort = freePort();
    Map<String, String> all = new HashMap<>(environment);
    all.put("PATH", System.getenv("PATH")); // a launcher is a script
    all.put("PORT", Integer.toString(port));
    all.put("METRICS_PORT", Integer.toString(metricsPort));
    try {
      Files.createDirectories(LOGS);
      Path log = LOGS.resolve("service-%d.log".formatted(STARTED.incrementAndGet()));
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
      builder.environment().clear();
      builder.environment().putAll(all);
      Process process = builder.start();
      // For whoever ends without close().
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      return new ServiceProcess(process, port, metricsPort, log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it takes connections. */
  ServiceProcess awaitReady() {
    eventually("the service listens; see " + log, PATIENCE, () -> listens() || !process.isAlive());
    if (!process.isAlive()) {
      throw new IllegalStateException("the service has ended; see " + log);
    }
    return this;
  }

  private boolean listens() {
    try {
      new RawConnection(port).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  int port() {
    return port;
  }

  int metricsPort() {
    return metricsPort;
  }

  /** Of the JVM, even where a launcher stays in front of it. */
  long pid() {
    return process.descendants().mapToLong(ProcessHandle::pid).findFirst().orElse(process.pid());
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.toHandle().destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
