package dev.provisioner.sandbox;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Programs of the machine's own that a test shows something with. */
public final class Tools {
  private Tools() {}

  /**
   * Without it nothing can be shown: a failure in CI, and a test left out anywhere else.
   *
   * @param otherwise what is left out then
   */
  public static void require(String tool, String otherwise) {
    boolean present = isPresent(tool);
    if (System.getenv("CI") != null) {
      assertTrue(present, tool + " is on the PATH, as CI needs it");
    }
    assumeTrue(present, tool + " is not on the PATH: " + otherwise);
  }

  private static boolean isPresent(String tool) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, tool)));
  }
}
