package dev.provisioner.provision;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** A closed interval of creation times to be listed. */
record Window(Instant from, Instant to) {
  /**
   * The same times in as few windows as can be, in order: many rows that got into trouble together
   * cost one listing, and a row in doubt since last month does not drag the month along.
   */
  static List<Window> merge(Collection<Window> windows) {
    List<Window> merged = new ArrayList<>();
    for (Window next : windows.stream().sorted(Comparator.comparing(Window::from)).toList()) {
      Window last = merged.isEmpty() ? null : merged.getLast();
      if (last == null || next.from.isAfter(last.to)) {
        merged.add(next);
      } else if (next.to.isAfter(last.to)) {
        merged.set(merged.size() - 1, new Window(last.from, next.to));
      }
    }
    return merged;
  }
}
