package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The alerting rules that we ship look at what the service really exports. */
@ExtendWith(SharedSupabase.class)
class AlertRulesTest {
  /** A name, not followed by what makes it a function; with what selects among its labels. */
  private static final Pattern SELECTOR =
      Pattern.compile("\\b([a-z][a-z0-9_]*)\\b(?!\\s*\\()(?:\\{([^}]*)})?");

  private static final Pattern MATCHER = Pattern.compile("(\\w+)\\s*(=~|=)\\s*\"([^\"]*)\"");

  /** What stands in an expression and is no metric. */
  private static final Set<String> WORDS = Set.of("and", "or", "unless", "by", "on", "for");

  /** What Prometheus itself knows of every target. */
  private static final Set<String> PROMETHEUS_OWN = Set.of("up");

  private final World world;
  private final Scrape scrape;

  AlertRulesTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("METRICS_PORT", "0");
    scrape = Scrape.of(world.start());
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void everyMetricAndEveryLabelInThemIsExported() throws IOException {
    for (JsonNode rule : rules()) {
      String expression = rule.path("expr").asText();
      assertThat(unknown(expression)).as(expression).isEmpty();
    }
  }

  @Test
  void everyRuleSaysWhatIsWrongAndWhatToDo() throws IOException {
    List<JsonNode> rules = rules();

    assertThat(rules).hasSizeGreaterThanOrEqualTo(7);
    assertThat(rules.stream().map(rule -> rule.path("alert").asText())).doesNotHaveDuplicates();
    for (JsonNode rule : rules) {
      assertThat(rule.path("alert").asText()).matches("VapiProvisioner[A-Za-z]+");
      assertThat(rule.path("labels").path("severity").asText()).isIn("critical", "warning", "info");
      assertThat(rule.path("annotations").path("summary").asText()).isNotBlank();
      assertThat(rule.path("annotations").path("description").asText()).isNotBlank();
      if (rule.has("for")) {
        assertThat(rule.path("for").asText()).matches("[0-9]+[smh]");
      }
      Set<String> fields = new TreeSet<>();
      rule.fieldNames().forEachRemaining(fields::add);
      assertThat(fields).isSubsetOf("alert", "expr", "for", "labels", "annotations");
    }
  }

  @Test
  void whatIsNotExportedIsFound() {
    assertThat(unknown("max(vapi_provisioner_queue_row{status=\"failed\"}) > 0"))
        .containsExactly("vapi_provisioner_queue_row");
    assertThat(unknown("vapi_provisioner_queue_rows{status=\"faild\"} > 0"))
        .containsExactly("status=faild");
    assertThat(unknown("vapi_provisioner_queue_rows{status=~\"pending|stuck\"} > 0"))
        .containsExactly("status=stuck");
    assertThat(unknown("vapi_provisioner_queue_rows{state=\"failed\"} > 0"))
        .containsExactly("state=failed");
    assertThat(unknown("sum(increase(vapi_provisioner_provisions_total[15m])) by (outcome) == 0"))
        .isEmpty();
  }

  private static List<JsonNode> rules() throws IOException {
    JsonNode groups =
        new YAMLMapper().readTree(Path.of("src/main/ops/alerts.yaml").toFile()).path("groups");
    List<JsonNode> rules = new ArrayList<>();
    groups.forEach(group -> {
      assertThat(group.path("name").asText()).isNotBlank();
      group.path("rules").forEach(rules::add);
    });
    return rules;
  }

  /** The metrics in an expression, and the labels' values, that the service does not export. */
  private Set<String> unknown(String expression) {
    Set<String> exported =
        scrape.samples().stream().map(Scrape.Sample::name).collect(Collectors.toSet());
    Set<String> unknown = new TreeSet<>();
    String bare =
        expression.replaceAll("\\[[^]]*]", "").replaceAll("\\b(by|on|without)\\s*\\([^)]*\\)", "");
    for (MatchResult each : SELECTOR.matcher(bare).results().toList()) {
      String name = each.group(1);
      if (WORDS.contains(name) || PROMETHEUS_OWN.contains(name)) {
        continue;
      }
      if (!exported.contains(name)) {
        unknown.add(name);
      } else if (each.group(2) != null) {
        for (MatchResult label : MATCHER.matcher(each.group(2)).results().toList()) {
          for (String value : label.group(3).split("\\|", -1)) {
            if (!has(name, label.group(1), value)) {
              unknown.add(label.group(1) + "=" + value);
            }
          }
        }
      }
    }
    return unknown;
  }

  private boolean has(String name, String label, String value) {
    return scrape.samples().stream()
        .anyMatch(each -> each.name().equals(name) && value.equals(each.labels().get(label)));
  }
}
