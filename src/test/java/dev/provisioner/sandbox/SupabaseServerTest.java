package dev.provisioner.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Isolated("It restarts the server that all share.")
class SupabaseServerTest {
  private final SupabaseServer server;
  private final SupabaseDatabase project;

  SupabaseServerTest(SupabaseServer server) {
    this.server = server;
    this.project = server.createDatabase();
  }

  @BeforeAll
  void aUserHasSignedUp() {
    project.signUp("first@example.com", "Fir\"st Üser");
  }

  @Test
  void migrationsRunAsAPlainRoleThatMayNotMakeThingsInAuth() throws SQLException {
    assertThat(
            query(
                project,
                "postgres",
                "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"))
        .isEqualTo("f");
    assertThatThrownBy(() -> execute(project, "postgres", "create table auth.mine (id int)"))
        .hasMessageContaining("permission denied for schema auth");
    assertThatThrownBy(() -> execute(project, "postgres", "alter table auth.users add mine int"))
        .hasMessageContaining("must be owner of table users");
  }

  @Test
  void migrationsMayPutTriggersAndForeignKeysOnUsers(@TempDir Path folder)
      throws IOException, SQLException {
    SupabaseDatabase database = server.createDatabase();
    Files.writeString(
        folder.resolve("20260102000000_trigger.sql"),
        """
        -- Quoted {braces} and ? marks reach the server as they are.
        create function public.note() returns trigger
          language plpgsql security definer set search_path = '' as $$
        begin
          insert into public.verified (user_id, name)
          values (new.id, new.raw_user_meta_data ->> 'full_name');
          return null;
        end $$;
        create trigger note after update of email_confirmed_at on auth.users
          for each row execute function public.note();
        """);
    Files.writeString(
        folder.resolve("20260101000000_table.sql"),
        """
        create schema private;
        create table public.verified (
          user_id uuid primary key references auth.users on delete cascade,
          name text check (name is null or not jsonb_build_object(name, 1) ? '{}')
        );
        """);
    database.applyMigrations(folder);

    UUID user = database.signUp("grace@example.com", "Grace");
    database.confirm(user);
    assertThat(query(database, "postgres", "select name from public.verified")).isEqualTo("Grace");

    database.deleteUser(user);
    assertThat(query(database, "postgres", "select count(*) from public.verified")).isEqualTo("0");
  }

  @Test
  void aFailingMigrationIsNamedWithItsPlaceAndLeavesNothing(@TempDir Path folder)
      throws IOException, SQLException {
    SupabaseDatabase database = server.createDatabase();
    Files.writeString(
        folder.resolve("1_broken.sql"), "create table kept (id int);\n-- ü 😀\n  selekt 1;\n");
    assertThatThrownBy(() -> database.applyMigrations(folder))
        .hasMessageContaining("1_broken.sql:3:3: ERROR: syntax error");
    assertThat(query(database, "postgres", "select to_regclass('kept')")).isNull();
  }

  @Test
  void aSignUpIsUnverifiedUntilConfirmed() throws SQLException {
    UUID user = project.signUp("ada@example.com", null);
    String verified =
        "select email_confirmed_at is not null and confirmed_at is not null from auth.users"
            + " where id = '%s'".formatted(user);
    assertThat(query(project, "postgres", verified)).isEqualTo("f");
    project.confirm(user);
    assertThat(query(project, "postgres", verified)).isEqualTo("t");
  }

  @Test
  void newTablesInPublicAreOpenToTheApiUntilRevoked() throws SQLException {
    execute(project, "postgres", "create table public.open_to_all (id int)");
    assertThat(
            query(
                project,
                "postgres",
                "select has_table_privilege('anon', 'public.open_to_all', 'insert')"))
        .isEqualTo("t");
  }

