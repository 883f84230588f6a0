package dev.provisioner.http;

import dev.provisioner.provision.Page.Position;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** A place in the order of rows, as callers carry it from page to page. */
final class Cursor {
  private static final int BYTES = Long.BYTES * 3;

  /** 24 bytes: microseconds since 1970, and the id. */
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{32}");

  /** Well within what the database can tell. No row of ours was made before 1970. */
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  private Cursor() {}

  static String of(Position position) {
    ByteBuffer bytes =
        ByteBuffer.allocate(BYTES)
            .putLong(ChronoUnit.MICROS.between(Instant.EPOCH, position.createdAt()))
            .putLong(position.id().getMostSignificantBits())
            .putLong(position.id().getLeastSignificantBits());
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
  }

  /** Empty for what we did not make. */
  static Optional<Position> read(String cursor) {
    if (!FORM.matcher(cursor).matches()) {
      return Optional.empty();
    }
    ByteBuffer read = ByteBuffer.wrap(Base64.getUrlDecoder().decode(cursor));
    Instant createdAt = Instant.EPOCH.plus(Duration.of(read.getLong(), ChronoUnit.MICROS));
    return createdAt.isBefore(Instant.EPOCH) || createdAt.isAfter(LATEST)
        ? Optional.empty()
        : Optional.of(new Position(createdAt, new UUID(read.getLong(), read.getLong())));
  }
}
