package dev.provisioner.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * {@code mvn -Pbench}: measures, prints a table, and writes {@code target/bench.json}.
 *
 * <p>{@code -Dbench.only=webhook,burst} measures only those; {@code -Dbench.seconds=1} times
 * shorter rounds; {@code -Dbench.launcher=target/dist/bin/vapi-provisioner} takes the service from
 * there instead of from {@code target/app}; with {@code -Dbench.strict} a target that is not met
 * fails.
 */
final class Bench {
  private static final Path JSON = Path.of("target/bench.json");

  /** The memory that others have used comes last. */
  static final List<Scenario> SCENARIOS =
      List.of(
          new WebhookScenario(),
          new ReconcileScenario(),
          new TripScenario(),
          new BurstScenario(),
          new GrowthScenario(),
          new StartScenario(),
          new MemoryScenario());

  private Bench() {}

  public static void main(String[] args) throws IOException {
    String only = property("bench.only");
    String seconds = property("bench.seconds");
    String launcher = property("bench.launcher");
    Set<String> wanted = Set.copyOf(Arrays.asList(only.split(",")));
    List<Scenario> scenarios =
        SCENARIOS.stream().filter(each -> only.isEmpty() || wanted.contains(each.name())).toList();
    if (scenarios.isEmpty()) {
      System.out.println(
          "There is no such scenario. There are: "
              + SCENARIOS.stream().map(Scenario::name).collect(Collectors.joining(", ")));
      System.exit(2);
    }
    Scale scale =
        seconds.isEmpty() ? Scale.WHOLE : Scale.WHOLE.withSeconds(Double.parseDouble(seconds));
    List<String> command =
        launcher.isEmpty()
            ? ServiceProcess.WITH_FLAGS
            : List.of(Path.of(launcher).toAbsolutePath().toString());

    Figures figures = run(scenarios, scale, command, JSON, System.out);

    boolean strict = System.getProperty("bench.strict", "false").equals("true");
    System.exit(strict && !figures.missed().isEmpty() ? 1 : 0);
  }

  /**
   * Measures, prints and writes.
   *
   * @throws IllegalStateException a scenario broke off; the figures of the others are written
   */
  static Figures run(
      List<Scenario> scenarios, Scale scale, List<String> command, Path json, PrintStream out)
      throws IOException {
    Figures figures = new Figures();
    Map<String, String> machine = new LinkedHashMap<>();
    machine.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    machine.put("java", System.getProperty("java.runtime.version"));
    machine.put("service", String.join(" ", command));
    machine.put("load_before", load());
    List<Throwable> broken = new ArrayList<>();
    out.print(Figures.head());
    try (Stage stage = new Stage(scale, figures, command)) {
      for (Scenario each : scenarios) {
        int before = figures.all().size();
        long begin = System.nanoTime();
        try {
          each.measure(stage);
        } catch (RuntimeException | AssertionError e) {
          // What the others have measured is worth as much as before.
          broken.add(e);
          out.printf("%s BROKE OFF: %s%n", each.name(), e.getMessage());
        }
        figures.all().stream().skip(before).map(Figures::line).forEach(out::print);
        machine.put(
            "seconds_for_" + each.name(),
            Long.toString((System.nanoTime() - begin) / 1_000_000_000));
      }
    }
    machine.put("load_after", load());
    out.println();
    machine.forEach((what, value) -> out.printf("%s: %s%n", what, value));
    figures.write(json, machine);
    out.printf(
        "%d figures in %s; %d of their targets are not met.%n",
        figures.all().size(), json, figures.missed().size());
    if (!broken.isEmpty()) {
      throw new IllegalStateException(
          broken.size() + " scenarios could not be measured; the first:", broken.getFirst());
    }
    return figures;
  }

  /** How busy the machine is with whatever else: averages over one, five and fifteen minutes. */
  private static String load() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).strip();
  }

  private static String property(String name) {
    return Objects.requireNonNullElse(System.getProperty(name), "");
  }
}
