package dev.provisioner.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** For each trouble the README's runbook leads from the alert to the cure, to the letter. */
@ExtendWith(SharedSupabase.class)
class TroubleSceneIT {
  private static final Pattern DESK = Pattern.compile("(http://localhost:\\d+)/set");

  private final SupabaseServer supabase;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  @TempDir private Path folder;

  TroubleSceneIT(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @ParameterizedTest
  @EnumSource
  void runbookCuresWhatDoctorNames(Trouble trouble) throws Exception {
    try (TroubleScene scene = scene(trouble)) {
      scene.begin();

      assertThat(scene.illnesses())
          .as("%s", said)
          .anyMatch(line -> line.startsWith("doctor still says"))
          .anyMatch(line -> line.endsWith("users have exactly one assistant"));
      assertThat(scene.followTheRunbook()).as("%s", said).isEmpty();
    }
  }

  @Test
  void doctorSaysThatVapiIsDownWhileItIs() throws Exception {
    try (TroubleScene scene = scene(Trouble.VAPI_DOWN)) {
      scene.begin();

      assertThat(Runbook.read().doctor(folder.resolve("terminal")).says("✗ vapi Vapi is down"))
          .isTrue();
      assertThat(post("/vapi-is-back", "").statusCode()).isEqualTo(200);
      assertThat(Runbook.read().doctor(folder.resolve("terminal")).says("✓ vapi")).isTrue();
    }
  }

  @Test
  void deskRefusesWhatCannotBeAndChangesNothing() throws Exception {
    try (TroubleScene scene = scene(Trouble.KEY_REVOKED)) {
      scene.begin();
      String before = Files.readString(folder.resolve("terminal"));

      HttpResponse<String> variable = post("/set", "LEASE=1s");
      HttpResponse<String> nothing = post("/set", "LEASE");
      HttpResponse<String> sql = post("/sql", "select 1 from nowhere");

      assertThat(variable.statusCode()).isEqualTo(400);
      assertThat(variable.body()).startsWith("The service would not start").contains("LEASE");
      assertThat(nothing.statusCode()).isEqualTo(400);
      assertThat(nothing.body()).contains("NAME=value");
      assertThat(sql.statusCode()).isEqualTo(400);
      assertThat(sql.body()).contains("\"nowhere\" does not exist");
      assertThat(folder.resolve("terminal")).hasContent(before);
      assertThat(Runbook.read().doctor(folder.resolve("terminal")).says("is alive")).isTrue();
    }
  }

  @Test
  void alertsAppearWhereTheOperatorSeesThem() throws Exception {
    try (TroubleScene scene = scene(Trouble.KEY_REVOKED)) {
      scene.begin();

      assertThat(post("/alerts", "{\"text\": \"row-failed: 3 rows\"}").statusCode()).isEqualTo(200);

      assertThat(said.toString(StandardCharsets.UTF_8)).contains("ALERT  row-failed: 3 rows");
    }
  }

  private TroubleScene scene(Trouble trouble) throws IOException, SQLException {
    return new TroubleScene(
        List.of(trouble),
        Map.of("PORT", "0"),
        supabase,
        folder,
        new PrintStream(said, true, StandardCharsets.UTF_8));
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    Matcher desk = DESK.matcher(Files.readString(folder.resolve("terminal")));
    assertThat(desk.find()).isTrue();
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create(desk.group(1) + path))
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
