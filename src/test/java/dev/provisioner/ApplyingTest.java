package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.sandbox.Installed;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However the migrations are applied, and whatever the project is like, they make the same. */
@ExtendWith(SharedSupabase.class)
class ApplyingTest {
  private static final Path MIGRATIONS = Path.of("migrations");
  private static final SupabaseCli CLI = SupabaseCli.of(MIGRATIONS);

  private final SupabaseServer supabase;
  private final SupabaseDatabase database;
  private final World world;

  ApplyingTest(SupabaseServer supabase) {
    this.supabase = supabase;
    database = supabase.createDatabase();
    world = World.of(supabase, database);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void statementByStatementAsTheCliDoes() throws IOException {
    List<String> notices = CLI.push(database);

    assertThat(notices).noneMatch(each -> each.startsWith("WARNING"));
    assertWritten();
    assertThat(CLI.push(database)).isEmpty();
    assertThat(world.count("select count(*) from supabase_migrations.schema_migrations"))
        .isEqualTo(migrations().size());
  }

  @Test
  void fileByFileWithPsql() throws Exception {
    Installed.require("psql with the migrations", "postgresql-client", "psql");
    String script = Readme.block(ApplyingTest.class, "psql");
    Map<String, String> terminal =
        Map.of("POSTGRES_URL", database.databaseUrl("postgres", "any"), "LC_ALL", "C");

    assertThat(Shell.run(Path.of("."), script, terminal)).doesNotContain("ERROR", "WARNING");
    assertWritten();
    assertThat(Shell.run(Path.of("."), script, terminal)).doesNotContain("ERROR", "WARNING");
    assertWritten();
  }

  @Test
  void allAtOnceAsInTheSqlEditor() throws IOException {
    StringBuilder pasted = new StringBuilder();
    for (Path file : migrations()) {
      pasted.append(Files.readString(file)).append('\n');
    }
    Readme.run(database, pasted.toString());

    assertWritten();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "search_path = ''",
        "search_path = auth, extensions",
        "check_function_bodies = off",
        "default_transaction_isolation = 'serializable'",
        "standard_conforming_strings = on",
        "client_min_messages = error",
        "statement_timeout = '2min'",
        "row_security = on",
      })
  void whateverTheRoleIsSetTo(String setting) throws IOException {
    world.sql("alter role postgres in database " + database.name() + " set " + setting);

    database.applyMigrations();

    assertWritten();
  }

  @Test
  void schemaOfOurNameIsTakenAsItIs() throws IOException {
    world.as("postgres", "create schema provisioning");
    world.as("postgres", "grant usage on schema provisioning to public");

    database.applyMigrations();

    assertWritten();
  }

  @Test
  void withoutPgNetUsersAreEnqueuedAllTheSame() throws IOException {
    world.sql("drop schema net cascade");
    database.applyMigrations();
    world.database.createVaultSecret("provisioner_url", "https://provisioner.example.com");
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);

    assertThat(world.row(world.person()).status()).isEqualTo("pending");
    assertWritten();
  }

  @Test
  void pgcryptoElsewhereIsWarnedOfWithWhatMendsIt() throws IOException {
    world.sql("drop extension pgcrypto");
    world.as("postgres", "create extension pgcrypto with schema public");
    String warning =
        CLI.push(database).stream()
            .filter(each -> each.startsWith("WARNING"))
            .collect(Collectors.joining());
    assertThat(warning).contains("webhooks cannot be signed");

    // The platform lets its postgres do this, whose functions they are notwithstanding.
    world.sql(warning.substring(warning.indexOf("alter extension")));

    Readme.run(database, Files.readString(migrations().getFirst()));
    assertWritten();
  }

  @Test
  void appsTableMayComeBeforeOursOrBetween() {
    String table =
        "create table public.user_settings (id uuid primary key references auth.users on delete cascade, theme text default 'dark')";
    world.as("postgres", table);
    CLI.push(database);
    String before = Catalog.ofOurs(database);

    try (World between = World.of(supabase, supabase.createDatabase())) {
      apply(between.database, migrations().getFirst());
      between.as("postgres", table);
      between.database.applyMigrations();
      Catalog.assertSame("made between ours", before, Catalog.ofOurs(between.database));
    }
  }

  @Test
  void appsTableAfterOursFailsAndChangesNothing() throws IOException {
    database.applyMigrations();

    assertThatThrownBy(() ->
            world.as(
                "postgres",
                "create table public.user_settings (user_id uuid primary key, theme text)"))
        .hasMessageContaining("\"user_settings\" already exists");
    assertWritten();
  }

  private static void apply(SupabaseDatabase database, Path file) {
    try {
      Readme.run(database, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertWritten() throws IOException {
    Catalog.assertSame(
        "the schema", Files.readString(SchemaTest.WRITTEN), Catalog.ofOurs(database));
  }

  private static List<Path> migrations() {
    try (Stream<Path> files = Files.list(MIGRATIONS)) {
      return files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
