package dev.provisioner.sandbox;

import dev.provisioner.Config;
import dev.provisioner.Service;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The service as a hosting platform runs it: with variables, and anew whenever one is set. */
final class Deployment implements AutoCloseable {
  private final SortedMap<String, String> variables;
  private Config config;
  private Service service;

  /** Starts it. From now on it stays at its port, and knows its address. */
  Deployment(Map<String, String> variables) {
    this.variables = new TreeMap<>(variables);
    config = Config.read(this.variables);
    service = new Service(config);
    service.start();
    this.variables.put("PORT", Integer.toString(service.port()));
    this.variables.put("PUBLIC_URL", url());
  }

  /**
   * Sets a variable and starts the service anew, once it has finished what is under way.
   *
   * @throws dev.provisioner.ConfigException if it cannot start like that; then it goes on as it was
   */
  synchronized void set(String name, String value) {
    Map<String, String> changed = new TreeMap<>(variables);
    changed.put(name, value);
    Config next = Config.read(changed);
    try {
      service.drain(Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the service stopped", e);
    }
    variables.put(name, value);
    config = next;
    service = new Service(config);
    service.start();
  }

  synchronized Map<String, String> variables() {
    return new TreeMap<>(variables);
  }

  synchronized Config config() {
    return config;
  }

  synchronized String url() {
    return "http://localhost:" + service.port();
  }

  @Override
  public synchronized void close() {
    service.close();
  }
}
