package dev.provisioner;

import java.util.List;

/**
 * The environment cannot be used. It carries everything that is wrong at once, so that one restart
 * is enough to put it right.
 */
public final class ConfigException extends RuntimeException {
  private final List<String> problems;

  ConfigException(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * One line for each thing that is wrong: the variable, what is wrong with it, and what to write
   * instead. Never empty; never shows the value of a secret.
   */
  public List<String> problems() {
    return problems;
  }
}
