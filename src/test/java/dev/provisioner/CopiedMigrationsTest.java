package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.sandbox.Installed;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Our migrations among those of an app, in production and where everything is applied anew. */
@ExtendWith(SharedSupabase.class)
class CopiedMigrationsTest {
  /** Newer than our files' own names, and older than today. */
  private static final String SETTINGS = "20261001120000_user_settings.sql";

  private final SupabaseServer supabase;
  private final Path folder;
  private Path repository = Path.of("");
  private Path app = Path.of("");

  CopiedMigrationsTest(SupabaseServer supabase, @TempDir Path folder) {
    this.supabase = supabase;
    this.folder = folder;
  }

  @BeforeEach
  void makeTheApp() throws IOException {
    repository = folder.resolve("vapi-provisioner");
    app = folder.resolve("app/supabase/migrations");
    Files.createDirectories(repository.resolve("migrations"));
    Files.createDirectories(app);
    for (Path file : files(Path.of("migrations"))) {
      Files.copy(file, repository.resolve("migrations").resolve(file.getFileName()));
    }
    Path script = repository.resolve("migrations/copy-to");
    Files.copy(Path.of("migrations/copy-to"), script, StandardCopyOption.COPY_ATTRIBUTES);
    Files.writeString(
        app.resolve("20250101000000_doctor.sql"), "create table public.doctors (name text);");
    Files.writeString(
        app.resolve(SETTINGS),
        "create table public.user_settings (user_id uuid primary key references auth.users, theme text);");
  }

  @Test
  void productionAndResetAreTheSame() throws Exception {
    SupabaseDatabase production = supabase.createDatabase();
    SupabaseCli.of(app).push(production);

    copy();

    SupabaseCli.of(app).push(production); // no --include-all: all of ours are the newest
    SupabaseDatabase reset = supabase.createDatabase();
    SupabaseCli.of(app).push(reset);
    Catalog.assertSame("after a reset", Catalog.ofAll(production), Catalog.ofAll(reset));
    production.drop();
    reset.drop();
  }

  @Test
  void copiesKeepTheirOrderAndComeAfterTheNewest() throws Exception {
    Files.writeString(app.resolve("20990101000000_from_the_future.sql"), "select 1;");
    List<String> before = names(app);

    copy();

    List<String> added = names(app).stream().filter(name -> !before.contains(name)).toList();
    assertThat(added).allSatisfy(name -> assertThat(name).isGreaterThan(before.getLast()));
    assertThat(added.stream().map(name -> name.replaceFirst("^[0-9]+_vapi_provisioner_", "")))
        .containsExactlyElementsOf(
            names(repository.resolve("migrations")).stream()
                .map(name -> name.replaceFirst("^[0-9]+_", ""))
                .toList());
  }

  @Test
  void copyingAgainBringsOnlyWhatIsNew() throws Exception {
    copy();
    SupabaseDatabase production = supabase.createDatabase();
    SupabaseCli.of(app).push(production);
    List<String> before = names(app);

    copy();
    assertThat(names(app)).isEqualTo(before);

    Files.writeString(
        repository.resolve("migrations/20991231000100_more.sql"),
        "create table provisioning.more ();");
    copy();
    assertThat(names(app)).hasSize(before.size() + 1).startsWith(before.toArray(String[]::new));
    SupabaseCli.of(app).push(production);
    production.drop();
  }

  @Test
  void theirOwnNamesDoInProductionAndNotAfterAReset() throws Exception {
    SupabaseDatabase production = supabase.createDatabase();
    SupabaseCli.of(app).push(production);
    for (Path file : files(Path.of("migrations"))) {
      Files.copy(file, app.resolve(file.getFileName()));
    }

    assertThatThrownBy(() -> SupabaseCli.of(app).push(production))
        .hasMessageContaining("--include-all");
    SupabaseCli.of(app).pushAll(production);

    SupabaseDatabase reset = supabase.createDatabase();
    assertThatThrownBy(() -> SupabaseCli.of(app).push(reset))
        .hasMessageContaining(SETTINGS)
        .hasMessageContaining("\"user_settings\" already exists");

    // What the README says of names as they are: an app whose table is older has no such trouble.
    Files.move(app.resolve(SETTINGS), app.resolve("20250102000000_user_settings.sql"));
    SupabaseDatabase preview = supabase.createDatabase();
    SupabaseCli.of(app).push(preview);
    Catalog.assertSame("in a preview", Catalog.ofAll(production), Catalog.ofAll(preview));
    List.of(production, reset, preview).forEach(SupabaseDatabase::drop);
  }

  @Test
  void folderOfNoSupabaseProjectIsRefused() throws Exception {
    String said =
        Shell.run(
            repository,
            "migrations/copy-to \"$APP\" || echo \"exit $?\"",
            Map.of("APP", repository.toString()));

    assertThat(said).startsWith("Usage: ").contains("Nothing was copied").endsWith("exit 2\n");
  }

  private void copy() throws Exception {
    Installed.require("the README's copying", "bash", "bash");
    Shell.run(
        repository, "migrations/copy-to \"$APP\"", Map.of("APP", folder.resolve("app").toString()));
  }

  private static List<String> names(Path of) throws IOException {
    return files(of).stream().map(file -> file.getFileName().toString()).toList();
  }

  private static List<Path> files(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
    }
  }
}
