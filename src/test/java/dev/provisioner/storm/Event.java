package dev.provisioner.storm;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Something that happens to a storm at its time, decided before it begins. */
sealed interface Event {
  /** Since the storm began. */
  Duration at();

  /**
   * A user signs up and verifies their e-mail; the bells ring after that.
   *
   * @param bell what becomes of their webhook; null when it simply rings
   */
  record Verify(Duration at, UUID user, @Nullable Trouble bell, List<Ring> rings)
      implements Event {}

  /** One delivery of a webhook, that long after what it announces. */
  record Ring(Duration after, int instance) {}

  /** A user deletes their account. */
  record Delete(Duration at, UUID user) implements Event {}

  /** A user's e-mail is taken for unverified, and verified again; that rings once more. */
  record Reverify(Duration at, UUID user, Duration pause, int instance) implements Event {}

  /** Somebody calls reconcile. */
  record Reconcile(Duration at, int instance, String body, boolean async) implements Event {}

  /** An instance, or its way to the database, is in trouble for a while. */
  record Strike(Duration at, int instance, Trouble trouble, Duration lasts) implements Event {}

  /** PostgreSQL crashes, and is away for a while. */
  record Crash(Duration at, Duration lasts) implements Event {}
}
