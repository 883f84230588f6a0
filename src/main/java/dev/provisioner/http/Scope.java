package dev.provisioner.http;

import java.util.Locale;
import java.util.Optional;

/** What a token is good for. */
public enum Scope {
  /** Ringing the bell: {@code POST /webhooks/pending-vapi-provision}. */
  WEBHOOK,
  /** Everything an operator does: reconcile, look at rows. */
  OPERATE;

  /** The word used in tokens and on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The scope with this {@link #word()}, if there is one. */
  public static Optional<Scope> named(String word) {
    for (Scope scope : values()) {
      if (scope.word().equals(word)) {
        return Optional.of(scope);
      }
    }
    return Optional.empty();
  }
}
