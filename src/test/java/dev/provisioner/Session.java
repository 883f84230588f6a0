package dev.provisioner;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.Callable;

/** A transaction of somebody else, of which nothing stays: what it locks is in our way. */
final class Session {
  private Session() {}

  /**
   * Does something while others hold what the statement has locked. Of the statement nothing is
   * ever committed.
   */
  static <T> T during(SupabaseDatabase database, String statement, Callable<T> meanwhile)
      throws Exception {
    try (Connection connection = database.connectAsSuperuser()) {
      connection.setAutoCommit(false);
      try (Statement sql = connection.createStatement()) {
        sql.execute(statement);
      }
      try {
        return meanwhile.call();
      } finally {
        connection.rollback();
      }
    }
  }

  /** What a query would say of the statement's effect. Nothing is ever committed. */
  static String trying(SupabaseDatabase database, String statement, String query)
      throws SQLException {
    try (Connection connection = database.connectAsSuperuser()) {
      connection.setAutoCommit(false);
      try (Statement sql = connection.createStatement()) {
        sql.execute(statement);
        try (ResultSet row = sql.executeQuery(query)) {
          row.next();
          return String.valueOf(row.getString(1));
        }
      } finally {
        connection.rollback();
      }
    }
  }
}
