package dev.provisioner.sandbox;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;

/** Tools that Maven cannot bring. Debian's packages do. */
public final class Installed {
  private Installed() {}

  /**
   * Whether tests that need these tools are run. Where one is missing they are left out, which is
   * said; in CI they fail.
   *
   * @param without what was not tried then
   * @param packages that bring the tools in Debian
   */
  public static ConditionEvaluationResult condition(
      String without, String packages, String... tools) {
    List<String> missing = Stream.of(tools).filter(each -> find(each).isEmpty()).toList();
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled(String.join(" and ", tools) + " found");
    }
    String reason =
        "%s not on the PATH: %s. Debian: apt-get install %s"
            .formatted(String.join(" and ", missing), without, packages);
    if (System.getenv("CI") != null) {
      throw new AssertionError(reason);
    }
    System.err.println(reason);
    return ConditionEvaluationResult.disabled(reason);
  }

  /** The same for one test, from within. */
  public static void require(String without, String packages, String... tools) {
    ConditionEvaluationResult condition = condition(without, packages, tools);
    assumeFalse(condition.isDisabled(), () -> condition.getReason().orElse(""));
  }

  /** Where a tool is: on the PATH, or where Debian keeps its daemons. */
  public static Optional<Path> find(String tool) {
    return Stream.concat(
            Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1)),
            Stream.of("/usr/sbin"))
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
