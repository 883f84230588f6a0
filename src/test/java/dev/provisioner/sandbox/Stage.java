package dev.provisioner.sandbox;

import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import java.io.IOException;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the sandbox plays on, started: a project with our migrations, pg_net's worker, a Vapi and
 * the service, introduced to each other.
 */
final class Stage implements AutoCloseable {
  private static final int USUAL_PORT = 8080;
  private static final String KEY = "sandbox";

  final SupabaseDatabase database;

  /** Null where it is the real Vapi. */
  final @Nullable VapiSimulator simulator;

  final Deployment deployment;
  final PgNetWorker pgNet;
  final Connection superuser;

  /**
   * Starts everything in a new database.
   *
   * @param surroundings the environment of the sandbox itself; with {@code VAPI_API_KEY} it is the
   *     real Vapi that is called
   * @param variables of the service, where they are to differ from the sandbox's own
   */
  Stage(SupabaseServer supabase, Map<String, String> surroundings, Map<String, String> variables)
      throws SQLException {
    SecureRandom random = new SecureRandom();
    byte[] key = new byte[32];
    random.nextBytes(key);
    String webhookSecret = "whsec_" + Base64.getEncoder().encodeToString(key);
    random.nextBytes(key);
    String jwtSecret = HexFormat.of().formatHex(key);

    database = supabase.createDatabase();
    database.applyMigrations();
    superuser = database.connectAsSuperuser();

    Map<String, String> environment = new HashMap<>();
    String apiKey = surroundings.get("VAPI_API_KEY");
    if (apiKey == null || apiKey.isBlank()) {
      simulator = VapiSimulator.start().acceptKey(KEY);
      environment.put("VAPI_API_KEY", KEY);
      environment.put("VAPI_BASE_URL", simulator.baseUrl());
      // Short, so that the demonstration of a lost answer does not take half a minute.
      environment.put("VAPI_TIMEOUT", "3s");
    } else {
      simulator = null;
      environment.put("VAPI_API_KEY", apiKey);
      for (String name : List.of("VAPI_BASE_URL", "ASSISTANT_TEMPLATE")) {
        if (surroundings.containsKey(name)) {
          environment.put(name, surroundings.get(name));
        }
      }
    }
    environment.put("DATABASE_URL", database.databaseUrl("provisioner", "any"));
    environment.put("WEBHOOK_SECRETS", webhookSecret);
    environment.put("JWT_SECRETS", jwtSecret);
    environment.put("RECONCILE_INTERVAL", "1s");
    environment.put("LOG_FORMAT", "text");
    environment.put("METRICS_PORT", surroundings.getOrDefault("METRICS_PORT", "0"));
    environment.put("PORT", surroundings.getOrDefault("PORT", Integer.toString(freePort())));
    environment.putAll(variables);
    deployment = new Deployment(environment);

    database.createVaultSecret("provisioner_url", deployment.url());
    database.createVaultSecret("provisioner_webhook_secret", webhookSecret);
    pgNet = PgNetWorker.start(database);
  }

  /** Good for a day, with the operator's scope. */
  String token() {
    Instant now = Instant.now();
    return Tokens.mint(
        deployment.config().access().jwtSecrets().getFirst(),
        Scope.OPERATE,
        now,
        now.plus(Duration.ofDays(1)));
  }

  /** The first column of the first row. */
  String query(String sql) {
    try (PreparedStatement statement = superuser.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Override
  public void close() throws SQLException {
    pgNet.close();
    deployment.close();
    if (simulator != null) {
      simulator.close();
    }
    superuser.close();
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(USUAL_PORT)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      return 0; // taken: any other will do
    }
  }
}
