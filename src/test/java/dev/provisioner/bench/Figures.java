package dev.provisioner.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** All that was measured, as lines of a table for people and as JSON. */
final class Figures {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ROW = "%-44s %12s %-11s %12s %8s  %-14s %s%n";

  private final List<Figure> all = new ArrayList<>();

  void add(Figure figure) {
    all.add(figure);
  }

  List<Figure> all() {
    return List.copyOf(all);
  }

  /** Those that fall short of their target. */
  List<Figure> missed() {
    return all.stream().filter(each -> Boolean.FALSE.equals(each.met())).toList();
  }

  /** The head of a table whose lines are figures. */
  static String head() {
    return ROW.formatted("figure", "value", "unit", "bound", "ratio", "target", "");
  }

  static String line(Figure figure) {
    Double bound = figure.bound();
    Double ratio = figure.ratio();
    Boolean met = figure.met();
    return ROW.formatted(
        figure.name(),
        rounded(figure.value()),
        figure.unit(),
        bound == null ? "" : rounded(bound),
        ratio == null ? "" : rounded(ratio),
        Objects.requireNonNullElse(figure.target(), ""),
        met == null ? "" : met ? "met" : "NOT MET");
  }

  /** Writes them, after what is to be known about the machine. */
  void write(Path file, Map<String, String> machine) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    machine.forEach(json.putObject("machine")::put);
    ArrayNode figures = json.putArray("figures");
    for (Figure each : all) {
      figures
          .addObject()
          .put("name", each.name())
          .put("value", each.value())
          .put("unit", each.unit())
          .put("bound", each.bound())
          .put("ratio", each.ratio())
          .put("target", each.target() == null ? null : each.target().toString())
          .put("met", each.met());
    }
    Files.createDirectories(file.toAbsolutePath().getParent());
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), json);
  }

  /** Three digits that count, and no exponent. */
  static String rounded(double value) {
    double size = Math.abs(value);
    String digits = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, digits, value);
  }

  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
