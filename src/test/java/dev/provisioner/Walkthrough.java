package dev.provisioner;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A section of the README, word for word, as a person follows it in one terminal. */
final class Walkthrough implements AutoCloseable {
  private static final Pattern BLOCK =
      Pattern.compile("(?s)(?:\\*\\*(?<step>\\d+)\\.|```(?<language>sh|text)\n(?<text>.*?)```)");
  private static final Pattern END = Pattern.compile("@@ (\\d+)");
  private static final int PATIENCE_SECONDS = 120;

  private final Process bash;
  private final BufferedWriter keyboard;
  private final BufferedReader screen;

  /**
   * What is typed, and what is to be seen then.
   *
   * @param step the number that the README gives it
   * @param seen lines in this order, each with {@code …} for whatever; null: whatever comes
   */
  record Block(int step, String commands, @Nullable String seen) {}

  /** What a command has said, both streams together, and its exit code. */
  record Output(int exit, String text) {}

  /** Opens the terminal in a folder, with these variables and no others. */
  Walkthrough(Path folder, Map<String, String> environment) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "--norc").directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    bash = builder.start();
    keyboard = bash.outputWriter();
    screen = bash.inputReader();
  }

  /** The blocks below a heading, to the next one of its level. */
  static List<Block> read(String heading) throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    int from = readme.indexOf("\n## " + heading + "\n");
    if (from < 0) {
      throw new IllegalStateException("README.md has no section: " + heading);
    }
    int to = readme.indexOf("\n## ", from + 1);
    List<Block> blocks = new ArrayList<>();
    int step = 0;
    for (Matcher found = BLOCK.matcher(readme.substring(from, to)); found.find(); ) {
      if (found.group("step") != null) {
        step = Integer.parseInt(found.group("step"));
      } else if (found.group("language").equals("sh")) {
        blocks.add(new Block(step, found.group("text"), null));
      } else {
        Block last = blocks.removeLast();
        blocks.add(new Block(step, last.commands(), found.group("text")));
      }
    }
    return blocks;
  }

  /**
   * Types it, and waits until it is over. Variables and functions stay. A command that fails closes
   * the terminal, unless it is the last of a block that may.
   */
  Output type(String commands, boolean mayFail) throws IOException, InterruptedException {
    keyboard.write(
        "set %s; { %s\n} </dev/null; printf '\\n@@ %%d\\n' $?\n"
            .formatted(mayFail ? "+e" : "-eo pipefail", commands));
    keyboard.flush();
    CompletableFuture<Output> output = new CompletableFuture<>();
    Thread reader = Thread.ofVirtual().start(() -> watch(output));
    try {
      return output.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("not over after %d s: %s".formatted(PATIENCE_SECONDS, commands), e);
    } catch (ExecutionException e) {
      throw new AssertionError("the terminal closed at: " + commands, e);
    } finally {
      reader.interrupt();
    }
  }

  private void watch(CompletableFuture<Output> output) {
    StringBuilder said = new StringBuilder();
    try {
      for (String line = screen.readLine(); line != null; line = screen.readLine()) {
        Matcher end = END.matcher(line);
        if (end.matches()) {
          output.complete(new Output(Integer.parseInt(end.group(1)), said.toString()));
          return;
        }
        said.append(line).append('\n');
      }
      throw new IOException("it said: " + said);
    } catch (IOException e) {
      output.completeExceptionally(e);
    }
  }

  @Override
  public void close() {
    bash.destroyForcibly();
  }
}
