package dev.provisioner.mutants;

import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Test;

/** Run by {@link MutantsTest}, and not by itself: its name does not end as a test's does. */
class FailsAlways {
  @Test
  void whateverHappens() {
    fail("as ever");
  }
}
