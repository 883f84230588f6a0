package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
  private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");

  @ParameterizedTest(name = "in use: {0}, remembered: {1}, in doubt: {2} → {3}")
  @CsvSource({
    "app, ,     false, RECORD_EXISTING",
    "app, ours, false, RECORD_EXISTING",
    "app, ,     true,  RECORD_EXISTING",
    "app, ours, true,  RECORD_EXISTING",
    ",    ours, false, LOOK_FIRST",
    ",    ,     true,  LOOK_FIRST",
    ",    ours, true,  LOOK_FIRST",
    ",    ,     false, CREATE"
  })
  void createComesOnlyWhereNothingCanBe(
      @Nullable String inUse, @Nullable String remembered, boolean inDoubt, Plan expected) {
    Doubt earlier = inDoubt ? new Doubt(NOON, NOON) : null;

    assertThat(Plan.of(inUse, remembered, earlier)).isEqualTo(expected);
  }
}
