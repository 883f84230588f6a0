package dev.provisioner;

import dev.provisioner.doctor.Doctor;
import dev.provisioner.doctor.Report;
import dev.provisioner.provision.Inspection;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.io.PrintStream;
import java.net.http.HttpClient;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.ConnectionFactory;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/** {@code doctor [--json] [--canary]}: checks everything, and says how to mend what is wrong. */
final class DoctorCommand {
  static final String USAGE =
      """
      Usage: vapi-provisioner doctor [--json] [--canary]

      Checks everything that must hold, with the service's own environment, and prints a line each:
      ✓ well, ! warning, ✗ broken, - not looked at; below it, the command or the SQL that mends it.
      It only looks, and may be run at any time, next to a running service.

        --json    one JSON document: {status, checks: [{name, status, message, remedy?}]}
        --canary  also sends one signed webhook, for a row that does not exist, through PUBLIC_URL
        --help    this text

      SQL is to be run as role postgres. Exit codes: 0 all is well, 1 warnings, 2 something is broken.
      """;

  private static final int MISTAKEN = 2;

  /** For a connection, for a statement, for a call: short enough to be waited for by a person. */
  private static final int SECONDS = 5;

  private DoctorCommand() {}

  /**
   * Runs the command.
   *
   * @param args what follows the word {@code doctor}
   * @param environment the service's
   * @return the exit code: 0, 1 or 2
   */
  static int run(
      List<String> args,
      Map<String, String> environment,
      PrintStream out,
      PrintStream err,
      InstantSource clock)
      throws InterruptedException {
    if (args.contains("--help")) {
      out.print(USAGE);
      return 0;
    }
    for (String each : args) {
      if (!each.equals("--json") && !each.equals("--canary")) {
        err.println("Unknown option: " + each);
        err.println();
        err.print(USAGE);
        return MISTAKEN;
      }
    }
    Report report;
    try {
      report = examine(Config.draft(environment), args.contains("--canary"), clock);
    } catch (IllegalStateException e) {
      err.println("doctor cannot start: " + e.getMessage());
      return MISTAKEN;
    }
    out.print(args.contains("--json") ? report.json() : report.text());
    out.flush();
    return report.exitCode();
  }

  private static Report examine(Config.Draft draft, boolean canary, InstantSource clock)
      throws InterruptedException {
    Config config = draft.config();
    String userAgent = "vapi-provisioner/" + Main.version();
    HttpClient http =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(SECONDS))
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    try (OneConnection database = new OneConnection(config.database());
        VapiClient vapi =
            new VapiClient(
                new VapiClient.Settings(
                    config.vapi().baseUrl(),
                    config.vapi().apiKey().value(),
                    Duration.ofSeconds(SECONDS),
                    userAgent),
                new Gate(1, System::nanoTime))) {
      return new Doctor(
              new Doctor.Surroundings(draft, new Inspection(database), vapi, http, clock, canary))
          .examine();
    } finally {
      http.shutdownNow();
    }
  }

  /** One connection for all checks, made when the first asks, and again when it breaks. */
  private static final class OneConnection implements ConnectionFactory, AutoCloseable {
    private final DatabaseUrl url;
    private @Nullable Connection open;

    OneConnection(DatabaseUrl url) {
      this.url = url;
    }

    @Override
    public synchronized Connection openConnection() throws SQLException {
      Connection connection = open;
      if (connection == null || connection.isClosed()) {
        connection = connect();
        open = connection;
      }
      return connection;
    }

    private Connection connect() throws SQLException {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(url.jdbcUrl());
      source.setUser(url.user());
      Secret password = url.password();
      source.setPassword(password == null ? null : password.value());
      source.setApplicationName("vapi-provisioner doctor");
      source.setLoginTimeout(SECONDS);
      source.setConnectTimeout(SECONDS);
      source.setSocketTimeout(SECONDS);
      return source.getConnection();
    }

    @Override
    public void closeConnection(Connection connection) {
      // The next check uses it.
    }

    @Override
    public synchronized void close() {
      if (open != null) {
        try {
          open.close();
        } catch (SQLException e) {
          // It was broken already.
        }
      }
    }
  }
}
