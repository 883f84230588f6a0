package dev.provisioner.provision;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.ConnectionFactory;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.jdbi.v3.core.statement.TemplateEngine;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;

/**
 * Runs statements, and tells a database that cannot be asked from one that refuses. Each call has a
 * connection of its own, in autocommit, and throws
 *
 * <ul>
 *   <li>{@link QueueUnavailableException}: asking again later is right;
 *   <li>{@link StatementRefusedException}: asking again is no use.
 * </ul>
 */
final class Database {
  /**
   * Connection, rollback, resources, operator, system, and internal errors. All else is a refusal:
   * an app's trigger may raise any class it likes.
   */
  private static final Set<String> PASSING = Set.of("08", "40", "53", "57", "58", "XX");

  /** A lock held by somebody else; a server that is not the primary any more. */
  private static final Set<String> PASSING_STATES = Set.of("55P03", "25006");

  private final ConnectionFactory connections;
  private final Jdbi jdbi;

  /**
   * @param connections in autocommit
   */
  Database(ConnectionFactory connections) {
    this.connections = connections;
    this.jdbi = Jdbi.create(connections).installPlugin(new PostgresPlugin());
    jdbi.getConfig(SqlStatements.class).setTemplateEngine(TemplateEngine.NOP);
    // Its messages would carry what was bound: the content of rows.
    jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
  }

  /** Reads one row. */
  interface Mapper<T> {
    T of(ResultSet row) throws SQLException;
  }

  /** Reads what a statement has left to be read. */
  interface Reader<T> {
    T read(PreparedStatement executed) throws SQLException;
  }

  /** The rows that the statement returns. */
  <T> List<T> list(Sql.Bound statement, Mapper<T> mapper) {
    return execute(
        statement,
        executed -> {
          List<T> rows = new ArrayList<>();
          try (ResultSet row = executed.getResultSet()) {
            while (row.next()) {
              rows.add(mapper.of(row));
            }
          }
          return rows;
        });
  }

  /** How many rows the statement has changed. */
  int update(Sql.Bound statement) {
    return execute(statement, PreparedStatement::getUpdateCount);
  }

  /** Whatever the statements leave. */
  <T> T execute(Sql.Bound statement, Reader<T> reader) {
    try (Connection connection = connect();
        PreparedStatement prepared = statement.on(connection)) {
      boolean ignored = prepared.execute();
      return reader.read(prepared);
    } catch (SQLException e) {
      throw failure(e, e);
    }
  }

  private Connection connect() {
    try {
      return connections.openConnection();
    } catch (SQLException e) {
      throw unreachable(e);
    }
  }

  /** The same for everything that is asked now and then. */
  <T> T ask(HandleCallback<T, RuntimeException> statements) {
    try {
      return jdbi.withHandle(statements);
    } catch (ConnectionException e) {
      throw unreachable(e);
    } catch (JdbiException e) {
      SQLException cause = sqlException(e);
      if (cause == null) {
        throw e;
      }
      throw failure(cause, e);
    }
  }

  private static QueueUnavailableException unreachable(Exception thrown) {
    return new QueueUnavailableException(
        "The database cannot be reached: " + Unreachable.of(thrown).reason() + ".", thrown);
  }

  private static RuntimeException failure(SQLException cause, Exception thrown) {
    String state = cause.getSQLState();
    if (state != null
        && state.length() == 5
        && !PASSING.contains(state.substring(0, 2))
        && !PASSING_STATES.contains(state)) {
      return new StatementRefusedException(cause);
    }
    return new QueueUnavailableException(
        "The database did not carry out a statement (SQLSTATE " + state + ").", thrown);
  }

  private static @Nullable SQLException sqlException(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof SQLException found) {
        return found;
      }
    }
    return null;
  }
}
