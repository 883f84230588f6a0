package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.provisioner.http.MetricsEndpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code fly.toml} and the service agree, and the former has nothing that Fly.io does not know. */
class FlyConfigTest {
  /** What Fly.io gives at most. */
  private static final Duration LONGEST_KILL = Duration.ofMinutes(5);

  /** For the last lines of the log, the pool and the JVM itself. */
  private static final Duration AFTER_THE_DRAIN = Duration.ofSeconds(10);

  /** As many as pg_net sends at once. */
  private static final int BATCH = 200;

  /** An instance's connections. */
  private static final int CONNECTIONS = 10;

  private static final Pattern SECONDS = Pattern.compile("([0-9]+)s");

  private final JsonNode fly;

  FlyConfigTest() throws IOException {
    fly = new TomlMapper().readTree(Files.readString(Path.of("fly.toml")));
  }

  @Test
  void everyVariableIsOneTheServiceKnows() {
    assertThat(fly.path("env").properties()).isNotEmpty();
    for (Map.Entry<String, JsonNode> each : fly.path("env").properties()) {
      Map<String, String> environment = new HashMap<>(secrets());
      environment.put(each.getKey(), " no value of anything, such as http:// ");
      ConfigException refused =
          catchThrowableOfType(ConfigException.class, () -> Config.read(environment));
      assertThat(refused).as("nobody reads %s", each.getKey()).isNotNull();
      assertThat(refused.problems()).singleElement().asString().startsWith(each.getKey() + " ");
    }
  }

  @Test
  void portsAreWhereTheServiceListens() {
    Config config = config();

    assertThat(fly.at("/http_service/internal_port").asInt()).isEqualTo(config.port());
    assertThat(fly.at("/metrics/port").asInt()).isEqualTo(config.watch().metricsPort());
    assertThat(fly.at("/metrics/path").asText())
        .isEqualTo(new MetricsEndpoint(() -> "").route().path());
    assertThat(fly.at("/http_service/force_https").asBoolean()).isTrue();
  }

  @Test
  void checkIsARouteThatAnybodyMayAskAndThatOutlivesADatabase() throws IOException {
    JsonNode contract = new YAMLMapper().readTree(Files.readString(Path.of("openapi.yaml")));

    assertThat(fly.at("/http_service/checks")).hasSize(1);
    JsonNode check = fly.at("/http_service/checks/0");
    JsonNode route =
        contract
            .path("paths")
            .path(check.path("path").asText())
            .path(check.path("method").asText().toLowerCase(Locale.ROOT));
    assertThat(route.path("responses").properties())
        .as("answers of %s", check)
        .extracting(Map.Entry::getKey)
        .containsExactly("200");
    assertThat(duration(check.path("grace_period"))).isGreaterThanOrEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void killTimeoutIsLongerThanADrain() {
    Duration drain = Main.NOTICE.plus(Service.drainTime(config())).plus(AFTER_THE_DRAIN);

    assertThat(fly.path("kill_signal").asText()).isEqualTo("SIGTERM");
    assertThat(duration(fly.path("kill_timeout"))).isBetween(drain, LONGEST_KILL);
  }

  @Test
  void templateIsBroughtToWhereItIsLookedFor() throws IOException {
    assertThat(fly.path("files")).hasSize(1);
    JsonNode file = fly.at("/files/0");
    assertThat(file.path("guest_path").asText())
        .isEqualTo(fly.at("/env/ASSISTANT_TEMPLATE").asText());
    assertThat(Files.readString(Path.of("README.md")))
        .contains(
            "cp src/main/resources/assistant-template.json " + file.path("local_path").asText());
    assertThat(config().vapi().template().isBundled()).as("doctor warns of a mere copy").isTrue();
  }

  @Test
  void dockerfileIsThere() {
    assertThat(Path.of(fly.at("/build/dockerfile").asText())).isRegularFile();
  }

  @Test
  void machinesSleepOnlyWhereTheDatabaseWakesThem() {
    JsonNode service = fly.path("http_service");

    assertThat(service.path("auto_stop_machines").asText()).isEqualTo("stop");
    assertThat(service.path("auto_start_machines").asBoolean()).isTrue();
    assertThat(service.path("min_machines_running").asInt())
        .isEqualTo(config().provisioning().reconcileInterval().isZero() ? 0 : 1);
  }

  @Test
  void proxyHoldsBackWhatOneMachineCannotTakeAtOnce() {
    JsonNode concurrency = fly.at("/http_service/concurrency");
    int soft = concurrency.path("soft_limit").asInt();
    int hard = concurrency.path("hard_limit").asInt();

    assertThat(concurrency.path("type").asText()).isEqualTo("requests");
    assertThat(soft).isBetween(CONNECTIONS, hard - 1);
    assertThat(hard).isLessThan(BATCH);
  }

  @Test
  void machineIsSmallAndReplacedOneByOne() {
    assertThat(fly.at("/vm/0/size").asText()).isEqualTo("shared-cpu-1x");
    assertThat(fly.at("/vm/0/memory").asText()).isEqualTo("256mb");
    assertThat(fly.at("/deploy/strategy").asText()).isEqualTo("rolling");
    assertThat(fly.at("/deploy/max_unavailable").asInt()).isEqualTo(1);
  }

  /** Fly.io passes over what it does not know: a wrong name is a setting that is not there. */
  @ParameterizedTest
  @CsvSource({
    "'', primary_region kill_signal kill_timeout build deploy env http_service metrics vm files",
    "/build, dockerfile",
    "/deploy, strategy max_unavailable",
    "/http_service, internal_port force_https auto_stop_machines auto_start_machines min_machines_running concurrency checks",
    "/http_service/concurrency, type soft_limit hard_limit",
    "/http_service/checks/0, method path interval timeout grace_period",
    "/metrics, port path",
    "/vm/0, size memory",
    "/files/0, local_path guest_path"
  })
  void settingsAreOnesThatFlyKnows(String section, String known) {
    List<String> found = new ArrayList<>();
    fly.at(section).fieldNames().forEachRemaining(found::add);

    assertThat(found).isNotEmpty().isSubsetOf(known.split(" "));
  }

  /** With everything that the machine has: its variables, its secrets, the file as it begins. */
  private Config config() {
    Map<String, String> environment = new HashMap<>(secrets());
    fly.path("env")
        .properties()
        .forEach(each -> environment.put(each.getKey(), each.getValue().asText()));
    environment.put("ASSISTANT_TEMPLATE", "src/main/resources/assistant-template.json");
    return Config.read(environment);
  }

  private static Map<String, String> secrets() {
    return Map.of(
        "DATABASE_URL",
            "postgresql://provisioner:pw@db.abc.supabase.co:5432/postgres?sslmode=require",
        "VAPI_API_KEY", World.API_KEY,
        "WEBHOOK_SECRETS", World.WEBHOOK_SECRET,
        "JWT_SECRETS", World.JWT_SECRET);
  }

  private static Duration duration(JsonNode text) {
    Matcher seconds = SECONDS.matcher(text.asText());
    assertThat(seconds.matches()).as("seconds: %s", text).isTrue();
    return Duration.ofSeconds(Long.parseLong(seconds.group(1)));
  }
}
