package dev.provisioner.mutants;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles what a mutant changes, and only that, against the service as it is. */
final class Workshop {
  private final Path folder;

  /**
   * @param folder where compiled mutants go, each in a folder of its own
   */
  Workshop(Path folder) {
    this.folder = folder;
  }

  /**
   * @return where the changed classes are
   * @throws RottenException it does not fit the sources, or does not compile
   */
  Path make(Mutant mutant) {
    Path classes = folder.resolve(mutant.folder());
    List<JavaFileObject> sources = new ArrayList<>();
    for (Map.Entry<String, String> each : mutant.sources().entrySet()) {
      sources.add(new Source(each.getKey(), each.getValue()));
    }
    DiagnosticCollector<JavaFileObject> said = new DiagnosticCollector<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    empty(classes);
    List<String> options =
        List.of(
            "-d",
            classes.toString(),
            "-classpath",
            System.getProperty("java.class.path"),
            "-proc:none",
            "-parameters",
            "-nowarn");
    if (!compiler.getTask(null, null, said, options, null, sources).call()) {
      throw new RottenException("it does not compile:\n" + errors(said));
    }
    return classes;
  }

  /** Nothing that an earlier run has left may be taken for this mutant's. */
  private static void empty(Path classes) {
    try {
      Files.createDirectories(classes);
      try (Stream<Path> files = Files.walk(classes)) {
        for (Path each : files.filter(Files::isRegularFile).toList()) {
          Files.delete(each);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String errors(DiagnosticCollector<JavaFileObject> said) {
    StringBuilder errors = new StringBuilder();
    for (Diagnostic<? extends JavaFileObject> each : said.getDiagnostics()) {
      if (each.getKind() == Diagnostic.Kind.ERROR) {
        errors
            .append("line ")
            .append(each.getLineNumber())
            .append(": ")
            .append(each.getMessage(Locale.ROOT))
            .append('\n');
      }
    }
    return errors.toString();
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String file, String text) {
      super(URI.create("mutant:///dev/provisioner/" + file + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
