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
  /** Constraint and data errors, missing rights and objects, and what an app's trigger raises. */
  private static final Set<String> REFUSALS = Set.of("22", "23", "42", "44", "P0");

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
      throw new QueueUnavailableException("The database cannot be reached.", e);
    } catch (JdbiException e) {
      SQLException cause = sqlException(e);
      if (cause == null) {
        throw e;
      }
      String state = cause.getSQLState();
      if (state != null && state.length() == 5 && REFUSALS.contains(state.substring(0, 2))) {
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
