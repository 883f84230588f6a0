package dev.provisioner;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A transaction of somebody else, open until it is closed: what it has locked is in our way. */
final class Session implements AutoCloseable {
  private final Connection connection;

  private Session(Connection connection) {
    this.connection = connection;
  }

  /** Holds what this statement has locked. Nothing of it is ever committed. */
  static Session holding(SupabaseDatabase database, String statement) {
    try {
      Connection connection = database.connectAsSuperuser();
      connection.setAutoCommit(false);
      try (Statement sql = connection.createStatement()) {
        sql.execute(statement);
      }
      return new Session(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.rollback();
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
