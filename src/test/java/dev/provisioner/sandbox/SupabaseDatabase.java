package dev.provisioner.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** One Supabase project's database, and what happens to it from outside the service. */
public final class SupabaseDatabase {
  private static final String AUTH_SERVER = "supabase_auth_admin";
  private static final String MIGRATOR = "postgres";

  private final SupabaseServer server;
  private final String name;

  SupabaseDatabase(SupabaseServer server, String name) {
    this.server = server;
    this.name = name;
  }

  public String name() {
    return name;
  }

  /** Where a role connects, for JDBC. */
  public String jdbcUrl(String role) {
    return server.jdbcUrl(name, role);
  }

  /** Where a role connects, as Supabase's dashboard writes it. Any password will do. */
  public String databaseUrl(String role, String password) {
    return databaseUrl(role, password, server.port());
  }

  /** The same through another port, such as a {@link Wire}'s. */
  public String databaseUrl(String role, String password, int port) {
    return "postgresql://%s:%s@localhost:%d/%s".formatted(role, password, port, name);
  }

  public Connection connect(String role) throws SQLException {
    return DriverManager.getConnection(jdbcUrl(role));
  }

  /** A connection that may do everything, for what only the platform itself does. */
  public Connection connectAsSuperuser() throws SQLException {
    return server.connectAsSuperuser(name);
  }

  /** Applies this project's own migrations. */
  public void applyMigrations() {
    applyMigrations(Path.of("migrations"));
  }

  /**
   * Applies every {@code *.sql} of a folder in the order of their names, as {@code supabase db
   * push} does: as {@code postgres}, each file whole or not at all.
   */
  public void applyMigrations(Path folder) {
    List<Path> files = sqlFilesOf(folder);
    // Simple mode sends a file as it is written, so that an error's position is one in the file.
    String url = jdbcUrl(MIGRATOR) + "&preferQueryMode=simple";
    try (Connection migrator = DriverManager.getConnection(url)) {
      migrator.setAutoCommit(false);
      for (Path file : files) {
        apply(migrator, file);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("could not migrate " + name, e);
    }
  }

  /** Enables pg_cron, as a click in the dashboard does. {@link PgCron} runs its jobs. */
  public void enablePgCron() {
    try (Connection superuser = connectAsSuperuser();
        Statement statement = superuser.createStatement()) {
      statement.execute(SupabaseServer.resource("pg_cron.sql"));
    } catch (SQLException e) {
      throw new IllegalStateException("could not enable pg_cron in " + name, e);
    }
  }

  /**
   * Puts a Database Webhook on inserts into a table, as the dashboard does.
   *
   * @param token of its header {@code Authorization}, and part of the trigger's definition
   */
  public void createDashboardWebhook(String table, String trigger, String url, String token) {
    String sql =
        """
        create or replace trigger "%s" after insert on %s for each row
        execute function supabase_functions.http_request(
          '%s', 'POST', '{"Content-type":"application/json","Authorization":"Bearer %s"}', '{}', '5000')\
        """
            .formatted(trigger, table, url, token);
    try (Connection migrator = connect(MIGRATOR);
        Statement statement = migrator.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException("could not create the webhook " + trigger, e);
    }
  }

  /** A user signs up, as the auth server records it: the e-mail is not verified yet. */
  public UUID signUp(String email, @Nullable String fullName) {
    UUID id = UUID.randomUUID();
    asAuthServer(
        """
        insert into auth.users (instance_id, id, aud, role, email, encrypted_password,
                                raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        values ('00000000-0000-0000-0000-000000000000', ?, 'authenticated', 'authenticated', ?, '',
                '{"provider": "email", "providers": ["email"]}',
                jsonb_strip_nulls(jsonb_build_object('full_name', ?::text)), now(), now())
        """,
        id,
        email,
        fullName);
    return id;
  }

  /** The user follows the link in the verification mail. */
  public void confirm(UUID user) {
    asAuthServer(
        "update auth.users set email_confirmed_at = now(), updated_at = now() where id = ?", user);
  }

  public void deleteUser(UUID user) {
    asAuthServer("delete from auth.users where id = ?", user);
  }

  public UUID createVaultSecret(String secretName, String value) {
    try (Connection migrator = connect(MIGRATOR);
        PreparedStatement create =
            migrator.prepareStatement("select vault.create_secret(?, ?) as id")) {
      create.setString(1, value);
      create.setString(2, secretName);
      try (var rows = create.executeQuery()) {
        rows.next();
        return rows.getObject("id", UUID.class);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("could not keep the secret " + secretName, e);
    }
  }

  /** Lets time pass for our rows: whatever they say of a time was that much earlier. */
  public void age(Duration time) {
    String by = "interval '" + time.toMillis() + " milliseconds'";
    try (Connection superuser = connectAsSuperuser();
        Statement statement = superuser.createStatement()) {
      statement.execute(
          """
          update public.pending_vapi_provision
             set created_at = created_at - %1$s, next_attempt_at = next_attempt_at - %1$s,
                 processed_at = processed_at - %1$s, confirm_at = confirm_at - %1$s,
                 unconfirmed_since = unconfirmed_since - %1$s,
                 unconfirmed_until = unconfirmed_until - %1$s\
          """
              .formatted(by));
      statement.execute(
          """
          update provisioning.departed
             set departed_at = departed_at - %1$s, confirm_at = confirm_at - %1$s,
                 unconfirmed_since = unconfirmed_since - %1$s,
                 unconfirmed_until = unconfirmed_until - %1$s\
          """
              .formatted(by));
    } catch (SQLException e) {
      throw new IllegalStateException("time does not pass in " + name, e);
    }
  }

  /** Gives the disk space back, whoever may still be connected. */
  public void drop() {
    server.drop(name);
  }

  @Override
  public String toString() {
    return name;
  }

  private void asAuthServer(String sql, @Nullable Object... parameters) {
    try (Connection auth = connect(AUTH_SERVER);
        PreparedStatement statement = auth.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      if (statement.executeUpdate() == 0) {
        throw new IllegalArgumentException("no such user: " + parameters[0]);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("auth.users refused: " + e.getMessage(), e);
    }
  }

  private static void apply(Connection migrator, Path file) throws SQLException {
    String sql = read(file);
    try (Statement statement = migrator.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
      migrator.commit();
    } catch (SQLException e) {
      migrator.rollback();
      throw new IllegalStateException(
          "%s%s: %s".formatted(file, placeOf(e, sql), e.getMessage()), e);
    }
  }

  private static String placeOf(SQLException error, String sql) {
    ServerErrorMessage message =
        error instanceof PSQLException refused ? refused.getServerErrorMessage() : null;
    if (message == null || message.getPosition() <= 0) {
      return "";
    }
    // PostgreSQL counts characters, from one; Java's strings count UTF-16 units.
    int at = sql.offsetByCodePoints(0, message.getPosition() - 1);
    String before = sql.substring(0, at);
    long line = before.chars().filter(each -> each == '\n').count() + 1;
    return ":%d:%d".formatted(line, at - before.lastIndexOf('\n'));
  }

  private static List<Path> sqlFilesOf(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().endsWith(".sql")).sorted().toList();
      if (found.isEmpty()) {
        throw new IllegalArgumentException("no migrations in " + folder.toAbsolutePath());
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("no migrations in " + folder.toAbsolutePath(), e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
