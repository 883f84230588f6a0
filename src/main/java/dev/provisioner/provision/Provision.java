package dev.provisioner.provision;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of the queue as operators see it: everything but what is personal.
 *
 * @param nextAttemptAt when the row is next due; null once it is processed or failed
 * @param unconfirmed the span in which an assistant nobody knows of may have been made
 * @param confirmAt when a settled row in doubt is next looked at
 * @param assistantId the assistant that we made or adopted for this row
 * @param inUse the assistant that the user has, whoever made it
 */
public record Provision(
    UUID id,
    UUID userId,
    Status status,
    int attempts,
    Instant createdAt,
    @Nullable Instant nextAttemptAt,
    @Nullable Instant processedAt,
    @Nullable String errorCode,
    @Nullable String error,
    @Nullable Doubt unconfirmed,
    @Nullable Instant confirmAt,
    @Nullable String assistantId,
    @Nullable String inUse) {}
