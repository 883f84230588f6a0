package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.vapi.AssistantTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the README tells people to do works. Its curl lines are run by CI, against the sandbox. */
@ExtendWith(SharedSupabase.class)
class ReadmeTest {
  private static final Pattern VARIABLE = Pattern.compile("(?m)^\\| `([A-Z_]+)` \\|([^|]*)\\|");

  private static final Pattern SHELL =
      Pattern.compile(
          "(?s)(?<comment><!-- (?:run|rotation)[^>]*-->\n)?```(?:sh|bash)\n(?<text>.*?)```");
  private static final Pattern RUN_BY = Pattern.compile("<!-- run by ([A-Z]\\w+)");

  private final String readme;

  ReadmeTest() throws IOException {
    readme = Files.readString(Path.of("README.md"));
  }

  @Test
  void itsSqlRunsAsTheProjectsOwnRole(SupabaseServer supabase) throws Exception {
    SupabaseDatabase database = supabase.createDatabase();
    database.applyMigrations();

    List<String> blocks = blocks("sql");

    assertThat(blocks).isNotEmpty();
    try (Connection postgres = database.connect("postgres");
        Statement statement = postgres.createStatement()) {
      for (String block : blocks) {
        assertThatCode(() -> statement.execute(block)).as(block).doesNotThrowAnyException();
      }
    }
    database.drop();
  }

  /** Above each block, but for those that are walked as a whole, stands who runs it. */
  @Test
  void everyShellBlockIsRunBySomebodyWhoIsThere() {
    for (String section : readme.split("\n## ", -1)) {
      if (section.startsWith("Try it") || section.startsWith(ProductionIT.HEADING)) {
        continue;
      }
      List<MatchResult> blocks = SHELL.matcher(section).results().toList();
      for (MatchResult block : blocks) {
        assertThat(block.group("comment")).as("above %s", block.group("text")).isNotNull();
      }
    }
    for (MatchResult named : RUN_BY.matcher(readme).results().toList()) {
      assertThat(Path.of("src/test/java/dev/provisioner", named.group(1) + ".java"))
          .isRegularFile();
    }
  }

  @Test
  void itsTemplateIsOne() {
    List<String> blocks = blocks("json");

    assertThat(blocks).isNotEmpty();
    for (String block : blocks) {
      assertThatCode(() -> AssistantTemplate.parse(block, name -> null)).doesNotThrowAnyException();
    }
  }

  @Test
  void itsDefaultsAreThoseOfTheConfiguration() {
    Config config =
        Config.read(
            Map.of(
                "DATABASE_URL", "postgresql://provisioner:pw@localhost:5432/postgres",
                "VAPI_API_KEY", "key",
                "JWT_SECRETS", "a-secret-of-more-than-thirty-two-bytes"));
    List<MatchResult> rows = VARIABLE.matcher(readme).results().toList();

    assertThat(rows.stream().map(row -> row.group(1)))
        .contains("DATABASE_URL", "VAPI_API_KEY", "WEBHOOK_SECRETS", "JWT_SECRETS", "PUBLIC_URL")
        .contains("METRICS_PORT", "ALERT_WEBHOOK_URL", "ALERT_DUE_AGE");
    for (MatchResult row : rows) {
      String shown = row.group(2).replace("`", "").strip();
      switch (row.group(1)) {
        case "PORT" -> assertThat(shown).isEqualTo(Integer.toString(config.port()));
        case "METRICS_PORT" ->
            assertThat(shown).isEqualTo(String.valueOf(config.watch().metricsPort()));
        case "ALERT_WEBHOOK_URL" -> {
          assertThat(shown).isEqualTo("none");
          assertThat(config.watch().alertWebhook()).isNull();
        }
        case "ALERT_DUE_AGE" ->
            assertThat(shown).isEqualTo(Variables.shown(config.watch().alertDueAge()));
        case "VAPI_BASE_URL" -> assertThat(shown).isEqualTo(config.vapi().baseUrl().toString());
        case "PUBLIC_URL" -> {
          assertThat(shown).isEqualTo("none");
          assertThat(config.publicUrl()).isNull();
        }
        case "VAPI_TIMEOUT" ->
            assertThat(shown).isEqualTo(Variables.shown(config.vapi().timeout()));
        case "VAPI_CONCURRENCY" ->
            assertThat(shown).isEqualTo(Integer.toString(config.vapi().concurrency()));
        case "ACK_TIMEOUT" ->
            assertThat(shown).isEqualTo(Variables.shown(config.provisioning().ackTimeout()));
        case "LEASE" -> assertThat(shown).isEqualTo(Variables.shown(config.provisioning().lease()));
        case "MAX_ATTEMPTS" ->
            assertThat(shown).isEqualTo(Integer.toString(config.provisioning().maxAttempts()));
        case "RECONCILE_INTERVAL" ->
            assertThat(shown).isEqualTo(Variables.shown(config.provisioning().reconcileInterval()));
        default -> {}
      }
    }
  }

  private List<String> blocks(String language) {
    // A block below a comment is run elsewhere, by whom the comment says.
    return Pattern.compile("(?s)(?<!-->\n)```" + language + "\n(.*?)```")
        .matcher(readme)
        .results()
        .map(match -> match.group(1))
        .toList();
  }
}
