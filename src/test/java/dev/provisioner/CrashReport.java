package dev.provisioner;

import dev.provisioner.Witness.Ending;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/** The table of all deaths: one line for each boundary. Times are simulated. */
final class CrashReport {
  private final Map<String, List<Ending>> endings = new LinkedHashMap<>();

  synchronized void add(Boundary boundary, Ending ending) {
    endings.computeIfAbsent(boundary.name(), name -> new ArrayList<>()).add(ending);
  }

  synchronized void print(PrintStream out) {
    StringBuilder table =
        new StringBuilder()
            .append(
                line(
                    "killed at",
                    "times",
                    "creates",
                    "in use",
                    "dupli-",
                    "without",
                    "one in use",
                    "quiet"))
            .append(line("", "", "", "twice", "cates *", "", "after", "after"));
    endings.forEach((name, each) -> table.append(line(name, each)));
    List<Ending> all = endings.values().stream().flatMap(List::stream).toList();
    if (!all.isEmpty()) {
      table
          .append(line(endings.size() + " boundaries", all))
          .append(
              "* created and collected; times are the slowest, h:mm:ss as the clocks of database and Vapi went\n");
    }
    out.print(table);
    out.flush();
  }

  private static String line(String name, List<Ending> all) {
    return line(
        name,
        Integer.toString(all.size()),
        sum(all, Ending::creates),
        sum(all, Ending::surplus),
        sum(all, Ending::collected),
        sum(all, Ending::without),
        slowest(all, Ending::untilServed),
        slowest(all, Ending::untilQuiet));
  }

  private static String line(Object... cells) {
    return String.format(Locale.ROOT, "%-66s%6s%9s%8s%9s%9s%12s%9s%n", cells);
  }

  private static String sum(List<Ending> all, ToIntFunction<Ending> figure) {
    return Integer.toString(all.stream().mapToInt(figure).sum());
  }

  private static String slowest(List<Ending> all, Function<Ending, Duration> time) {
    Duration slowest = all.stream().map(time).max(Comparator.naturalOrder()).orElse(Duration.ZERO);
    return String.format(
        Locale.ROOT,
        "%d:%02d:%02d",
        slowest.toHours(),
        slowest.toMinutesPart(),
        slowest.toSecondsPart());
  }
}
