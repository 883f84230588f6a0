package dev.provisioner;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.UUID;

/**
 * Somebody who tries what they may do, in the role and by the way they come in by: the Data API's
 * roles through PostgREST's login, with the claims of a user. Nothing that they do stays.
 */
record Caller(SupabaseDatabase database, UUID user) {
  private static final Set<String> OF_THE_API = Set.of("anon", "authenticated", "service_role");

  /**
   * How a statement ends: with the number of rows that it found or changed, {@code done} where it
   * counts none, or {@code no} where the role may not; any other failure by its SQLSTATE.
   */
  String tries(String role, String sql) {
    boolean ofTheApi = OF_THE_API.contains(role);
    try (Connection connection = database.connect(ofTheApi ? "authenticator" : role)) {
      connection.setAutoCommit(false);
      if (ofTheApi) {
        become(connection, role);
      }
      try (Statement statement = connection.createStatement()) {
        if (!statement.execute(sql)) {
          return statement.getUpdateCount() > 0 || writes(sql)
              ? Integer.toString(statement.getUpdateCount())
              : "done";
        }
        int rows = 0;
        try (ResultSet row = statement.getResultSet()) {
          while (row.next()) {
            rows++;
          }
        }
        return Integer.toString(rows);
      } catch (SQLException e) {
        return "42501".equals(e.getSQLState()) ? "no" : String.valueOf(e.getSQLState());
      } finally {
        connection.rollback();
      }
    } catch (SQLException e) {
      throw new IllegalStateException(role + " did not come in", e);
    }
  }

  private static boolean writes(String sql) {
    return sql.startsWith("insert") || sql.startsWith("update") || sql.startsWith("delete");
  }

  /** As PostgREST does for each request. */
  private void become(Connection connection, String role) throws SQLException {
    try (PreparedStatement claims =
        connection.prepareStatement(
            """
            select set_config('role', ?, true),
                   set_config('request.jwt.claims', json_build_object('role', ?, 'sub', ?)::text, true)\
            """)) {
      claims.setString(1, role);
      claims.setString(2, role);
      claims.setString(3, user.toString());
      claims.execute();
    }
  }
}
