package dev.provisioner.sandbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One request as the {@link VapiSimulator} has seen it.
 *
 * @param query without the question mark; null if there is none
 * @param body empty if there is none
 * @param authorized whether it bore an Authorization header, accepted or not
 * @param answer {@code pending} while held; then the status, as {@code 201}; {@code 201 cut} or
 *     {@code 201 stalled} when only half of the body was sent; or {@code dropped}
 */
public record Call(
    Operation operation,
    String path,
    @Nullable String query,
    String body,
    @Nullable String userAgent,
    boolean authorized,
    Instant at,
    String answer) {
  static final String PENDING = "pending";
  static final String DROPPED = "dropped";

  Call answered(String newAnswer) {
    return new Call(operation, path, query, body, userAgent, authorized, at, newAnswer);
  }
}
