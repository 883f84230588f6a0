package dev.provisioner.storm;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.VapiSimulator;
import dev.provisioner.sandbox.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * What a storm rages over: a PostgreSQL of its own that keeps what it has committed, a Vapi that
 * others use too, and three instances of the service that has yet to be started.
 */
final class Project implements AutoCloseable {
  static final Duration VAPI_TIMEOUT = Duration.ofSeconds(2);

  /** The least that the service accepts. */
  static final Duration LEASE = VAPI_TIMEOUT.plusSeconds(10);

  private static final String API_KEY = "vapi-private-key-of-the-storm";
  private static final Path LOGS = Path.of("target/storm");

  /**
   * Of each kind of others' assistants; with ours in the same hours, so many that a page cannot
   * hold them.
   */
  private static final int STRANGERS = 600;

  private static final Duration LISTING_LAG = Duration.ofSeconds(3);

  /** Connections that were opened and never used are no news in a storm. */
  private static final Logger VAPI_LOG = Logger.getLogger("mockwebserver3.MockWebServer");

  private final SupabaseServer server;
  private final SupabaseDatabase database;
  private final VapiSimulator vapi;
  private final List<SimulatedAssistant> strangers = new ArrayList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final String installation;
  private final Chronicle chronicle;

  private Project(Plan plan) throws SQLException, IOException {
    // A crash of the server alone loses nothing that was handed to the system.
    server =
        SupabaseServer.start(
            Map.of("fsync", "off", "synchronous_commit", "on", "max_connections", "200"));
    database = server.createDatabase();
    database.applyMigrations();
    chronicle = Chronicle.begin(database);
    installation = chronicle.strings("select id from provisioning.installation").getFirst();
    VAPI_LOG.setLevel(Level.SEVERE);
    vapi = VapiSimulator.start().acceptKey(API_KEY);
    vapi.lagListing(LISTING_LAG);
    vapi.listShuffled();
    settleStrangers(plan);
    clearLogs();
    Map<String, String> environment = environment();
    for (int i = 0; i < Plan.INSTANCES; i++) {
      Wire wire = Wire.to("localhost", server.port());
      String url = database.databaseUrl("provisioner", "any", wire.port());
      instances.add(new Instance(i + 1, wire, environment, url, LOGS));
    }
  }

  static Project of(Plan plan) {
    try {
      return new Project(plan);
    } catch (SQLException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  SupabaseServer server() {
    return server;
  }

  SupabaseDatabase database() {
    return database;
  }

  VapiSimulator vapi() {
    return vapi;
  }

  List<Instance> instances() {
    return instances;
  }

  Instance instance(int number) {
    return instances.get(number);
  }

  Chronicle chronicle() {
    return chronicle;
  }

  String installation() {
    return installation;
  }

  /** The assistants of other people, which nobody may touch. */
  List<SimulatedAssistant> strangers() {
    return strangers;
  }

  /** Lets time pass while nothing is under way. */
  void elapse(Duration time) {
    chronicle.shifted(time);
    vapi.age(time);
    database.age(time);
  }

  /** Made by hand, and by another installation in the same organisation, for the same users. */
  private void settleStrangers(Plan plan) {
    Instant now = Instant.now();
    Instant from = now.minus(Duration.ofMinutes(55));
    strangers.addAll(vapi.seed(STRANGERS, Map.of(), from, now));
    strangers.addAll(
        vapi.seed(STRANGERS, Map.of("installation", "another", "team", "theirs"), from, now));
    for (UUID user : plan.people().subList(0, Math.min(100, plan.people().size()))) {
      Map<String, String> marks = new HashMap<>();
      marks.put("user_id", user.toString());
      marks.put("provision_id", UUID.nameUUIDFromBytes(user.toString().getBytes(UTF_8)).toString());
      strangers.add(vapi.seed(marks, now));
      marks.put("provisioned_by", "vapi-provisioner");
      marks.put("installation", "another");
      strangers.add(vapi.seed(marks, now));
    }
  }

  private Map<String, String> environment() throws IOException {
    Path template = LOGS.resolve("template.json");
    Files.writeString(template, "{\"name\": \"{{user.name}}\"}");
    Map<String, String> environment = new HashMap<>();
    environment.put("VAPI_API_KEY", API_KEY);
    environment.put("VAPI_BASE_URL", vapi.baseUrl());
    environment.put("ASSISTANT_TEMPLATE", template.toAbsolutePath().toString());
    environment.put("WEBHOOK_SECRETS", Post.SECRET);
    environment.put("PORT", "0");
    environment.put("METRICS_PORT", "0");
    environment.put("LOG_FORMAT", "text");
    environment.put("VAPI_TIMEOUT", VAPI_TIMEOUT.toSeconds() + "s");
    environment.put("LEASE", LEASE.toSeconds() + "s");
    environment.put("ACK_TIMEOUT", "1s");
    environment.put("RECONCILE_INTERVAL", "3s");
    // So few that some rows spend them, and fail.
    environment.put("MAX_ATTEMPTS", "2");
    return environment;
  }

  private static void clearLogs() throws IOException {
    Files.createDirectories(LOGS);
    try (Stream<Path> files = Files.list(LOGS)) {
      for (Path each : files.sorted(Comparator.naturalOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  @Override
  public void close() {
    instances.forEach(Instance::close);
    vapi.close();
    server.close();
  }
}
