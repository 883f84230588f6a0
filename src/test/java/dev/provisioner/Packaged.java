package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The jar that is deployed, run by the JDK of the tests, with this environment and no other. With
 * {@code -Dprovisioner.launcher=target/dist/bin/vapi-provisioner} it is the distribution, which
 * must then be as fast as it was made to be: an AOT cache that cannot be used is a failure.
 */
public final class Packaged implements AutoCloseable {
  /** Null where it is the jar. */
  static final @Nullable String LAUNCHER = System.getProperty("provisioner.launcher");

  /** With which the launcher tells its JVM to do without no cache. */
  public static final String ONLY_WITH_CACHE = "-XX:AOTMode=on";

  /** The launcher's variable for further options of the JVM. */
  public static final String OPTIONS = "VAPI_PROVISIONER_JAVA_OPTS";

  private static final Path JAR = Path.of("target/app/vapi-provisioner.jar");

  /** JVMs are slow to start where many start at once. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Pattern PORT = Pattern.compile("serves on port (\\d+)");
  private static final Pattern METRICS_PORT = Pattern.compile("metrics on port (\\d+)");

  private final Process process;
  private final List<String> out = Collections.synchronizedList(new ArrayList<>());
  private final List<String> err = Collections.synchronizedList(new ArrayList<>());
  private final List<Thread> readers;

  private Packaged(Process process) {
    this.process = process;
    this.readers =
        List.of(
            Thread.ofVirtual().start(() -> read(process.inputReader(), out)),
            Thread.ofVirtual().start(() -> read(process.errorReader(), err)));
  }

  /** Runs a command; no arguments: serves. */
  public static Packaged run(Map<String, String> environment, String... arguments) {
    return run(List.of(), environment, arguments);
  }

  /**
   * The same with options for the JVM.
   *
   * @param options such as system properties; they win over our own
   */
  public static Packaged run(
      List<String> options, Map<String, String> environment, String... arguments) {
    List<String> command = new ArrayList<>();
    Map<String, String> surroundings = new HashMap<>(environment);
    if (LAUNCHER == null) {
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1"));
      command.addAll(options);
      command.addAll(List.of("-jar", JAR.toString()));
    } else {
      command.add(LAUNCHER);
      surroundings.put(OPTIONS, String.join(" ", options) + " " + ONLY_WITH_CACHE);
    }
    command.addAll(List.of(arguments));
    return start(command, surroundings);
  }

  /** Runs any command line that ends up as one of ours. */
  public static Packaged start(List<String> command, Map<String, String> environment) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(environment);
    try {
      return new Packaged(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it serves, and says where. */
  public URI uri(String path) {
    return uri(PORT, path);
  }

  /** The same at the port for metrics. */
  public URI metricsUri(String path) {
    return uri(METRICS_PORT, path);
  }

  private URI uri(Pattern pattern, String path) {
    eventually("a port in " + out + err, PATIENCE, () -> port(pattern) > 0 || !process.isAlive());
    int port = port(pattern);
    if (port == 0) {
      throw new AssertionError("does not serve: " + out + err);
    }
    return URI.create("http://localhost:" + port + path);
  }

  /** SIGTERM, as Fly.io and everybody else send it. */
  public void terminate() {
    // Process.destroy() would close the streams, too, and its last words be lost.
    process.toHandle().destroy();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for its end, and for all that it has said. */
  public int exitCode() {
    return exitCode(PATIENCE);
  }

  /** The same with another patience. */
  public int exitCode(Duration patience) {
    try {
      if (!process.waitFor(patience.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("did not end: " + out + err);
      }
      for (Thread each : readers) {
        each.join();
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Its standard output so far, by lines. */
  public List<String> out() {
    return List.copyOf(out);
  }

  /** Its standard error so far, by lines. */
  public List<String> err() {
    return List.copyOf(err);
  }

  /** SIGKILL: no shutdown hook runs. Returns when it is dead. */
  public void kill() {
    process.destroyForcibly();
    exitCode();
  }

  /** SIGSTOP: it is there, and does nothing, until {@link #thaw}. */
  public void freeze() {
    signal("STOP");
  }

  /** SIGCONT: it goes on as if no time had passed. */
  public void thaw() {
    signal("CONT");
  }

  private void signal(String name) {
    if (!process.isAlive()) {
      return;
    }
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
  }

  private int port(Pattern pattern) {
    for (String line : out()) {
      Matcher matcher = pattern.matcher(line);
      if (matcher.find()) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    return 0;
  }

  private static void read(BufferedReader reader, List<String> lines) {
    try (reader) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      // It was killed.
    }
  }
}
