package dev.provisioner.build;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * google-java-format over our own sources. It runs on the JDK of the tests, since the formatter
 * reads Java with the compiler of the JDK it runs on, and Maven's own may be older than our code.
 */
final class SourceFormat {
  private static final Formatter FORMATTER = new Formatter();

  private SourceFormat() {}

  /** {@code mvn -Pformat}: rewrites every file that is not formatted, and names it. */
  public static void main(String[] args) throws IOException {
    for (Path file : unformatted(Path.of("src"))) {
      Files.writeString(file, formatted(file));
      System.out.println("formatted " + file);
    }
  }

  static List<Path> unformatted(Path root) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".java")).sorted().toList()) {
        if (!Files.readString(file).equals(formatted(file))) {
          found.add(file);
        }
      }
    }
    return found;
  }

  private static String formatted(Path file) throws IOException {
    try {
      String ordered =
          ImportOrderer.reorderImports(Files.readString(file), JavaFormatterOptions.Style.GOOGLE);
      return FORMATTER.formatSource(RemoveUnusedImports.removeUnusedImports(ordered));
    } catch (FormatterException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
