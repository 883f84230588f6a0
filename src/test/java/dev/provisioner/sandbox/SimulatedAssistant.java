package dev.provisioner.sandbox;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An assistant at the {@link VapiSimulator}.
 *
 * @param json as Vapi would return it
 */
public record SimulatedAssistant(
    String id,
    @Nullable String name,
    Instant createdAt,
    Map<String, Object> metadata,
    JsonNode json) {}
