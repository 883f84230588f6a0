package dev.provisioner.provision;

/**
 * How far a claim of named rows may go beyond those that are pending or due.
 *
 * @param jumpBackoff errored rows whose backoff has not ended, unless they are in doubt
 * @param revive failed rows; their attempts begin anew
 */
record Reach(boolean jumpBackoff, boolean revive) {
  static final Reach WEBHOOK = new Reach(false, false);
}