  @Test
  void vaultSecretsAreForPostgresAndTheAppsServer() throws SQLException {
    project.createVaultSecret("a_secret", "größer");
    String read = "select decrypted_secret from vault.decrypted_secrets where name = 'a_secret'";
    assertThat(query(project, "postgres", read)).isEqualTo("größer");
    execute(
        project,
        "postgres",
        "select vault.update_secret(id, 'newer') from vault.secrets where name = 'a_secret'");
    assertThat(query(project, "postgres", read)).isEqualTo("newer");
    assertThat(query(project, "authenticator", "set role service_role;" + read)).isEqualTo("newer");
    assertThatThrownBy(() -> query(project, "authenticator", "set role authenticated;" + read))
        .hasMessageContaining("permission denied");
  }

  @Test
  void httpPostQueuesTheExactBytesAndInsistsOnItsContentType() throws SQLException {
    execute(
        project, "postgres", "select net.http_post('http://localhost/', '{\"name\": \"Ä\\\"\"}')");
    assertThat(
            query(
                project,
                "postgres",
                "select convert_from(body, 'UTF8') || headers::text from net.http_request_queue"))
        .isEqualTo("{\"name\": \"Ä\\\"\"}{\"Content-Type\": \"application/json\"}");
    assertThatThrownBy(() ->
            execute(
                project,
                "postgres",
                "select net.http_post('http://localhost/', headers =>"
                    + " '{\"content-type\": \"application/json; charset=utf-8\"}')"))
        .hasMessageContaining("must be \"application/json\"");
  }

  @Test
  void aCloneHasTheDataOfItsOriginalAndGoesItsOwnWay() throws SQLException {
    SupabaseDatabase original = server.createDatabase();
    original.signUp("linus@example.com", "Linus");
    SupabaseDatabase clone = server.createDatabase(original);
    clone.signUp("barbara@example.com", "Barbara");
    assertThat(query(clone, "postgres", "select count(*) from auth.users")).isEqualTo("2");
    assertThat(query(original, "postgres", "select count(*) from auth.users")).isEqualTo("1");
    execute(clone, "postgres", "create schema allowed_here_too");
  }

  @Test
  void aDroppedDatabaseIsGoneThoughSomebodyIsConnected() throws SQLException {
    SupabaseDatabase database = server.createDatabase();
    try (Connection connection = database.connect("postgres")) {
      database.drop();
      assertThat(connection.isValid(1)).isFalse();
    }
    assertThatThrownBy(() -> database.connect("postgres")).hasMessageContaining("does not exist");
  }

  @Test
  void theServerComesBackOnItsPortWithItsData() throws SQLException {
    server.stop();
    try {
      assertThatThrownBy(() -> project.connect("postgres")).hasMessageContaining("refused");
    } finally {
      server.restart();
    }
    assertThat(
            query(
                project,
                "postgres",
                "select raw_user_meta_data ->> 'full_name' from auth.users"
                    + " where email = 'first@example.com'"))
        .isEqualTo("Fir\"st Üser");
  }

  @Test
  void anUnconfiguredServerIsADurableOne() throws SQLException {
    try (SupabaseServer durable = SupabaseServer.start(Map.of())) {
      assertThat(
              query(
                  durable.createDatabase(),
                  "postgres",
                  "select string_agg(setting, ' ' order by name) from pg_settings"
                      + " where name in ('fsync', 'full_page_writes', 'synchronous_commit')"))
          .isEqualTo("on on on");
    }
  }

  private static void execute(SupabaseDatabase database, String role, String sql)
      throws SQLException {
    try (Connection connection = database.connect(role);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** The first column of the first row of the last result, as text. */
  private static @Nullable String query(SupabaseDatabase database, String role, String sql)
      throws SQLException {
    try (Connection connection = database.connect(role);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
      while (statement.getResultSet() == null) {
        statement.getMoreResults();
      }
      try (ResultSet rows = statement.getResultSet()) {
        rows.next();
        return rows.getString(1);
      }
    }
  }
}
