package dev.provisioner;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.Callable;

/** A transaction of somebody else: what it has locked is in our way while it lasts. */
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
}
