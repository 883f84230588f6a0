package dev.provisioner.provision;

import org.jspecify.annotations.Nullable;

/**
 * Where a user stands at this moment, read just before something of theirs would be deleted.
 *
 * @param rowExists whether the provision that the assistant was made for still has its row
 * @param inUse the assistant that the user has
 */
record Standing(boolean rowExists, @Nullable String inUse) {
  /**
   * Rule 12: an assistant of ours may be deleted only if another is in use, or if its row is gone.
   * With the row there and none in use, somebody may be adopting it at this moment.
   */
  boolean allowsDeleting(String assistantId) {
    return inUse == null ? !rowExists : !uses(assistantId);
  }

  /** Whether it is the one that the user has. */
  boolean uses(String assistantId) {
    return assistantId.equals(inUse);
  }
}
