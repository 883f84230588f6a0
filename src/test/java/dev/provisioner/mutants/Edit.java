package dev.provisioner.mutants;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A change to one of the service's sources.
 *
 * @param file below the root package, without its ending: {@code provision/Queue}
 * @param text must be there exactly once, however it is indented
 */
record Edit(String file, String text, String replacement) {
  private static final Path SOURCES = Path.of("src/main/java/dev/provisioner");

  /**
   * The source with the change made.
   *
   * @throws RottenException the source does not have the text, or has it more than once
   */
  String applyTo(String source) {
    Matcher found = pattern().matcher(source);
    if (!found.find() || text.equals(replacement)) {
      throw new RottenException(
          file + " has nothing to be changed any more: it must have, exactly once,\n" + text);
    }
    int start = found.start();
    int end = found.end();
    if (found.find()) {
      throw new RottenException(file + " has this more than once; quote more of it:\n" + text);
    }
    return source.substring(0, start) + replacement + source.substring(end);
  }

  private Pattern pattern() {
    return Pattern.compile(
        Arrays.stream(text.split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+")));
  }

  Path path() {
    return SOURCES.resolve(file + ".java");
  }

  String source() {
    try {
      return Files.readString(path());
    } catch (IOException e) {
      throw new UncheckedIOException("no source " + path() + "; run this in the project's root", e);
    }
  }
}
