package dev.provisioner.provision;

import java.sql.SQLException;
import java.util.Set;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/** Runs statements, and tells a database that cannot be asked from one that refuses. */
final class Database {
  /**
   * Connection, rollback, resources, operator, system, and internal errors. All else is a refusal:
   * an app's trigger may raise any class it likes.
   */
  private static final Set<String> PASSING = Set.of("08", "40", "53", "57", "58", "XX");

  /** A lock held by somebody else; a server that is not the primary any more. */
  private static final Set<String> PASSING_STATES = Set.of("55P03", "25006");

  private final Jdbi jdbi;

  Database(Jdbi jdbi) {
    this.jdbi = jdbi;
  }

  /**
   * Each call has a connection of its own, in autocommit.
   *
   * @throws QueueUnavailableException asking again later is right
   * @throws StatementRefusedException asking again is no use
   */
  <T> T ask(HandleCallback<T, RuntimeException> statements) {
    try {
      return jdbi.withHandle(statements);
    } catch (ConnectionException e) {
      throw new QueueUnavailableException(
          "The database cannot be reached: " + Unreachable.of(e).reason() + ".", e);
    } catch (JdbiException e) {
      SQLException cause = sqlException(e);
      if (cause == null) {
        throw e;
      }
      String state = cause.getSQLState();
      if (state != null
          && state.length() == 5
          && !PASSING.contains(state.substring(0, 2))
          && !PASSING_STATES.contains(state)) {
        throw new StatementRefusedException(cause);
      }
      throw new QueueUnavailableException(
          "The database did not carry out a statement (SQLSTATE " + state + ").", e);
    }
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
