package dev.provisioner;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.MetricsTrackerFactory;

/** The way to the database. */
final class Connections {
  /** Supabase's connections are few, and a statement of ours takes a millisecond. */
  private static final int MOST = 10;

  private Connections() {}

  static HikariDataSource pool(Config config, MetricsTrackerFactory metrics) {
    HikariConfig settings = new HikariConfig();
    settings.setDataSource(new Connector(config.database()));
    settings.setPoolName("database");
    settings.setMetricsTrackerFactory(metrics);
    settings.setMaximumPoolSize(Math.min(MOST, config.vapi().concurrency() + 2));
    settings.setMinimumIdle(1);
    settings.setIdleTimeout(60_000);
    // A webhook that cannot be served is told so while its sender still listens.
    settings.setConnectionTimeout(2000);
    settings.setValidationTimeout(1000);
    // The service starts, and says what is wrong, without its database too.
    settings.setInitializationFailTimeout(-1);
    return new HikariDataSource(settings);
  }
}
