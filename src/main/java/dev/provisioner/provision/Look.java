package dev.provisioner.provision;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One look at what doubt may have left behind at Vapi, taken by pushing its clock forward. */
sealed interface Look {
  UUID userId();

  @Nullable Doubt doubt();

  /** Whether the assistant, one of this installation, is a matter of this look. */
  boolean concerns(UUID provisionId);

  /** No create can be on its way any more: once all is deleted, the doubt is over. */
  boolean last();

  /**
   * Rule 16: whether the doubt is over.
   *
   * @param clean it could be looked, and nothing is left to be deleted or adopted
   */
  default boolean ends(boolean clean) {
    return clean && last();
  }

  /** At a row that is processed or failed. */
  record OfProvision(UUID id, UUID userId, Status status, Doubt doubt, boolean last)
      implements Look {
    @Override
    public boolean concerns(UUID provisionId) {
      return id.equals(provisionId);
    }

    /** Rule 15: what is found for a failed row is given to its user, who has none. */
    boolean adopts(Standing standing) {
      return status == Status.FAILED && standing.inUse() == null;
    }
  }

  /**
   * At what a deleted user has left.
   *
   * @param assistantIds assistants known by id
   * @param departedAt when the tombstone was last touched
   * @param doubt null where nothing else can exist
   */
  record OfTombstone(
      UUID userId,
      Set<UUID> provisionIds,
      Set<String> assistantIds,
      Instant departedAt,
      @Nullable Doubt doubt,
      boolean last)
      implements Look {
    @Override
    public boolean concerns(UUID provisionId) {
      return provisionIds.contains(provisionId);
    }
  }
}
