package dev.provisioner;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.provisioner.provision.Policy;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/** Connects as the service's pool does, without the pool. */
public final class PoolSettings {
  private final String url;
  private final Properties driver = new Properties();
  private final Policy policy;

  /** For the service of this environment. */
  public PoolSettings(Map<String, String> environment) {
    Config config = Config.read(environment);
    try (HikariDataSource pool =
        Connections.pool(config, new MicrometerMetricsTrackerFactory(new SimpleMeterRegistry()))) {
      url = pool.getJdbcUrl();
      driver.putAll(pool.getDataSourceProperties());
      driver.put("user", pool.getUsername());
      driver.put("password", pool.getPassword());
    }
    policy =
        new Policy(
            config.vapi().timeout(),
            config.provisioning().lease(),
            config.provisioning().maxAttempts(),
            config.provisioning().deprovision());
  }

  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url, driver);
  }

  /** The limits of the same environment. */
  public Policy policy() {
    return policy;
  }
}
