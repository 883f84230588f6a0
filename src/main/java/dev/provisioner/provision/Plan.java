package dev.provisioner.provision;

import org.jspecify.annotations.Nullable;

/** What an attempt at a row begins with: rule 2. */
public enum Plan {
  /** Somebody's assistant is in use: only the row is settled. */
  RECORD_EXISTING,
  /** An earlier attempt may have made one: it is looked for, and created only where none is. */
  LOOK_FIRST,
  /** Nothing of ours can exist. */
  CREATE;

  static Plan of(@Nullable String inUse, @Nullable String remembered, @Nullable Doubt earlier) {
    if (inUse != null) {
      return RECORD_EXISTING;
    }
    return remembered != null || earlier != null ? LOOK_FIRST : CREATE;
  }
}
