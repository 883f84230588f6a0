package dev.provisioner.provision;

import org.jspecify.annotations.Nullable;

/**
 * What a settle found.
 *
 * @param held whether the row was still held; if not, nothing has changed
 * @param inUse the user's assistant now that the row is settled; null where one was written and is
 *     not there, with the row as it was
 */
record Settled(boolean held, @Nullable String inUse) {}
