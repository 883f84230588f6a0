package dev.provisioner.provision;

import org.jspecify.annotations.Nullable;

/** Whose assistants these are. Asked of the database once, unless the operator has set it. */
public final class Installation {
  private final Queue queue;
  private volatile @Nullable String id;

  // configured null: what the migrations made.
  Installation(Queue queue, @Nullable String configured) {
    this.queue = queue;
    this.id = configured;
  }

  /**
   * The id, as it stands in the metadata of every assistant of ours.
   *
   * @throws QueueUnavailableException not known yet, and the database cannot be asked
   */
  public String id() {
    String known = id;
    if (known == null) {
      known = queue.installation();
      id = known;
    }
    return known;
  }
}
