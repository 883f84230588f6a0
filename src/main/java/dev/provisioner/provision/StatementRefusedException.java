package dev.provisioner.provision;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The database refuses a statement for what it says: a constraint of the app's table, a missing
 * right, a column of another type. Saying it again changes nothing.
 */
public final class StatementRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String reason;
  private final String sqlState;

  /**
   * @param cause not kept: logged with its stack trace, it would say what the server's message
   *     quotes
   */
  StatementRefusedException(SQLException cause) {
    super(describe(cause));
    this.reason = describe(cause);
    this.sqlState = String.valueOf(cause.getSQLState());
  }

  /** SQLSTATE and the objects concerned. Never the server's own message: it may quote a value. */
  public String reason() {
    return reason;
  }

  /** Five characters, as PostgreSQL's list of error codes has them. */
  public String sqlState() {
    return sqlState;
  }

  private static String describe(SQLException cause) {
    StringBuilder text = new StringBuilder("SQLSTATE ").append(cause.getSQLState());
    if (cause instanceof PSQLException e && e.getServerErrorMessage() != null) {
      ServerErrorMessage server = e.getServerErrorMessage();
      append(text, "table", server.getTable());
      append(text, "column", server.getColumn());
      append(text, "constraint", server.getConstraint());
    }
    return text.toString();
  }

  private static void append(StringBuilder text, String kind, @Nullable String name) {
    if (name != null) {
      text.append(", ").append(kind).append(' ').append(name);
    }
  }
}
