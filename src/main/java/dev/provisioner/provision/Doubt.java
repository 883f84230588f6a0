package dev.provisioner.provision;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A span of time in which a create of ours may have begun whose outcome nobody has recorded. While
 * a row is in doubt, an assistant nobody knows of may exist at Vapi, or may yet appear.
 *
 * @param since when the first such create may have begun
 * @param until when the last such create may have begun at the latest; grows with every claim, so
 *     that its value also tells one claim from another
 */
public record Doubt(Instant since, Instant until) {
  /** How long after its begin a create may still take effect at Vapi: H in the protocol. */
  public static final Duration HORIZON = Duration.ofHours(1);

  /** How far Vapi's clock may be off from the database's. */
  static final Duration MARGIN = Duration.ofHours(1);

  static @Nullable Doubt between(@Nullable Instant since, @Nullable Instant until) {
    return since == null || until == null ? null : new Doubt(since, until);
  }

  /** When an assistant made in this span can have been created, by Vapi's clock. */
  Window window() {
    return new Window(since.minus(MARGIN), until.plus(HORIZON));
  }
}
