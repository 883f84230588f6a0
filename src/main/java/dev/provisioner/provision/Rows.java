package dev.provisioner.provision;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** Reads columns that JDBC has no words for. */
final class Rows {
  private Rows() {}

  /** To the microsecond, as the database keeps it: ends of doubt are compared for equality. */
  static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
    return value == null ? null : value.toInstant();
  }

  static @Nullable Doubt doubt(ResultSet row, String since, String until) throws SQLException {
    return Doubt.between(instant(row, since), instant(row, until));
  }
}
