package dev.provisioner.sandbox;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One user's way from verification to assistant, as the sandbox has watched it. */
final class Journey {
  private final String name;
  private final UUID user;
  private final Instant verified;
  private final List<String> statuses = new ArrayList<>();
  private @Nullable Instant queued;
  private @Nullable Instant processed;
  private @Nullable String assistant;

  Journey(String name, UUID user, Instant verified) {
    this.name = name;
    this.user = user;
    this.verified = verified;
  }

  UUID user() {
    return user;
  }

  boolean isOver() {
    return processed != null && assistant != null;
  }

  boolean hasReached(String status) {
    return statuses.contains(status) || isOver();
  }

  /** Takes note of the row as it is now; a line to print if that is news. */
  @Nullable String note(
      String status,
      @Nullable String errorCode,
      @Nullable String assistantId,
      Timestamp createdAt,
      @Nullable Timestamp processedAt) {
    if (!statuses.isEmpty() && statuses.getLast().equals(status)) {
      return null;
    }
    statuses.add(status);
    queued = createdAt.toInstant();
    processed = processedAt == null ? null : processedAt.toInstant();
    assistant = assistantId;
    String detail = "";
    if (assistantId != null) {
      detail = "assistant " + assistantId;
    } else if (status.equals("errored")) {
      detail = errorCode == null ? "" : errorCode;
    }
    return String.format(
        Locale.ROOT, "  %+7.3f s  %-8s %-10s %s", seconds(Instant.now()), name, status, detail);
  }

  /** The whole way in one line. */
  String summary(List<Delivery> deliveries) {
    Instant rung =
        deliveries.stream()
            .filter(each -> each.body().contains(user.toString()))
            .map(Delivery::sentAt)
            .min(Instant::compareTo)
            .orElse(null);
    return String.format(
        Locale.ROOT,
        "%-9s%10s%10s%12s  %-9s %s",
        name,
        shown(queued),
        shown(rung),
        shown(processed),
        statuses.contains("errored") ? "adopted" : "created",
        assistant == null ? "none" : assistant);
  }

  private String shown(@Nullable Instant time) {
    return time == null
        ? "-"
        : String.format(
            Locale.ROOT, "%+d ms", Math.max(0, Duration.between(verified, time).toMillis()));
  }

  private double seconds(Instant time) {
    return Duration.between(verified, time).toMillis() / 1000.0;
  }
}
