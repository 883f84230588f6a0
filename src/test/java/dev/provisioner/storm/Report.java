package dev.provisioner.storm;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** What a storm has brought, and what came of it: a line for each kind of trouble. */
final class Report {
  private final Tally tally;
  private final Ledgers ledgers;
  private final Map<UUID, Integer> made;
  private final Map<String, UUID> owners;
  private final Map<UUID, Duration> waits;
  private final Set<UUID> several;
  private final Set<UUID> without;

  private Report(Project project, Tally tally, Ledgers ledgers) throws SQLException {
    this.tally = tally;
    this.ledgers = ledgers;
    this.made = ledgers.made();
    this.owners = ledgers.owners();
    this.waits = project.chronicle().waits();
    this.several = project.chronicle().withSeveral();
    this.without = ledgers.without();
  }

  static Report of(Project project, Tally tally, Ledgers ledgers) throws SQLException {
    return new Report(project, tally, ledgers);
  }

  /** The planned kinds of trouble that never came. */
  List<Trouble> missing() {
    List<Trouble> missing = new ArrayList<>();
    for (Trouble each : Trouble.values()) {
      if (tally.times(each) == 0) {
        missing.add(each);
      }
    }
    return missing;
  }

  /** The table. Whom a trouble has met is known of some kinds only; the last line is of all. */
  String table() {
    StringBuilder table = new StringBuilder();
    table.append(line("", "times", "duplicates", "duplicates", "users", "slowest"));
    table.append(line("fault", "injected", "in use", "collected", "without", "convergence"));
    int times = 0;
    for (Trouble each : Trouble.values()) {
      times += tally.times(each);
      Set<UUID> met = new HashSet<>(tally.users(each));
      for (String assistant : tally.assistants(each)) {
        UUID owner = owners.get(assistant);
        if (owner != null) {
          met.add(owner);
        }
      }
      table.append(
          met.isEmpty()
              ? line(each.label(), tally.times(each), "-", "-", "-", "-")
              : line(each.label(), tally.times(each), met));
    }
    Set<UUID> everybody = new HashSet<>(ledgers.living());
    everybody.addAll(made.keySet());
    everybody.addAll(several);
    return table.append(line("all", times, everybody)).toString();
  }

  private String line(String label, int times, Collection<UUID> users) {
    return line(
        label,
        times,
        users.stream().filter(several::contains).count(),
        users.stream().mapToInt(user -> Math.max(0, made.getOrDefault(user, 0) - 1)).sum(),
        users.stream().filter(without::contains).count(),
        users.stream()
            .map(user -> waits.getOrDefault(user, Duration.ZERO))
            .max(Duration::compareTo)
            .map(Report::readable)
            .orElse("-"));
  }

  private static String line(Object... cells) {
    return String.format(Locale.ROOT, "%-44s %8s %10s %11s %10s %12s%n", cells);
  }

  private static String readable(Duration time) {
    return time.toMinutes() > 0
        ? "%d min %02d s".formatted(time.toMinutes(), time.toSecondsPart())
        : "%d.%d s".formatted(time.toSeconds(), time.toMillisPart() / 100);
  }
}
