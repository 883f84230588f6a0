package dev.provisioner.provision;

import org.jspecify.annotations.Nullable;

/**
 * What a settle found.
 *
 * @param held whether the row was still held; if not, nothing has changed
 * @param inUse the user's assistant now that the row is settled
 */
record Settled(boolean held, @Nullable String inUse) {
  static final Settled NOT_HELD = new Settled(false, null);
}
