package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The delete rule: what may go is what somebody's own assistant has made superfluous. */
class StandingTest {
  @ParameterizedTest(name = "row exists: {0}, in use: {1} → deletable: {2}")
  @CsvSource({
    "true,  ,      false",
    "true,  ours,  false",
    "true,  other, true",
    "false, ,      true",
    "false, ours,  false",
    "false, other, true"
  })
  void onlyWhatNobodyCanWantMayBeDeleted(
      boolean rowExists, @Nullable String inUse, boolean deletable) {
    assertThat(new Standing(rowExists, inUse).allowsDeleting("ours")).isEqualTo(deletable);
  }
}
