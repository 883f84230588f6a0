package dev.provisioner.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A class of this package in a process of its own, spoken to by lines. It ends with its input. */
final class Child implements AutoCloseable {
  private final String name;
  private final Process process;
  private final BufferedWriter in;
  private final BufferedReader out;

  private Child(String name, Process process) {
    this.name = name;
    this.process = process;
    this.in = process.outputWriter(StandardCharsets.UTF_8);
    this.out = process.inputReader(StandardCharsets.UTF_8);
  }

  /** With this environment besides what a process has. */
  static Child start(Class<?> main, Map<String, String> environment, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                java(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().putAll(environment);
    try {
      return new Child(main.getSimpleName(), builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The one that runs this. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  void say(String line) {
    try {
      in.write(line);
      in.newLine();
      in.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(name + " does not listen", e);
    }
  }

  /** Waits for its next line. */
  String hear() {
    try {
      String line = out.readLine();
      if (line == null) {
        throw new IllegalStateException(name + " has ended; what it said of it is above");
      }
      return line;
    } catch (IOException e) {
      throw new UncheckedIOException(name + " cannot be heard", e);
    }
  }

  /** Gives an order with rows' ids, and waits until all is prepared. */
  void prepare(String order, List<String> ids) {
    say(order + "\n" + String.join("\n", ids) + (ids.isEmpty() ? "" : "\n"));
    String answer = hear();
    if (!answer.equals("ready")) {
      throw new IllegalStateException(name + " is not ready but says: " + answer);
    }
  }

  /** Lets it do what was prepared. */
  Measured go() {
    say("go");
    return Measured.read(hear());
  }

  @Override
  public void close() {
    try {
      in.close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      process.destroyForcibly(); // it had ended before
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
