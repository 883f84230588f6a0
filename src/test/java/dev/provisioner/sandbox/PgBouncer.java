package dev.provisioner.sandbox;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Debian's PgBouncer in front of one database, as Supabase's pooler stands there: the user is
 * {@code provisioner.<project ref>}, passwords are asked for, and in transaction mode the port is
 * 6543. Each has a loopback address of its own, so that many can have that port.
 */
public final class PgBouncer implements AutoCloseable {
  /** A project's, as Supabase makes them. */
  public static final String USER = "provisioner.abcdefghijklmnopqrst";

  public static final String PASSWORD = "the-password-at-the-pooler";

  private static final String OPERATOR = "operator";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String database;
  private final Path folder;
  private final String address;
  private final int port;
  private final List<String> log = Collections.synchronizedList(new ArrayList<>());
  private @Nullable Process process;

  /** Leaves tests out where it is not installed; in CI they fail. */
  public static final class Needed implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return Installed.condition(
          "poolers were not tried (%s)".formatted(context.getDisplayName()),
          "pgbouncer",
          "pgbouncer");
    }
  }

  private PgBouncer(
      SupabaseDatabase database,
      SupabaseServer server,
      String mode,
      int wantedPort,
      Map<String, String> settings)
      throws IOException {
    this.database = database.name();
    this.folder =
        Files.createTempDirectory(
            "pgbouncer",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    this.address = nextAddress();
    this.port = wantedPort == 0 ? freePort(address) : wantedPort;
    Map<String, String> all = new HashMap<>();
    all.put("listen_addr", address);
    all.put("listen_port", Integer.toString(port));
    all.put("unix_socket_dir", "");
    all.put("auth_type", "hba");
    all.put("auth_hba_file", folder.resolve("hba.txt").toString());
    all.put("auth_file", folder.resolve("users.txt").toString());
    all.put("admin_users", OPERATOR);
    all.put("pool_mode", mode);
    // What the JDBC driver says of itself at the start, and PgBouncer cannot pass on.
    all.put("ignore_startup_parameters", "extra_float_digits");
    if (System.getProperty("user.name").equals("root")) {
      all.put("user", "nobody"); // It refuses to be root.
    }
    all.putAll(settings);
    StringBuilder ini = new StringBuilder();
    ini.append(
        "[databases]\n%s = host=127.0.0.1 port=%d user=provisioner\n[pgbouncer]\n"
            .formatted(this.database, server.port()));
    all.forEach((name, value) -> ini.append(name).append(" = ").append(value).append('\n'));
    Files.writeString(folder.resolve("pgbouncer.ini"), ini);
    Files.writeString(
        folder.resolve("hba.txt"),
        """
        host pgbouncer %s 127.0.0.0/8 trust
        host all all 127.0.0.0/8 scram-sha-256
        """
            .formatted(OPERATOR));
    Files.writeString(
        folder.resolve("users.txt"),
        Stream.of(USER, "provisioner", OPERATOR)
            .map(user -> "\"%s\" \"%s\"\n".formatted(user, PASSWORD))
            .reduce("", String::concat));
    restart();
  }

  /**
   * Hands every transaction to whichever connection is free.
   *
   * @param poolSize connections to the server
   * @param settings of pgbouncer.ini, besides
   */
  public static PgBouncer transaction(
      SupabaseServer server,
      SupabaseDatabase database,
      int poolSize,
      Map<String, String> settings) {
    return start(server, database, "transaction", 6543, poolSize, settings);
  }

  /** Gives each client a connection for as long as it stays. */
  public static PgBouncer session(
      SupabaseServer server,
      SupabaseDatabase database,
      int poolSize,
      Map<String, String> settings) {
    return start(server, database, "session", 0, poolSize, settings);
  }

  private static PgBouncer start(
      SupabaseServer server,
      SupabaseDatabase database,
      String mode,
      int port,
      int poolSize,
      Map<String, String> settings) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("default_pool_size", Integer.toString(poolSize));
    try {
      return new PgBouncer(database, server, mode, port, all);
    } catch (IOException e) {
      throw new UncheckedIOException("PgBouncer did not start", e);
    }
  }

  /** As Supabase shows it. */
  public String databaseUrl() {
    return databaseUrl(USER, PASSWORD);
  }

  public String databaseUrl(String user, String password) {
    return "postgresql://%s:%s@%s:%d/%s".formatted(user, password, address, port, database);
  }

  /** Says something to its operator's console, such as {@code RECONNECT}. */
  public void command(String command) {
    say(command);
  }

  /** Kills every connection, on both sides, and takes new ones again. */
  public void killConnections() {
    command("KILL " + database);
    command("RESUME " + database);
  }

  /** The sum of a column of one of its {@code SHOW} commands, over the rows of our database. */
  public long sum(String show, String column) {
    return say("SHOW " + show).stream()
        .filter(row -> database.equals(row.get("database")))
        .mapToLong(row -> Long.parseLong(row.get(column)))
        .sum();
  }

  /** What it has logged so far, by lines. */
  public List<String> log() {
    return List.copyOf(log);
  }

  /** Nobody listens any more, and every connection breaks. */
  public void stop() {
    Process running = process;
    process = null;
    if (running != null) {
      running.destroyForcibly();
      running.onExit().join();
    }
  }

  /** Listens where it did before. */
  public void restart() {
    try {
      Process started =
          new ProcessBuilder(
                  Installed.find("pgbouncer").orElseThrow().toString(),
                  folder.resolve("pgbouncer.ini").toString())
              .redirectErrorStream(true)
              .start();
      process = started;
      BufferedReader reader = started.inputReader();
      Thread.ofVirtual().start(() -> reader.lines().forEach(log::add));
      Eventually.eventually(
          "PgBouncer listens: " + log, PATIENCE, () -> listens() || !started.isAlive());
      if (!started.isAlive()) {
        throw new IllegalStateException("PgBouncer ended: " + log);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("PgBouncer did not start", e);
    }
  }

  @Override
  public void close() {
    stop();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), 1000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private List<Map<String, String>> say(String command) {
    return PgBouncerConsole.say(new InetSocketAddress(address, port), OPERATOR, command);
  }

  /** Linux listens on all of 127.0.0.0/8; other processes take others. */
  private static String nextAddress() {
    long pid = ProcessHandle.current().pid();
    return "127.%d.%d.%d".formatted(100 + COUNT.getAndIncrement() % 100, pid >> 8 & 255, pid & 255);
  }

  private static int freePort(String address) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(address))) {
      return socket.getLocalPort();
    }
  }
}
