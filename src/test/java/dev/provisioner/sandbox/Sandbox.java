package dev.provisioner.sandbox;

import dev.provisioner.Config;
import dev.provisioner.Service;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.ops.Logging;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * {@code mvn -Psandbox}: the whole job on one machine with nothing configured. A Supabase-like
 * PostgreSQL with our migrations, pg_net's worker, a Vapi simulator and the service; some users
 * verify their e-mail, and each row is followed to its assistant. Stays up until Ctrl-C, or with
 * {@code -Donce} ends with exit code 0 if every user got exactly one assistant, else 1.
 *
 * <p>With {@code VAPI_API_KEY} set it calls the real Vapi, and deletes the users, and so their
 * assistants, at the end.
 */
public final class Sandbox implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int USUAL_PORT = 8080;

  private final PrintStream out = System.out;
  private final @Nullable VapiSimulator simulator;
  private final SupabaseServer supabase;
  private final SupabaseDatabase database;
  private final Config config;
  private final Service service;
  private final PgNetWorker pgNet;
  private final Connection superuser;

  /** Starts everything. */
  private Sandbox(Map<String, String> surroundings) throws SQLException {
    SecureRandom random = new SecureRandom();
    byte[] key = new byte[32];
    random.nextBytes(key);
    String webhookSecret = "whsec_" + Base64.getEncoder().encodeToString(key);
    random.nextBytes(key);
    String jwtSecret = HexFormat.of().formatHex(key);

    supabase = SupabaseServer.start();
    database = supabase.createDatabase();
    database.applyMigrations();
    superuser = database.connectAsSuperuser();

    Map<String, String> environment = new HashMap<>();
    String apiKey = surroundings.get("VAPI_API_KEY");
    if (apiKey == null || apiKey.isBlank()) {
      simulator = VapiSimulator.start().acceptKey("sandbox");
      environment.put("VAPI_API_KEY", "sandbox");
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
    config = Config.read(environment);
    service = new Service(config);
    service.start();

    database.createVaultSecret("provisioner_url", url());
    database.createVaultSecret("provisioner_webhook_secret", webhookSecret);
    pgNet = PgNetWorker.start(database);
  }

  public static void main(String[] args) throws Exception {
    boolean once = !System.getProperty("once", "false").equals("false");
    Logging.configure(false);
    boolean good;
    try (Sandbox sandbox = new Sandbox(System.getenv())) {
      good = sandbox.demonstrate();
      if (!once) {
        sandbox.invite();
        Runtime.getRuntime().addShutdownHook(new Thread(sandbox::cleanUp));
        new CountDownLatch(1).await();
      }
      sandbox.cleanUp();
    }
    System.exit(good ? 0 : 1);
  }

  /** Verifies some users and follows each row; true if each user got exactly one assistant. */
  boolean demonstrate() throws SQLException, InterruptedException {
    out.printf(
        "%nSupabase sandbox on port %d, %s, vapi-provisioner on %s%n%n",
        supabase.port(),
        simulator == null ? "the real Vapi" : "Vapi simulator on " + simulator.baseUrl(),
        url());
    List<Journey> journeys = new ArrayList<>();
    journeys.add(verify("ada", "an ordinary sign-up"));
    await(journeys.getLast(), "processed"); // what is simulated next is meant for others
    if (simulator != null) {
      simulator.onCreate().next(Fault.delay(Duration.ofMillis(1500)));
      journeys.add(verify("grace", "Vapi takes 1.5 s: the webhook is answered 202 after one"));
      await(journeys.getLast(), "processing");
    }
    journeys.add(verify("barbara", "her webhook is delivered four times"));
    repeatWebhook(journeys.getLast(), 3);
    if (simulator != null) {
      await(journeys.getLast(), "processed");
      simulator.onCreate().next(Fault.dropAfterApplying());
      journeys.add(verify("edsger", "Vapi creates, but its answer is lost: looked for, adopted"));
    }
    Instant deadline = Instant.now().plus(PATIENCE);
    while (journeys.stream().anyMatch(each -> !each.isOver()) && Instant.now().isBefore(deadline)) {
      follow(journeys);
      Thread.sleep(10);
    }
    return report(journeys);
  }

  /** Says how to play on. */
  void invite() {
    String token =
        Tokens.mint(
            config.access().jwtSecrets().getFirst(),
            Scope.OPERATE,
            Instant.now(),
            Instant.now().plus(Duration.ofDays(1)));
    String provision = query("select id from public.pending_vapi_provision limit 1");
    out.printf(
        """

        It stays up until Ctrl-C. In another terminal:

        TOKEN=%1$s
        curl --fail-with-body -sS %2$s/readyz
        curl --fail-with-body -sS %2$s/provisions/%3$s -H "Authorization: Bearer $TOKEN"
        curl --fail-with-body -sS -X POST %2$s/reconcile -H "Authorization: Bearer $TOKEN"
        curl --fail-with-body -sS -X POST %2$s/reconcile -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"include_failed": true, "dry_run": true}'

        The database is postgresql://postgres@localhost:%4$d/%5$s
        """,
        token, url(), provision, supabase.port(), database.name());
    out.flush();
  }

  /** At the real Vapi nothing is left behind. */
  void cleanUp() {
    if (simulator == null) {
      try (PreparedStatement users =
          superuser.prepareStatement("delete from auth.users where email like '%@example.com'")) {
        users.execute();
        out.println("Deleting the users; their assistants at Vapi go with them.");
        Instant deadline = Instant.now().plus(PATIENCE);
        while (!"0".equals(query("select count(*) from provisioning.departed"))
            && Instant.now().isBefore(deadline)) {
          Thread.sleep(200);
        }
      } catch (SQLException e) {
        out.println("Not cleaned up: " + e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  String url() {
    return "http://localhost:" + service.port();
  }

  @Override
  public void close() throws SQLException {
    pgNet.close();
    service.close();
    if (simulator != null) {
      simulator.close();
    }
    superuser.close();
    supabase.close();
  }

  private Journey verify(String name, String note) throws SQLException {
    var user = database.signUp(name + "@example.com", name);
    Journey journey = new Journey(name, user, Instant.now());
    database.confirm(user);
    out.printf("           %-8s verifies (%s)%n", name, note);
    return journey;
  }

  private void await(Journey journey, String status) throws SQLException, InterruptedException {
    Instant deadline = Instant.now().plus(PATIENCE);
    while (!journey.hasReached(status) && Instant.now().isBefore(deadline)) {
      follow(List.of(journey));
      Thread.sleep(5);
    }
  }

  /** Notes every change of the rows, and prints it. */
  private void follow(List<Journey> journeys) throws SQLException {
    for (Journey journey : journeys) {
      try (PreparedStatement statement =
          superuser.prepareStatement(
              """
              select q.status, q.created_at, q.processed_at, q.error_code, a.vapi_assistant_id
                from public.pending_vapi_provision q
                left join provisioning.user_assistant a on a.user_id = q.user_id
               where q.user_id = ?\
              """)) {
        statement.setObject(1, journey.user());
        try (ResultSet row = statement.executeQuery()) {
          if (row.next()) {
            String step =
                journey.note(
                    row.getString("status"),
                    row.getString("error_code"),
                    row.getString("vapi_assistant_id"),
                    row.getTimestamp("created_at"),
                    row.getTimestamp("processed_at"));
            if (step != null) {
              out.println(step);
            }
          }
        }
      }
    }
  }

  private void repeatWebhook(Journey journey, int times) throws SQLException {
    try (PreparedStatement statement =
        superuser.prepareStatement(
            """
            select provisioning.post_signed('/webhooks/pending-vapi-provision', jsonb_build_object(
                     'type', 'INSERT', 'table', 'pending_vapi_provision', 'schema', 'public',
                     'record', to_jsonb(q), 'old_record', null))
              from public.pending_vapi_provision q, generate_series(1, ?)
             where q.user_id = ?\
            """)) {
      statement.setInt(1, times);
      statement.setObject(2, journey.user());
      statement.execute();
    }
  }

  private boolean report(List<Journey> journeys) {
    Map<String, Integer> assistants =
        new AssistantCensus(config).perUser(query("select id from provisioning.installation"));
    out.printf(
        "%n%-9s%10s%10s%12s  %-9s %s%n", "user", "queued", "rung", "processed", "via", "assistant");
    int duplicates = 0;
    boolean everyoneOnce = true;
    for (Journey journey : journeys) {
      int has = assistants.getOrDefault(journey.user().toString(), 0);
      duplicates += Math.max(0, has - 1);
      everyoneOnce &= has == 1 && journey.isOver();
      out.println(journey.summary(pgNet.deliveries()));
    }
    int total = assistants.values().stream().mapToInt(Integer::intValue).sum();
    out.printf(
        "%n%d users verified, %d assistants at Vapi, %d duplicates%n",
        journeys.size(), total, duplicates);
    return everyoneOnce && total == journeys.size();
  }

  private String query(String sql) {
    try (PreparedStatement statement = superuser.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getString(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(USUAL_PORT)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      return 0; // taken: any other will do
    }
  }
}
