package dev.provisioner.bench;

/** Something that is measured. */
interface Scenario {
  /** As {@code -Dbench.only} has it. */
  String name();

  /**
   * Measures, and adds to the stage's figures.
   *
   * @throws RuntimeException or an {@link AssertionError}: something did not work, so that nothing
   *     was measured
   */
  void measure(Stage stage);
}
