package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A terminal for the README's shell blocks. */
final class Shell {
  private Shell() {}

  /** Everything that the script has printed; it must succeed. */
  static String run(Path folder, String script, Map<String, String> variables) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script);
    builder.environment().putAll(variables);
    builder.directory(folder.toFile());
    builder.redirectErrorStream(true);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("bash has ended").isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }
}
