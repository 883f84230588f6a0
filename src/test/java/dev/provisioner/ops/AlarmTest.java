package dev.provisioner.ops;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.ops.Alarm.Message;
import dev.provisioner.ops.Alarm.Message.Raised;
import dev.provisioner.ops.Alarm.Message.Resolved;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AlarmTest {
  private long now = 42;

  @Test
  void nothingIsToldWhereNothingHappens() {
    Alarm alarm = new Alarm(null, true);
    alarm.looked(false, now);
    pass(Duration.ofHours(3));

    assertThat(alarm.due(now)).isNull();
  }

  @Test
  void whatHappensTogetherIsToldTogether() {
    Alarm alarm = new Alarm(null, true);
    alarm.happened("rejected", now);
    assertThat(alarm.due(now)).isNull();
    pass(Duration.ofSeconds(4));
    alarm.happened("rejected", now);
    alarm.happened("attempts_spent", now);
    pass(Duration.ofSeconds(1));

    assertThat(alarm.due(now)).isEqualTo(new Raised(Map.of("rejected", 2L, "attempts_spent", 1L)));
    Raised raised = (Raised) requireNonNull(alarm.due(now));
    assertThat(raised.count()).isEqualTo(3);
    assertThat(raised.details()).contains("2 rejected", "1 attempts_spent");
  }

  @Test
  void moreIsToldTenMinutesLaterWithItsCount() {
    Alarm alarm = new Alarm(null, true);
    tellOf(alarm, "rejected");
    for (int i = 0; i < 9; i++) {
      alarm.happened("rejected", now);
      alarm.looked(true, now);
      pass(Duration.ofMinutes(1));
      assertThat(alarm.due(now)).as("after " + i + " minutes").isNull();
    }
    pass(Duration.ofMinutes(1));

    assertThat(tell(alarm)).isEqualTo(new Raised(Map.of("rejected", 9L)));
    pass(Duration.ofHours(1));
    assertThat(alarm.due(now)).isNull();
  }

  @Test
  void whatHappensWhileAMessageIsUnderWayIsNotLost() {
    Alarm alarm = new Alarm(null, true);
    alarm.happened("rejected", now);
    pass(Alarm.GATHER);
    Message message = requireNonNull(alarm.due(now));
    alarm.happened("rejected", now);
    alarm.told(message, now);
    pass(Alarm.QUIET);

    assertThat(tell(alarm)).isEqualTo(new Raised(Map.of("rejected", 1L)));
  }

  @Test
  void endIsToldOnceAndAtOnce() {
    Alarm alarm = new Alarm(null, true);
    tellOf(alarm, "rejected");
    alarm.looked(true, now);
    assertThat(alarm.due(now)).isNull();
    pass(Duration.ofSeconds(30));
    alarm.looked(false, now);

    assertThat(tell(alarm)).isEqualTo(new Resolved());
    assertThat(alarm.due(now)).isNull();
  }

  @Test
  void whatWasLookedAtBeforeItHappenedEndsNothing() {
    Alarm alarm = new Alarm(null, true);
    alarm.looked(false, now);
    tellOf(alarm, "rejected");

    assertThat(alarm.due(now)).isNull();
    alarm.happened("rejected", now);
    alarm.looked(false, now);
    assertThat(alarm.due(now)).as("it may not show yet").isNull();
  }

  @Test
  void whatLastsIsToldAtOnceAndEveryHour() {
    Alarm alarm = new Alarm(Duration.ofHours(1), true);
    alarm.looked(true, now);

    assertThat(tell(alarm)).isInstanceOf(Raised.class);
    pass(Duration.ofMinutes(59));
    assertThat(alarm.due(now)).isNull();
    pass(Duration.ofMinutes(1));
    assertThat(tell(alarm)).isInstanceOf(Raised.class);
    alarm.looked(false, now);
    assertThat(tell(alarm)).isEqualTo(new Resolved());
  }

  @Test
  void whatComesAndGoesIsToldOnceInTenMinutes() {
    Alarm alarm = new Alarm(Duration.ofHours(1), true);
    int raised = 0;
    for (int minute = 0; minute < 60; minute++) {
      alarm.looked(minute % 2 == 0, now);
      Message message = tell(alarm);
      raised += message instanceof Raised ? 1 : 0;
      pass(Duration.ofMinutes(1));
    }

    assertThat(raised).isEqualTo(6);
  }

  @Test
  void whatIsNotToldIsDueStill() {
    Alarm alarm = new Alarm(null, true);
    alarm.happened("rejected", now);
    pass(Duration.ofMinutes(30));

    assertThat(alarm.due(now)).isNotNull().isEqualTo(alarm.due(now));
  }

  @Test
  void whatHasNoEndIsNotSaidToBeOver() {
    Alarm alarm = new Alarm(null, false);
    tellOf(alarm, "duplicate");
    pass(Duration.ofMinutes(1));
    alarm.looked(false, now);

    assertThat(alarm.due(now)).isNull();
  }

  private void tellOf(Alarm alarm, String what) {
    alarm.happened(what, now);
    pass(Alarm.GATHER);
    assertThat(tell(alarm)).isInstanceOf(Raised.class);
  }

  private @Nullable Message tell(Alarm alarm) {
    Message message = alarm.due(now);
    if (message != null) {
      alarm.told(message, now);
    }
    return message;
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }
}
