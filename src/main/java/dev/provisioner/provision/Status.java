package dev.provisioner.provision;

import java.util.Locale;

/** Where a row stands. The names in the database and in JSON are these in lower case. */
public enum Status {
  /** Waiting for its webhook, or for its minute to pass. */
  PENDING,
  /** Claimed by a worker, until its lease ends. */
  PROCESSING,
  /** The user has an assistant. For good. */
  PROCESSED,
  /** Did not work, or nobody can tell; due again when its backoff ends. */
  ERRORED,
  /** Given up, unless {@code include_failed} takes it up again, or a look finds its assistant. */
  FAILED;

  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Status of(String text) {
    return valueOf(text.toUpperCase(Locale.ROOT));
  }
}
