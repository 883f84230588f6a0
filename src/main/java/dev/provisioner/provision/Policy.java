package dev.provisioner.provision;

import java.time.Duration;

/**
 * The limits that the operator sets.
 *
 * @param vapiTimeout a whole call to Vapi, answer read
 * @param lease how long a claim holds a row
 * @param maxAttempts after how many a row is failed
 * @param deprovision whether the assistants of deleted users are deleted
 */
public record Policy(Duration vapiTimeout, Duration lease, int maxAttempts, boolean deprovision) {
  /** What a settle may take after Vapi has answered; part of what must be left of a lease. */
  private static final Duration SETTLE = Duration.ofSeconds(5);

  /** A create of unknown outcome is not looked for before it can no longer be on its way. */
  Duration waitAfterUnknown() {
    return vapiTimeout.plusSeconds(10);
  }

  /** How much of the lease must be left for a create to be sent. */
  Duration leaseForCreate() {
    return vapiTimeout.plus(SETTLE);
  }
}
