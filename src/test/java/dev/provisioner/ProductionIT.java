package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.Walkthrough.Block;
import dev.provisioner.Walkthrough.Output;
import dev.provisioner.sandbox.Delivery;
import dev.provisioner.sandbox.Installed;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.VapiSimulator;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * "Your first production assistant", from the README, word for word: in a copy of what a clone has,
 * against a project where nothing is installed yet. The Supabase CLI and flyctl are stood in for;
 * what is deployed is the packaged service, with just the settings that the steps have made.
 */
class ProductionIT {
  static final String HEADING = "Your first production assistant";
  private static final String KEY = "a-private-key";
  private static final Pattern NAMED = Pattern.compile("(?m)^([A-Z_]+)=.*$");

  @TempDir private Path folder;

  @Test
  void itsStepsLeadFromNothingToTheFirstAssistant() throws Exception {
    Installed.require(
        "the README's way to production",
        "bash postgresql-client openssl curl",
        "bash",
        "psql",
        "openssl",
        "curl");
    List<Block> blocks = Walkthrough.read(HEADING);
    assertThat(blocks.stream().map(Block::step).distinct()).containsExactly(1, 2, 3, 4, 5, 6);
    Path clone = cloned();

    // A server of its own: on any other the role is there already, and needs no password.
    try (SupabaseServer supabase = SupabaseServer.start();
        VapiSimulator vapi = VapiSimulator.start().acceptKey(KEY);
        Platform platform = new Platform(clone);
        Walkthrough terminal = new Walkthrough(clone, environment(platform))) {
      supabase.askForPassword("provisioner");
      SupabaseDatabase project = supabase.createDatabase();
      PgNetWorker net = PgNetWorker.start(project);
      Map<String, String> theirs =
          Map.of(
              "APP", folder.resolve("app").toString(),
              "FLY_APP", "our-provisioner",
              "PUBLIC_URL", platform.publicUrl(),
              "POSTGRES_URL", project.databaseUrl("postgres", "its-password"),
              "VAPI_API_KEY", KEY,
              "VAPI_BASE_URL", vapi.baseUrl());
      follow(terminal, named(blocks.getFirst(), theirs));
      for (Block block : blocks.subList(1, blocks.size())) {
        if (block.commands().contains("/provisions")) {
          // What this step asks of its reader first: to sign up in the app, and to verify.
          project.confirm(project.signUp("first@example.com", "First"));
          eventually("rung", () -> !net.deliveries().isEmpty());
          eventually("provisioned", () -> isProvisioned(project));
        }
        follow(terminal, block);
      }

      assertThat(vapi.assistants()).hasSize(1);
      assertThat(vapi.assistants().getFirst().json().path("firstMessage").asText())
          .isEqualTo("Welcome to the test kitchen.");
      assertThat(net.deliveries()).extracting(Delivery::status).isSubsetOf(200, 202);
      net.close();
    }
  }

  private static boolean isProvisioned(SupabaseDatabase project) {
    try (Connection postgres = project.connect("postgres");
        Statement statement = postgres.createStatement();
        ResultSet row =
            statement.executeQuery("select status = 'processed' from pending_vapi_provision")) {
      return row.next() && row.getBoolean(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Types it, and holds what is seen against what is to be seen. */
  private static void follow(Walkthrough terminal, Block block) throws Exception {
    String seen = block.seen() == null ? "" : block.seen();
    boolean broken = seen.contains("\nBroken: ");
    Output output = terminal.type(block.commands(), broken);
    assertThat(output.exit())
        .as("step %d%n%s", block.step(), output.text())
        .isEqualTo(broken ? 2 : 0);
    String lines =
        seen.lines()
            .map(line -> Pattern.quote(line).replace("…", "\\E.*\\Q"))
            .collect(Collectors.joining("$[\\s\\S]*^", "[\\s\\S]*^", "$[\\s\\S]*"));
    assertThat(output.text())
        .as("step %d", block.step())
        .matches(Pattern.compile(lines, Pattern.MULTILINE));
  }

  /** The first block has what only its reader can know. */
  private static Block named(Block block, Map<String, String> values) {
    List<String> names =
        NAMED.matcher(block.commands()).results().map(each -> each.group(1)).toList();
    assertThat(names).containsExactlyInAnyOrderElementsOf(values.keySet());
    String commands =
        NAMED
            .matcher(block.commands())
            .replaceAll(line ->
                Matcher.quoteReplacement(line.group(1) + "='" + values.get(line.group(1)) + "'"));
    return new Block(block.step(), commands, block.seen());
  }

  /** What the steps need of a clone, and the app beside it. */
  private Path cloned() throws IOException, InterruptedException {
    Path clone = Files.createDirectories(folder.resolve("vapi-provisioner"));
    Process copy =
        new ProcessBuilder(
                "cp",
                "-r",
                "--parents",
                "migrations",
                "src/main",
                "target/app",
                "fly.toml",
                clone.toString())
            .inheritIO()
            .start();
    assertThat(copy.waitFor()).isZero();
    Files.createDirectories(folder.resolve("app/supabase/migrations"));
    return clone;
  }

  /** A terminal's, with tools that are stood in for before those of the machine. */
  private Map<String, String> environment(Platform platform) throws IOException {
    Path tools = Files.createDirectory(folder.resolve("bin"));
    for (String name : List.of("supabase", "fly", "editor", "mvn")) {
      Path tool = Files.copy(Path.of("src/test/resources/production", name), tools.resolve(name));
      Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwx------"));
    }
    return Map.of(
        "PATH",
        String.join(
            File.pathSeparator,
            tools.toString(),
            Path.of(System.getProperty("java.home"), "bin").toString(),
            System.getenv("PATH")),
        "EDITOR",
        "editor",
        "PLATFORM",
        platform.url());
  }
}
