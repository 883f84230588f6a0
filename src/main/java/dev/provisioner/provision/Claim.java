package dev.provisioner.provision;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row that this worker holds, as it was when it was claimed. Committed before anything is sent.
 *
 * @param email personal; goes into the assistant template and nowhere else
 * @param displayName personal, written by the user; goes into the assistant template and nowhere
 *     else
 * @param was the status the claim found: what the row goes back to if it is let go
 * @param attempts how many attempts have settled so far
 * @param token proves the holder when the row is settled
 * @param claimedAt by the database's clock
 * @param mine the end of doubt that this claim wrote (MINE in the protocol): still there at the
 *     end, it shows that nobody has added doubt meanwhile
 * @param earlier the doubt that the claim found (PREV in the protocol)
 * @param remembered an assistant that was created for this row but could not be recorded
 * @param inUse the assistant that the user has already
 */
record Claim(
    UUID id,
    UUID userId,
    @Nullable String email,
    @Nullable String displayName,
    Status was,
    int attempts,
    UUID token,
    Instant claimedAt,
    Instant mine,
    @Nullable Doubt earlier,
    @Nullable String remembered,
    @Nullable String inUse,
    Lease lease) {

  Plan plan() {
    return Plan.of(inUse, remembered, earlier);
  }

  @Override
  public String toString() {
    return "Claim[" + id + "]";
  }
}
