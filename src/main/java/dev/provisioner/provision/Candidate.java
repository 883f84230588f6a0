package dev.provisioner.provision;

import java.util.UUID;

/**
 * A row that a reconcile would take up.
 *
 * @param attempts settled so far
 */
public record Candidate(UUID id, UUID userId, Status status, int attempts, Plan plan) {}
