package dev.provisioner.sandbox;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request that left the database: the bell that rang, and what was said at the door.
 *
 * @param body exactly what was sent, which is always UTF-8
 * @param status null if no answer came in time
 * @param error null if one did
 */
public record Delivery(
    String url,
    Map<String, String> headers,
    String body,
    @Nullable Integer status,
    @Nullable String error,
    Instant sentAt) {}
