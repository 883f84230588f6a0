package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
  private static final double ALMOST_ONE = Math.nextDown(1.0);

  @ParameterizedTest
  @CsvSource({
    "0, PT15S",
    "1, PT15S",
    "2, PT30S",
    "3, PT1M",
    "4, PT2M",
    "8, PT32M",
    "9, PT1H",
    "12, PT1H",
    "100, PT1H",
    "2147483647, PT1H"
  })
  void waitDoublesWithEveryAttemptUpToAnHour(int attempts, Duration expected) {
    assertThat(new Backoff(() -> 0.5).after(attempts)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"1, PT12S, PT18S", "5, PT192S, PT288S", "12, PT48M, PT72M"})
  void waitIsSpreadByAFifthToEitherSide(int attempts, Duration shortest, Duration longest) {
    assertThat(new Backoff(() -> 0).after(attempts)).isEqualTo(shortest);
    assertThat(new Backoff(() -> ALMOST_ONE).after(attempts)).isEqualTo(longest);
  }
}
