package dev.provisioner.vapi;

import java.util.List;

/**
 * The assistant template cannot be used. Quotes the template's keys and placeholders, no values.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final List<String> problems;

  TemplateException(List<String> problems) {
    super("the assistant template cannot be used: " + String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  /**
   * Every problem found, each one line that begins with the JSON pointer of its place, or with line
   * and column where the document is no JSON. At least one.
   */
  public List<String> problems() {
    return problems;
  }
}
