package dev.provisioner.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The README's "When you are woken", word for word, as a person at a shell follows it. */
final class Runbook {
  private static final String HEADING = "### When you are woken\n";
  private static final Pattern ROW =
      Pattern.compile(
          "(?m)^\\| `(?<alert>[a-z-]+)` \\| (?<signs>[^|]+) \\| (?<cause>[a-z-]+)[^|]*\\|$");
  private static final Pattern SIGN = Pattern.compile("`([^`]+)`");
  private static final Pattern BLOCK =
      Pattern.compile("(?s)<!-- runbook: (?<name>[a-z-]+) -->\n```sh\n(?<commands>.*?)```");
  private static final int PATIENCE_SECONDS = 60;

  private final Map<String, Case> cases = new LinkedHashMap<>();
  private final Map<String, String> blocks = new LinkedHashMap<>();

  /**
   * A line of its table.
   *
   * @param signs what doctor says then
   */
  record Case(String alert, List<String> signs) {}

  /** What a command has said, both streams together, and its exit code. */
  record Output(int exit, String text) {
    /** Whether a line of doctor's says this, however it is aligned. */
    boolean says(String sign) {
      return text.lines().anyMatch(line -> line.replaceAll(" +", " ").contains(sign));
    }

    boolean isBroken() {
      return text.lines().anyMatch(line -> line.startsWith("✗"));
    }
  }

  private Runbook(String text) {
    for (Matcher row = ROW.matcher(text); row.find(); ) {
      List<String> signs =
          SIGN.matcher(row.group("signs")).results().map(sign -> sign.group(1)).toList();
      cases.put(row.group("cause"), new Case(row.group("alert"), signs));
    }
    for (Matcher block = BLOCK.matcher(text); block.find(); ) {
      blocks.put(block.group("name"), block.group("commands"));
    }
  }

  static Runbook read() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int from = readme.indexOf(HEADING);
    if (from < 0) {
      throw new IllegalStateException("README.md has no section: " + HEADING.strip());
    }
    int to = readme.indexOf("\n### ", from + HEADING.length());
    return new Runbook(readme.substring(from, to < 0 ? readme.length() : to));
  }

  /** The causes that it has commands for, in its own order: what hides others comes first. */
  List<Trouble> order() {
    return blocks.keySet().stream()
        .flatMap(name -> Arrays.stream(Trouble.values()).filter(each -> each.title().equals(name)))
        .toList();
  }

  /** How the cause shows. */
  Case of(Trouble trouble) {
    return Objects.requireNonNull(
        cases.get(trouble.title()), () -> "the runbook's table has no row for " + trouble.title());
  }

  /** Its first command. */
  Output doctor(Path terminal) throws IOException, InterruptedException {
    return run(terminal, block("doctor"));
  }

  /** Its second, after what it wants done once in every terminal. */
  Output cure(Trouble trouble, Path terminal) throws IOException, InterruptedException {
    return run(terminal, block("terminal") + block(trouble.title()));
  }

  /** The commands of one block. */
  String block(String name) {
    return Objects.requireNonNull(
        blocks.get(name), () -> "the runbook has no commands marked: runbook: " + name);
  }

  private static Output run(Path terminal, String commands)
      throws IOException, InterruptedException {
    Path said = Files.createTempFile("runbook", ".txt");
    Process bash =
        new ProcessBuilder(
                "bash", "-euo", "pipefail", "-c", ". '%s'%n%s".formatted(terminal, commands))
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      bash.getOutputStream().close();
      if (!bash.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            "not over after %d s: %s%s"
                .formatted(PATIENCE_SECONDS, commands, Files.readString(said, UTF_8)));
      }
      return new Output(bash.exitValue(), Files.readString(said, UTF_8));
    } finally {
      bash.destroyForcibly();
      Files.delete(said);
    }
  }
}
