package dev.provisioner.mutants;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The service with one rule broken.
 *
 * @param wrong what it does, as a sentence
 * @param rule the number it has in {@code provision/package-info.java}; 0: it is told there without
 * @param tests that must fail, as {@code Class#method}, the class below the root package
 */
record Mutant(int rule, String wrong, List<Edit> edits, List<String> tests) {
  /** A mutant without edits and tests: they follow. */
  static Mutant of(int rule, String wrong) {
    return new Mutant(rule, wrong, List.of(), List.of());
  }

  Mutant edit(String file, String text, String replacement) {
    List<Edit> more = new ArrayList<>(edits);
    more.add(new Edit(file, text, replacement));
    return new Mutant(rule, wrong, List.copyOf(more), tests);
  }

  /** One of them is enough; all must pass where nothing is broken. */
  Mutant caughtBy(String... tests) {
    return new Mutant(rule, wrong, edits, List.of(tests));
  }

  /**
   * The sources that differ, by their file.
   *
   * @throws RottenException a text is not there exactly once
   */
  Map<String, String> sources() {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Edit edit : edits) {
      String before = sources.getOrDefault(edit.file(), edit.source());
      sources.put(edit.file(), edit.applyTo(before));
    }
    return sources;
  }

  /** Fit to name a folder. */
  String folder() {
    return wrong.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
  }
}
