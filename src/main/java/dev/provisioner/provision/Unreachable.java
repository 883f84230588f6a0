package dev.provisioner.provision;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * Why no connection to the database comes about. Its texts are ours alone: what a server or a
 * pooler says itself may name users and hosts.
 *
 * @param reason goes on after a colon, without a full stop
 * @param remedy what to do, a sentence or more
 */
public record Unreachable(String reason, String remedy) {
  /** PgBouncer's and Supavisor's words where they have no SQLSTATE of their own. */
  private static final Pattern FULL =
      Pattern.compile(
          "(?i)EMAXCONN|EMAXPOOLS|ECHECKOUTTIMEOUT|no more connections allowed|max client|unable to check out|query_wait_timeout");

  private static final Pattern UNKNOWN_THERE =
      Pattern.compile(
          "(?i)ENOTFOUND|ENOIDENTIFIER|EINVALIDUSERINFO|tenant|no such user|Invalid format for user");
  private static final Pattern NO_DATABASE = Pattern.compile("(?i)no such database");
  private static final Pattern WRONG_PASSWORD = Pattern.compile("(?i)authentication failed");
  private static final Pattern BLOCKED = Pattern.compile("(?i)ECIRCUITBREAKER|circuit breaker");
  private static final Pattern KEPT_OUT = Pattern.compile("(?i)EADDRNOTALLOWED|allow_list");
  private static final Pattern WANTS_TLS =
      Pattern.compile("(?i)ESSLREQUIRED|SSL (connection is )?required|no encryption|SSL off");
  private static final Pattern NOTHING_BEHIND =
      Pattern.compile("(?i)cannot connect to server|server login has been failing|server down");

  /** What the thrown tells, and its causes. */
  public static Unreachable of(Throwable thrown) {
    SQLException sql = find(SQLException.class, thrown);
    String state = sql == null ? null : sql.getSQLState();
    String said = said(thrown);
    if (FULL.matcher(said).find() || "53300".equals(state)) {
      return new Unreachable(
          "it has no connection left for this service",
          "Run fewer instances or lower VAPI_CONCURRENCY, or raise the pool size in the project's"
              + " database settings. Who holds them: select usename, count(*) from"
              + " pg_stat_activity group by 1;");
    }
    if (KEPT_OUT.matcher(said).find()) {
      return new Unreachable(
          "the project's network restrictions keep this machine out",
          "Allow its address in the project's database settings.");
    }
    if (BLOCKED.matcher(said).find()) {
      return new Unreachable(
          "the pooler refuses everybody for a while, after too many wrong passwords",
          "Mend the password in DATABASE_URL, then wait some minutes.");
    }
    if (WANTS_TLS.matcher(said).find()) {
      return new Unreachable("it insists on TLS", "DATABASE_URL=…?sslmode=require");
    }
    if (NO_DATABASE.matcher(said).find() || "3D000".equals(state)) {
      return new Unreachable(
          "it has no database of the name in DATABASE_URL",
          "DATABASE_URL=postgresql://provisioner:password@host:5432/postgres");
    }
    if ("28000".equals(state)) {
      return new Unreachable(
          "it does not let the user of DATABASE_URL log in, or has no such role",
          "alter role provisioner login; -- where it is not there: apply migrations/*.sql");
    }
    if ("42501".equals(state)) {
      return new Unreachable(
          "it does not let the user of DATABASE_URL connect to its database",
          "grant connect on database postgres to provisioner; -- or whatever DATABASE_URL names");
    }
    if (WRONG_PASSWORD.matcher(said).find() || "28P01".equals(state)) {
      return new Unreachable(
          "it refuses the user or the password of DATABASE_URL",
          "alter role provisioner with password 'the password in DATABASE_URL';");
    }
    if (UNKNOWN_THERE.matcher(said).find()) {
      return new Unreachable(
          "the pooler does not know the project, or the role in it",
          "At a pooler the user is provisioner.<project ref>, and the host is that of the project's"
              + " region: copy it from the project's Connect dialog.");
    }
    if (NOTHING_BEHIND.matcher(said).find()) {
      return new Unreachable(
          "the pooler cannot reach it", "Is the project paused, or starting? It is tried again.");
    }
    if (state != null && state.startsWith("57P")) {
      return new Unreachable(
          "it is starting up or shutting down",
          "It is tried again by itself. If it stays so, see the project's page at Supabase.");
    }
    return said.isEmpty() ? ofNetwork(thrown, sql, state) : ofState(state);
  }

  /** Nobody has said why. */
  private static Unreachable ofNetwork(
      Throwable thrown, @Nullable SQLException sql, @Nullable String state) {
    if ("08004".equals(state)) {
      PSQLException driver = find(PSQLException.class, thrown);
      return driver != null && String.valueOf(driver.getMessage()).contains("SSL")
          ? new Unreachable(
              "it offers no TLS, on which DATABASE_URL insists",
              "Compare DATABASE_URL with the project's Connect dialog: Supabase has TLS everywhere."
                  + " Without it: sslmode=disable.")
          : new Unreachable(
              "it wants a password, and DATABASE_URL has none that fits",
              "DATABASE_URL=postgresql://provisioner:password@host:5432/postgres");
    }
    if (find(UnknownHostException.class, thrown) != null) {
      return new Unreachable(
          "the host in DATABASE_URL has no address here",
          "Compare DATABASE_URL with the project's Connect dialog; is the project paused? A direct"
              + " connection needs IPv6: where there is none, use the session pooler.");
    }
    if (find(ConnectException.class, thrown) != null) {
      return new Unreachable(
          "nobody listens there",
          "Compare host and port of DATABASE_URL with the project's Connect dialog.");
    }
    SocketException socket = find(SocketException.class, thrown);
    if (socket instanceof NoRouteToHostException
        || (socket != null && String.valueOf(socket.getMessage()).contains("unreachable"))) {
      return new Unreachable(
          "there is no way to it from here",
          "A direct connection needs IPv6: where there is none, use the session pooler of the"
              + " project's Connect dialog.");
    }
    // The driver's own end of patience with a login has no cause.
    if (find(SocketTimeoutException.class, thrown) != null || "08001".equals(state)) {
      return new Unreachable(
          "it does not answer in time",
          "Compare DATABASE_URL with the project's Connect dialog; is the project paused?");
    }
    if (sql != null && state == null) {
      return new Unreachable(
          "every connection is in use, and none came free in time",
          "If it stays so: see whether the database is slow, or refuses more connections.");
    }
    return ofState(state);
  }

  private static Unreachable ofState(@Nullable String state) {
    return new Unreachable(
        "SQLSTATE " + (state == null ? "unknown" : state),
        "Compare DATABASE_URL with the project's Connect dialog; is the project paused? A direct"
            + " connection needs IPv6: where there is none, use the session pooler.");
  }

  /** What the other end has said; empty when nothing. */
  private static String said(Throwable thrown) {
    PSQLException refused = find(PSQLException.class, thrown);
    ServerErrorMessage message = refused == null ? null : refused.getServerErrorMessage();
    return message == null || message.getMessage() == null ? "" : message.getMessage();
  }

  private static <T extends Throwable> @Nullable T find(Class<T> kind, Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (kind.isInstance(each)) {
        return kind.cast(each);
      }
    }
    return null;
  }
}
