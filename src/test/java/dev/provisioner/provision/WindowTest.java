package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowTest {
  private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");

  @Test
  void nothingMergesToNothing() {
    assertThat(Window.merge(List.of())).isEmpty();
  }

  @Test
  void windowsThatOverlapBecomeOne() {
    assertThat(Window.merge(List.of(window(0, 10), window(5, 15), window(12, 20))))
        .containsExactly(window(0, 20));
  }

  @Test
  void windowsThatTouchBecomeOne() {
    assertThat(Window.merge(List.of(window(0, 10), window(10, 20)))).containsExactly(window(0, 20));
  }

  @Test
  void windowInsideAnotherIsSwallowed() {
    assertThat(Window.merge(List.of(window(0, 30), window(5, 6), window(20, 25))))
        .containsExactly(window(0, 30));
  }

  @Test
  void windowsApartStayApartAndComeInOrder() {
    assertThat(Window.merge(List.of(window(40, 50), window(0, 10), window(11, 12), window(45, 60))))
        .containsExactly(window(0, 10), window(11, 12), window(40, 60));
  }

  @Test
  void equalWindowsAreListedOnce() {
    assertThat(Window.merge(List.of(window(0, 0), window(0, 0)))).containsExactly(window(0, 0));
  }

  @Test
  void doubtIsLookedForFromAnHourBeforeToAnHourAfter() {
    assertThat(new Doubt(at(0), at(2)).window())
        .isEqualTo(new Window(at(0).minus(Duration.ofHours(1)), at(2).plus(Duration.ofHours(1))));
  }

  private static Window window(int from, int to) {
    return new Window(at(from), at(to));
  }

  private static Instant at(int minute) {
    return NOON.plus(Duration.ofMinutes(minute));
  }
}
