package dev.provisioner;

import dev.provisioner.provision.Policy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;

/** Connects as the service's pool does, without the pool. */
public final class PoolSettings {
  private final Connector connector;
  private final Policy policy;

  /** For the service of this environment. */
  public PoolSettings(Map<String, String> environment) {
    Config config = Config.read(environment);
    connector = new Connector(config.database());
    policy =
        new Policy(
            config.vapi().timeout(),
            config.provisioning().lease(),
            config.provisioning().maxAttempts(),
            config.provisioning().deprovision());
  }

  public Connection connect() throws SQLException {
    return connector.getConnection();
  }

  /** The limits of the same environment. */
  public Policy policy() {
    return policy;
  }
}
