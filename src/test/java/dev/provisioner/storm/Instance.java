package dev.provisioner.storm;

import dev.provisioner.Packaged;
import dev.provisioner.sandbox.Wire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One instance of the packaged service, with a way to the database of its own. */
final class Instance implements AutoCloseable {
  private static final List<String> OPTIONS = List.of("-Xmx96m", "-XX:+UseSerialGC");

  private final int number;
  private final Path logs;
  private final Wire wire;
  private final Map<String, String> environment;
  private final List<String> bugs = new ArrayList<>();
  private @Nullable Packaged process;
  private int runs;
  private volatile @Nullable URI base;

  /**
   * @param environment with everything but what is the wire's
   * @param databaseUrl for a port
   * @param logs the folder for what each of its processes has said
   */
  Instance(int number, Wire wire, Map<String, String> environment, String databaseUrl, Path logs) {
    this.number = number;
    this.wire = wire;
    this.logs = logs;
    this.environment = new HashMap<>(environment);
    this.environment.put("DATABASE_URL", databaseUrl);
  }

  Wire wire() {
    return wire;
  }

  /** Null while it is down. */
  @Nullable URI uri(String path) {
    URI running = base;
    return running == null ? null : running.resolve(path);
  }

  synchronized Instance with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  synchronized void start() {
    Packaged started = Packaged.run(OPTIONS, environment);
    process = started;
    base = started.uri("/");
  }

  /** SIGKILL. */
  synchronized void kill() {
    base = null;
    Packaged running = process;
    process = null;
    if (running != null) {
      running.kill();
      keep(running);
    }
  }

  synchronized void freeze() {
    if (process != null) {
      process.freeze();
    }
  }

  synchronized void thaw() {
    if (process != null) {
      process.thaw();
    }
  }

  /** Loses the answer to the next statement with this text; says so when it comes to that. */
  void loseAnswer(String marker, Runnable lost) {
    AtomicBoolean once = new AtomicBoolean();
    wire.loseAnswerOf(executed -> {
      boolean wanted = executed.contains(marker);
      if (wanted && once.compareAndSet(false, true)) {
        lost.run();
      }
      return wanted;
    });
  }

  /** What its processes have said that no trouble excuses. */
  synchronized List<String> bugs() {
    return List.copyOf(bugs);
  }

  @Override
  public void close() {
    kill();
    wire.close();
  }

  private void keep(Packaged ended) {
    List<String> lines = new ArrayList<>(ended.out());
    lines.addAll(ended.err());
    lines.stream()
        .filter(line -> line.contains("met a bug") || line.contains("OutOfMemoryError"))
        .forEach(bugs::add);
    runs++;
    try {
      Files.write(logs.resolve("instance-%d-%03d.log".formatted(number, runs)), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
