package dev.provisioner.doctor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** All that was found, in order. */
public record Report(List<Line> lines) {
  private static final ObjectMapper JSON = new ObjectMapper();

  public Report {
    lines = List.copyOf(lines);
  }

  /** A finding, and which check it is of; a check may have several. */
  public record Line(String check, Finding finding) {
    private String text() {
      String remedy = finding.remedy();
      String text = "%s %-13s %s%n".formatted(finding.health().mark(), check, finding.message());
      return remedy == null ? text : text + remedy.strip().indent(4);
    }
  }

  /** 0: all is well. 1: it works, but there are warnings. 2: something is broken. */
  public int exitCode() {
    return count(Health.BROKEN) > 0 ? 2 : count(Health.WARNING) > 0 ? 1 : 0;
  }

  /** A line each, with its remedy below it, and a summary. */
  public String text() {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append(line.text()));
    return text.append(
            switch (exitCode()) {
              case 0 -> "All is well.";
              case 1 -> "It works, with warnings: %d.".formatted(count(Health.WARNING));
              default ->
                  "Broken: %d; warnings: %d."
                      .formatted(count(Health.BROKEN), count(Health.WARNING));
            })
        .append(System.lineSeparator())
        .toString();
  }

  /** The same as one JSON document. */
  public String json() {
    ObjectNode json =
        JSON.createObjectNode()
            .put(
                "status",
                switch (exitCode()) {
                  case 0 -> "ok";
                  case 1 -> "warnings";
                  default -> "broken";
                });
    ArrayNode checks = json.putArray("checks");
    for (Line line : lines) {
      ObjectNode check =
          checks
              .addObject()
              .put("name", line.check())
              .put("status", line.finding().health().text())
              .put("message", line.finding().message());
      if (line.finding().remedy() != null) {
        check.put("remedy", line.finding().remedy());
      }
    }
    return json.toPrettyString() + System.lineSeparator();
  }

  private long count(Health health) {
    return lines.stream().filter(line -> line.finding().health() == health).count();
  }
}
