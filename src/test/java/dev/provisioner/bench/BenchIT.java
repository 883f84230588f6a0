package dev.provisioner.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The benchmark at its smallest, so that it does not rot. Nothing is said of speed; that what was
 * created is in use, and nothing else, is checked by the scenarios themselves.
 */
@EnabledOnOs(OS.LINUX)
class BenchIT {
  private static final Path JSON = Path.of("target/bench/smallest.json");

  /**
   * Starts in half the time once the first has left its classes behind; a launcher to the bench.
   */
  private static final List<String> QUICK =
      List.of(
          Child.java(),
          "-Xmx128m",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:+AutoCreateSharedArchive",
          "-XX:SharedArchiveFile=target/bench/classes.jsa",
          "-jar",
          ServiceProcess.JAR.toString());

  private static final Scale SMALLEST =
      new Scale(1, 1, 50, List.of(2), 40, 20, 4, List.of(100, 200), 300, 3, 150, 1);

  @Test
  void everyFigureIsMeasuredNextToItsBound() throws Exception {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();

    Figures figures =
        Bench.run(
            Bench.SCENARIOS,
            SMALLEST,
            QUICK,
            JSON,
            new PrintStream(printed, true, StandardCharsets.UTF_8));

    assertThat(figures.all())
        .extracting(Figure::name)
        .containsExactly(
            "webhook.2.per_second",
            "webhook.2.p50",
            "webhook.2.p95",
            "webhook.2.p99",
            "webhook.2.processor",
            "webhook.2.allocation",
            "reconcile.per_second",
            "reconcile.processor",
            "reconcile.allocation",
            "webhook.round_trips",
            "reconcile.round_trips",
            "slow.per_second",
            "burst.slowest_answer",
            "burst.p99",
            "burst.answered_at_once",
            "burst.refused",
            "burst.not_provisioned",
            "burst.drained",
            "burst.memory",
            "growth.200.claim",
            "growth.200.claim_due",
            "growth.200.stats",
            "growth.200.page",
            "growth.200.batch_of_100",
            "growth.300_due.claim",
            "growth.300_due.claim_due",
            "growth.300_due.stats",
            "growth.300_due.page",
            "start.java_jar",
            "start.launcher",
            "memory.idle",
            "memory.after_150",
            "memory.most");
    assertThat(figures.all())
        .allSatisfy(each -> {
          assertThat(each.value()).as(each.name()).isFinite();
          assertThat(each.target() != null && each.target().ofRatio() && each.ratio() == null)
              .as("%s has a target without a bound", each.name())
              .isFalse();
        });
    assertThat(figures.all())
        .filteredOn(each -> each.name().equals("burst.not_provisioned"))
        .extracting(Figure::value)
        .isEqualTo(List.of(0.0));
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("webhook.2.per_second", "figures in");

    JsonNode json = new ObjectMapper().readTree(JSON.toFile());
    assertThat(json.path("figures")).hasSameSizeAs(figures.all());
    assertThat(json.path("figures").get(0).fieldNames())
        .toIterable()
        .containsExactly("name", "value", "unit", "bound", "ratio", "target", "met");
  }
}
