package dev.provisioner.dist;

import dev.provisioner.Training;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code mvn -Pdist package}: {@code target/dist}, which runs where no Java is installed and starts
 * quickly. A runtime with the modules that we use, our jars, and an AOT cache from a {@link
 * Training}. The JVM holds its own build and flags against the cache, and (25.0.3, tried) neither
 * size nor time of the jars: whoever replaced one would run what the cache remembers. So it is made
 * anew as a whole, and moved as a whole.
 *
 * <p>The modules are not compressed: it would save 23 MB, which pulling an image compresses anyway.
 */
final class Distribution {
  /** The first that makes an AOT cache in one step and has compact object headers. */
  private static final int JDK = 25;

  /** Found by no static look: the Prometheus client's protobuf asks for Unsafe by name. */
  private static final Set<String> BY_NAME = Set.of("jdk.unsupported");

  /**
   * 24 MB for JavaBeans and points on a screen, which Jdbi, Jackson and the driver would serve and
   * nobody here has.
   */
  private static final Set<String> UNUSED = Set.of("java.desktop");

  private final Path app;
  private final Path dist;

  private Distribution(Path target) {
    app = target.resolve("app");
    dist = target.resolve("dist");
  }

  /** Arguments: the folder of the sources of {@code dist}, and that of the build's results. */
  public static void main(String[] args) throws IOException {
    if (Runtime.version().feature() < JDK) {
      System.err.printf(
          "mvn -Pdist needs a JDK %d or later, and the newest that Maven has found is %s in %s."
              + " Install one, such as Temurin %d, or say in JAVA_HOME or ~/.m2/toolchains.xml where"
              + " it is.%n",
          JDK, Runtime.version(), System.getProperty("java.home"), JDK);
      System.exit(1);
    }
    Distribution distribution = new Distribution(Path.of(args[1]).toAbsolutePath());
    distribution.layOut(Path.of(args[0]));
    distribution.link();
    distribution.train();
    distribution.report();
  }

  private void layOut(Path sources) throws IOException {
    delete(dist);
    copy(sources, dist);
    copy(app, dist.resolve("app"));
  }

  private void link() throws IOException {
    String libraries;
    try (Stream<Path> jars = Files.list(app.resolve("lib"))) {
      libraries = jars.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
    String found =
        run(
            "jdeps",
            "--print-module-deps",
            "--ignore-missing-deps",
            "--multi-release",
            Integer.toString(Runtime.version().feature()),
            "--class-path",
            libraries,
            app.resolve("vapi-provisioner.jar").toString());
    Set<String> modules = new TreeSet<>(List.of(found.strip().split(",", -1)));
    modules.addAll(BY_NAME);
    modules.removeAll(UNUSED);
    run(
        "jlink",
        "--add-modules",
        String.join(",", modules),
        // Line numbers inside the JDK; our own stay.
        "--strip-java-debug-attributes",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        dist.resolve("runtime").toString());
  }

  private void train() throws IOException {
    Path folder = Files.createTempDirectory("vapi-provisioner-training");
    try {
      Training.run(
          List.of(
              dist.resolve("runtime/bin/java").toString(),
              "@" + dist.resolve("app/jvm.options"),
              "-XX:AOTCacheOutput=" + cache()),
          dist.resolve("app/vapi-provisioner.jar"),
          folder);
    } finally {
      delete(folder);
    }
    if (!Files.exists(cache())) {
      throw new IllegalStateException("the training has left no " + cache());
    }
  }

  private void report() throws IOException {
    System.out.printf(
        "%s: %d MB of runtime, %d MB of jars, %d MB of AOT cache%n",
        dist,
        megabytes(dist.resolve("runtime")),
        megabytes(dist.resolve("app/lib")) + megabytes(dist.resolve("app/vapi-provisioner.jar")),
        megabytes(cache()));
  }

  private Path cache() {
    return dist.resolve("app/vapi-provisioner.aot");
  }

  private static String run(String tool, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        ToolProvider.findFirst(tool)
            .orElseThrow(() ->
                new IllegalStateException(
                    System.getProperty("java.home") + " has no " + tool + ": it is no JDK"))
            .run(new PrintWriter(out), new PrintWriter(err), arguments);
    if (exit != 0) {
      throw new IllegalStateException(tool + " ended with " + exit + ":\n" + out + err);
    }
    return out.toString();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(target)) {
          Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static long megabytes(Path path) throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes >> 20;
  }
}
