package dev.provisioner.doctor;

import org.jspecify.annotations.Nullable;

/**
 * What was found.
 *
 * @param message for people; no secret and nothing personal
 * @param remedy a command or SQL that mends it, or what to set; null where all is well, or where
 *     another line has it
 */
public record Finding(Health health, String message, @Nullable String remedy) {
  static Finding ok(String message) {
    return new Finding(Health.OK, message, null);
  }

  static Finding skipped(String why) {
    return new Finding(Health.SKIPPED, why, null);
  }

  static Finding warning(String message, String remedy) {
    return new Finding(Health.WARNING, message, remedy);
  }

  static Finding broken(String message, String remedy) {
    return new Finding(Health.BROKEN, message, remedy);
  }
}
