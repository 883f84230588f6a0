package dev.provisioner.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * A stand-in for {@code supabase db push}: which files of a project's {@code supabase/migrations}
 * it applies, in which order, statement by statement, and what its user sees. A reset, or a preview
 * branch, is a push to an empty database.
 */
public final class SupabaseCli {
  private static final String LOGIN = "cli_login_postgres";

  private final Path migrations;

  private SupabaseCli(Path migrations) {
    this.migrations = migrations;
  }

  /** For the files of this folder. */
  public static SupabaseCli of(Path migrations) {
    return new SupabaseCli(migrations);
  }

  /** Applies what is newer than all that has been applied, and refuses if something is older. */
  public List<String> push(SupabaseDatabase database) {
    return push(database, false);
  }

  /** Applies whatever has not been applied: {@code db push --include-all}. */
  public List<String> pushAll(SupabaseDatabase database) {
    return push(database, true);
  }

  private List<String> push(SupabaseDatabase database, boolean includeAll) {
    List<String> notices = new ArrayList<>();
    try (Connection connection = connect(database)) {
      List<String> remote = history(connection);
      List<Path> pending = new ArrayList<>();
      List<String> missing = new ArrayList<>(remote);
      for (Path file : files()) {
        if (!missing.remove(version(file))) {
          pending.add(file);
        }
      }
      if (!missing.isEmpty()) {
        throw new IllegalStateException(
            "Remote migration versions not found in local migrations directory. " + missing);
      }
      if (!includeAll && !remote.isEmpty()) {
        String newest = remote.getLast();
        if (pending.stream().anyMatch(file -> version(file).compareTo(newest) < 0)) {
          throw new IllegalStateException(
              "Found local migration files to be inserted before the last migration on remote database. Rerun the command with --include-all flag.");
        }
      }
      for (Path file : pending) {
        apply(connection, file, notices);
      }
      return notices;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** It logs in as a role of its own, and becomes {@code postgres}. */
  private static Connection connect(SupabaseDatabase database) throws SQLException {
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement()) {
      statement.execute(
          """
          do $$ begin
            create role %1$s login noinherit;
            grant postgres to %1$s;
          exception when duplicate_object then null; end $$\
          """
              .formatted(LOGIN));
    }
    Connection connection = DriverManager.getConnection(database.jdbcUrl(LOGIN));
    execute(connection, "set role postgres");
    execute(connection, "create schema if not exists supabase_migrations");
    execute(
        connection,
        """
        create table if not exists supabase_migrations.schema_migrations (
          version text not null primary key, statements text[], name text)\
        """);
    return connection;
  }

  private static void apply(Connection connection, Path file, List<String> notices)
      throws SQLException {
    List<String> statements = SqlSplitter.split(read(file));
    execute(connection, "reset all");
    connection.setAutoCommit(false);
    int at = 0;
    try {
      for (; at < statements.size(); at++) {
        notices.addAll(execute(connection, statements.get(at)));
      }
      try (PreparedStatement insert =
          connection.prepareStatement(
              "insert into supabase_migrations.schema_migrations (version, name, statements) values (?, ?, ?)")) {
        insert.setString(1, version(file));
        insert.setString(2, name(file));
        insert.setArray(3, connection.createArrayOf("text", statements.toArray()));
        insert.executeUpdate();
      }
      connection.commit();
    } catch (SQLException e) {
      connection.rollback();
      throw new IllegalStateException(
          "Applying migration %s...\n%s\nAt statement: %d"
              .formatted(file.getFileName(), shown(e), at),
          e);
    } finally {
      connection.setAutoCommit(true);
    }
  }

  /** Message and detail are what it shows. Hints it keeps to itself. */
  private static String shown(SQLException error) {
    ServerErrorMessage message =
        error instanceof PSQLException refused ? refused.getServerErrorMessage() : null;
    if (message == null) {
      return String.valueOf(error.getMessage());
    }
    String detail = message.getDetail();
    return "%s: %s (SQLSTATE %s)%s"
        .formatted(
            message.getSeverity(),
            message.getMessage(),
            message.getSQLState(),
            detail == null ? "" : "\n" + detail);
  }

  private static List<String> execute(Connection connection, String sql) throws SQLException {
    List<String> notices = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
      for (SQLWarning each = statement.getWarnings(); each != null; each = each.getNextWarning()) {
        notices.add(messageOf(each));
      }
    }
    return notices;
  }

  private static String messageOf(SQLWarning warning) {
    return warning instanceof PSQLWarning said
        ? said.getServerErrorMessage().getSeverity()
            + ": "
            + said.getServerErrorMessage().getMessage()
        : String.valueOf(warning.getMessage());
  }

  private static List<String> history(Connection connection) throws SQLException {
    List<String> versions = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select version from supabase_migrations.schema_migrations order by version")) {
      while (row.next()) {
        versions.add(row.getString(1));
      }
    }
    return versions;
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(migrations)) {
      return files
          .filter(file -> file.getFileName().toString().matches("[0-9]+_.*\\.sql"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String version(Path file) {
    String name = file.getFileName().toString();
    return name.substring(0, name.indexOf('_'));
  }

  private static String name(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.indexOf('_') + 1, name.length() - ".sql".length());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
