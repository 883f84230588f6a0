package dev.provisioner.vapi;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An assistant as Vapi keeps it; only what we use.
 *
 * @param id Vapi's id, never blank
 * @param createdAt when Vapi says it made it
 * @param provisionId {@code metadata.provision_id}: the row it was made for; null where absent or
 *     no string
 * @param userId {@code metadata.user_id}; null where absent or no string
 * @param installation {@code metadata.installation}: whose it is when databases share a Vapi
 *     organisation; null where absent or no string
 */
public record Assistant(
    String id,
    Instant createdAt,
    @Nullable String provisionId,
    @Nullable String userId,
    @Nullable String installation) {
  public Assistant {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(createdAt, "createdAt");
  }
}
