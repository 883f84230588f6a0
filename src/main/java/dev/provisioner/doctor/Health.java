package dev.provisioner.doctor;

import java.util.Locale;

/** How one thing is. Worse comes later. */
public enum Health {
  OK("✓"),
  /** Not looked at: it makes no sense without something else. */
  SKIPPED("-"),
  WARNING("!"),
  BROKEN("✗");

  private final String mark;

  Health(String mark) {
    this.mark = mark;
  }

  String mark() {
    return mark;
  }

  String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
