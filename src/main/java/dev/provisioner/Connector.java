package dev.provisioner;

import dev.provisioner.provision.Unreachable;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens connections for the pool, and says why one cannot be had: the pool goes on with those it
 * has and tells nobody, which is how a pooler with too few looks like a slow service.
 */
final class Connector extends PGSimpleDataSource {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(Connector.class);

  private static final Map<String, String> DEFAULTS =
      Map.of(
          "ApplicationName",
          "vapi-provisioner",
          "connectTimeout",
          "5",
          "socketTimeout",
          "20",
          "tcpKeepAlive",
          "true");

  /** As long as the TCP connection itself may take. */
  private static final int LOGIN_SECONDS = 5;

  /** The reason last told of; empty when the last connection came about. */
  private final AtomicReference<String> told = new AtomicReference<>("");

  Connector(DatabaseUrl url) {
    setUrl(url.jdbcUrl(DEFAULTS));
    setUser(url.user());
    Secret password = url.password();
    setPassword(password == null ? null : password.value());
  }

  /**
   * Of no effect. The pool would set the time it lets a caller wait; but a login that takes longer,
   * on a machine with much to do, still ends in a connection for whoever comes next.
   */
  @Override
  public void setLoginTimeout(int seconds) {
    super.setLoginTimeout(LOGIN_SECONDS);
  }

  @Override
  public Connection getConnection(@Nullable String user, @Nullable String password)
      throws SQLException {
    try {
      Connection connection = super.getConnection(user, password);
      if (!told.getAndSet("").isEmpty()) {
        LOG.info("The database gives connections again.");
      }
      return connection;
    } catch (SQLException e) {
      Unreachable why = Unreachable.of(e);
      if (!told.getAndSet(why.reason()).equals(why.reason())) {
        LOG.warn("No new connection to the database: {}. {}", why.reason(), why.remedy());
      }
      throw e;
    }
  }
}
