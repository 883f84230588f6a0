package dev.provisioner.mutants;

/** What became of a mutant. */
sealed interface Verdict {
  /**
   * A test has failed by an assertion.
   *
   * @param said the first line of what it said
   */
  record Caught(String test, String said) implements Verdict {}

  /** Every test has passed: nobody would notice. */
  record Survived() implements Verdict {}

  /** It proves nothing: it is rotten, or its tests broke off in another way. */
  record Spoilt(String why) implements Verdict {}
}
