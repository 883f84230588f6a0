package dev.provisioner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import dev.provisioner.contract.Contract;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.privacy.Confidential;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.sandbox.VapiSimulator;
import dev.provisioner.sandbox.Wire;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A Supabase project with our migrations, a Vapi, and the service between them, for one test. The
 * wire is the service's way to its database. Nothing happens by itself: no bell rings and no sweep
 * runs unless the test makes it.
 */
final class World implements AutoCloseable {
  static final String WEBHOOK_SECRET = "whsec_c2FuZGJveC1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZyE=";
  static final String JWT_SECRET = "a-secret-of-the-tests-with-more-than-32-bytes";
  static final String API_KEY = "vapi-private-key-of-the-tests";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicInteger PEOPLE = new AtomicInteger();

  final SupabaseDatabase database;
  final Wire wire;
  final VapiSimulator vapi;

  private final boolean alone;
  private final Map<String, String> environment = new HashMap<>();
  private final AtomicLong elapsed = new AtomicLong();
  private final AtomicLong wallAhead = new AtomicLong();
  private final List<Service> services = new ArrayList<>();
  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
  private final Connection superuser;
  private Duration auditPause = Duration.ZERO;

  static {
    List.of(WEBHOOK_SECRET, JWT_SECRET, API_KEY).forEach(Confidential::add);
  }

  private World(SupabaseServer server, SupabaseDatabase database, @Nullable VapiSimulator shared)
      throws SQLException {
    this.database = database;
    this.alone = shared == null;
    this.vapi = shared == null ? VapiSimulator.start().acceptKey(API_KEY) : shared;
    this.wire = Wire.to("localhost", server.port());
    this.superuser = database.connectAsSuperuser();
    environment.put("DATABASE_URL", database.databaseUrl("provisioner", "any", wire.port()));
    environment.put("VAPI_API_KEY", API_KEY);
    environment.put("VAPI_BASE_URL", vapi.baseUrl());
    environment.put("WEBHOOK_SECRETS", WEBHOOK_SECRET);
    environment.put("JWT_SECRETS", JWT_SECRET);
    environment.put("PORT", "0");
    environment.put("METRICS_PORT", "off");
    environment.put("VAPI_TIMEOUT", "2s");
    environment.put("ACK_TIMEOUT", "10s");
    environment.put("RECONCILE_INTERVAL", "0");
  }

  /** A project of its own, migrated, with nobody in it; no service runs yet. */
  static World empty(SupabaseServer server) {
    return of(server, server.createMigratedDatabase());
  }

  /** Around a database that the test has prepared. */
  static World of(SupabaseServer server, SupabaseDatabase database) {
    try {
      return new World(server, database, null);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An empty project whose Vapi is this one, which stays the caller's. */
  static World empty(SupabaseServer server, VapiSimulator vapi) {
    try {
      return new World(server, server.createMigratedDatabase(), vapi);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A copy of an empty project that uses the same Vapi organisation under its own name. */
  World staging(SupabaseServer server) {
    return empty(server, vapi).with("INSTALLATION", "staging");
  }

  /** The same with one instance running. */
  static World serving(SupabaseServer server) {
    World world = empty(server);
    world.start();
    return world;
  }

  /** Applies to instances started from now on. */
  World with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** Applies to instances started from now on; without it audits do not pause. */
  World withAuditPause(Duration pause) {
    auditPause = pause;
    return this;
  }

  Map<String, String> environment() {
    return Map.copyOf(environment);
  }

  /** One more instance. The first is the one that {@link #post} and {@link #get} talk to. */
  Service start() {
    Service service =
        new Service(
            Config.read(environment),
            wallClock().withZone(ZoneOffset.UTC),
            () -> System.nanoTime() + elapsed.get(),
            auditPause);
    service.start();
    services.add(service);
    return service;
  }

  /** Lets time pass, for the database, for Vapi and for the service, while nothing is under way. */
  void elapse(Duration time) {
    elapsed.addAndGet(time.toNanos());
    vapi.age(time);
    database.age(time);
  }

  /** As if the machine had counted on, and nothing else: a lease is used up by waiting. */
  void elapseMonotonically(Duration time) {
    elapsed.addAndGet(time.toNanos());
  }

  /** As if the machine had been asleep: only its wall clock has gone on. */
  void elapseOnTheWall(Duration time) {
    wallAhead.addAndGet(time.toNanos());
  }

  private InstantSource wallClock() {
    return () -> Instant.now().plusNanos(wallAhead.get());
  }

  /** As if its holder had been silent for too long: anybody may claim the row now. */
  void endLease(Person person) {
    sql(
        """
        update public.pending_vapi_provision set next_attempt_at = now() - interval '1 second'
         where id = ? and status = 'processing'\
        """,
        person.provision());
  }

  /** An attempt a minute ago has ended without an answer; the row is due again. */
  void doubt(Person person) {
    sql(
        """
        update public.pending_vapi_provision
           set status = 'errored', error_code = 'unknown_outcome', attempts = 1,
               next_attempt_at = now(), unconfirmed_since = now() - interval '60 seconds',
               unconfirmed_until = now() - interval '30 seconds'
         where id = ?\
        """,
        person.provision());
  }

  /** Processed in doubt that long ago, after a minute's attempt; a look is due. */
  void settleInDoubt(Person person, Duration ago) {
    sql(
        """
        update public.pending_vapi_provision
           set status = 'processed', processed_at = now() - %1$s, next_attempt_at = null,
               confirm_at = now(), attempts = 1,
               unconfirmed_since = now() - %1$s - interval '1 minute',
               unconfirmed_until = now() - %1$s
         where id = ?\
        """
            .formatted("interval '" + ago.toMillis() + " milliseconds'"),
        person.provision());
  }

  /** The app gives the user an assistant. */
  void use(Person person, @Nullable String assistantId) {
    sql(
        """
        insert into public.user_settings (user_id, vapi_assistant_id) values (?, ?)
        on conflict (user_id) do update set vapi_assistant_id = excluded.vapi_assistant_id\
        """,
        person.user(),
        assistantId);
  }

  /** What an assistant made for this row bears. */
  Map<String, String> marks(Person person) {
    return Map.of(
        "provision_id", person.provision().toString(),
        "user_id", person.user().toString(),
        "installation", installation(),
        "provisioned_by", "vapi-provisioner");
  }

  String installation() {
    String own = environment.get("INSTALLATION");
    return own == null ? text("select id from provisioning.installation") : own;
  }

  /** A user who has just verified their e-mail. */
  Person person() {
    int number = PEOPLE.incrementAndGet();
    return person("person" + number + "@example.com", "Person " + number);
  }

  /** A user of this name and address who has just verified the latter. */
  Person person(String email, @Nullable String name) {
    Confidential.add(email);
    if (name != null) {
      Confidential.add(name);
    }
    UUID user = database.signUp(email, name);
    database.confirm(user);
    return new Person(user, provisionOf(user));
  }

  /** Many at once, as an import makes them. */
  List<Person> people(int count) {
    sql(
        """
        insert into auth.users (id, email, email_confirmed_at)
        select gen_random_uuid(), 'crowd-' || gen_random_uuid() || '@example.com', now()
          from generate_series(1, ?)\
        """,
        count);
    String sql =
        """
        select user_id, id from public.pending_vapi_provision
         where email like 'crowd-%' order by created_at desc, id limit ?\
        """;
    try (PreparedStatement statement = superuser.prepareStatement(sql)) {
      statement.setInt(1, count);
      List<Person> people = new ArrayList<>();
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          people.add(
              new Person(row.getObject("user_id", UUID.class), row.getObject("id", UUID.class)));
        }
      }
      return people;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A user whose webhook came, and who has an assistant. */
  Person provisioned() {
    Person person = person();
    Answer rung = ring(person);
    if (!rung.field("outcome").equals("created")) {
      throw new AssertionError("not created: " + rung);
    }
    return person;
  }

  /** An assistant made for somebody who is gone, and who has left nothing behind. */
  SimulatedAssistant orphan() {
    Person leaving = person();
    Map<String, String> marks = marks(leaving);
    delete(leaving);
    return vapi.seed(marks, Instant.now().minusSeconds(30));
  }

  /** Verified users whom no trigger has seen; the last of them. */
  UUID unseen(int users, String confirmedAt) {
    UUID user = UUID.randomUUID();
    sql("set session_replication_role = replica");
    for (int i = 0; i < users; i++) {
      user = UUID.randomUUID();
      sql(
          "insert into auth.users (id, email, email_confirmed_at) values (?, ?, "
              + confirmedAt
              + ")",
          user,
          user + "@example.com");
    }
    sql("set session_replication_role = origin");
    return user;
  }

  /** A user and the row that their verification has made. */
  record Person(UUID user, UUID provision) {}

  UUID provisionOf(UUID user) {
    return UUID.fromString(
        text(
            "select id from public.pending_vapi_provision where user_id = ? order by created_at desc limit 1",
            user));
  }

  /** The user deletes their account, and whatever follows its users goes with it. */
  void delete(Person person) {
    database.deleteUser(person.user());
  }

  @Nullable String inUse(Person person) {
    return query(
        "select vapi_assistant_id from public.user_settings where user_id = ?", person.user());
  }

  Row row(Person person) {
    return row(person.provision());
  }

  Row row(UUID provision) {
    try (PreparedStatement statement =
        superuser.prepareStatement("select * from public.pending_vapi_provision where id = ?")) {
      statement.setObject(1, provision);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new AssertionError("no row " + provision);
        }
        return new Row(
            row.getString("status"),
            row.getInt("attempts"),
            row.getString("error_code"),
            row.getString("error"),
            row.getString("assistant_id"),
            instant(row, "next_attempt_at"),
            instant(row, "unconfirmed_since"),
            instant(row, "unconfirmed_until"),
            instant(row, "confirm_at"));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a test asks of a row. */
  record Row(
      String status,
      int attempts,
      @Nullable String errorCode,
      @Nullable String error,
      @Nullable String assistantId,
      @Nullable Instant nextAttemptAt,
      @Nullable Instant unconfirmedSince,
      @Nullable Instant unconfirmedUntil,
      @Nullable Instant confirmAt) {
    boolean inDoubt() {
      return unconfirmedSince != null;
    }
  }

  /** Every row that the service may write, as text: equal dumps mean that nothing has changed. */
  String dump() {
    return text(
        """
        select concat_ws(E'\\n',
          (select string_agg(q::text, E'\\n' order by id) from public.pending_vapi_provision q),
          (select string_agg(s::text, E'\\n' order by s::text) from public.user_settings s),
          (select string_agg(d::text, E'\\n' order by user_id) from provisioning.departed d))\
        """);
  }

  /** One row of the queue as text. */
  String dump(Person person) {
    return text(
        "select q::text from public.pending_vapi_provision q where id = ?", person.provision());
  }

  /** As the superuser. */
  void sql(String statement, @Nullable Object... parameters) {
    try (PreparedStatement prepared = superuser.prepareStatement(statement)) {
      bind(prepared, parameters);
      prepared.execute();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The first column of the first row; null where there is none. */
  @Nullable String query(String sql, Object... parameters) {
    try (PreparedStatement prepared = superuser.prepareStatement(sql)) {
      bind(prepared, parameters);
      try (ResultSet row = prepared.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  String text(String sql, Object... parameters) {
    String found = query(sql, parameters);
    if (found == null) {
      throw new AssertionError("nothing found by: " + sql);
    }
    return found;
  }

  int count(String sql, Object... parameters) {
    return Integer.parseInt(text(sql, parameters));
  }

  /**
   * In a connection of its own, as one of Supabase's roles or ours.
   *
   * @return the first column of the first row; null where there is none
   */
  @Nullable String as(String role, String sql, @Nullable Object... parameters) {
    boolean ofTheApi = List.of("anon", "authenticated", "service_role").contains(role);
    try (Connection connection = database.connect(ofTheApi ? "authenticator" : role)) {
      if (ofTheApi) {
        try (PreparedStatement become = connection.prepareStatement("set role " + role)) {
          become.execute();
        }
      }
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        bind(statement, parameters);
        if (!statement.execute()) {
          return null;
        }
        try (ResultSet row = statement.getResultSet()) {
          return row.next() ? row.getString(1) : null;
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The signed webhook for a person's row. */
  Answer ring(Person person) {
    return ring(services.getFirst(), person.provision());
  }

  Answer ring(Service service, UUID provision) {
    return post(service, "/webhooks/pending-vapi-provision", announcement(provision));
  }

  Future<Answer> ringInBackground(Person person) {
    return inBackground(() -> ring(person));
  }

  <T> Future<T> inBackground(Callable<T> task) {
    return background.submit(task);
  }

  static String announcement(UUID provision) {
    return """
    {"type": "INSERT", "table": "pending_vapi_provision", "schema": "public",
     "record": {"id": "%s", "email": "somebody@example.com"}, "old_record": null}\
    """
        .formatted(provision);
  }

  /** Reconciles what is due, and takes the looks that are. */
  Answer reconcile() {
    return reconcile("{}");
  }

  Answer reconcile(String body) {
    return post(services.getFirst(), "/reconcile", body);
  }

  Future<Answer> reconcileInBackground(String body) {
    return background.submit(() -> reconcile(body));
  }

  /** Compares and reports, as an operator asks for it. */
  Answer audit() {
    return audit("{}");
  }

  /** Compares and mends. */
  Answer applyAudit() {
    return audit("{\"apply\": true, \"installation\": \"" + installation() + "\"}");
  }

  Answer audit(Service service) {
    return audit(service, "{}");
  }

  Answer audit(String body) {
    return audit(services.getFirst(), body);
  }

  private Answer audit(Service service, String body) {
    return send(
        HttpRequest.newBuilder(uri(service, "/audit"))
            .header("Authorization", "Bearer " + token(Scope.OPERATE))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)));
  }

  /** Only this row. */
  Answer reconcile(Person person) {
    return reconcile("{\"ids\": [\"" + person.provision() + "\"]}");
  }

  /** A signed POST. */
  Answer post(Service service, String path, String body) {
    return send(
        signed(HttpRequest.newBuilder(uri(service, path)), body)
            .header("Content-Type", "application/json"));
  }

  HttpRequest.Builder signed(HttpRequest.Builder request, String body) {
    return signed(request, body, WEBHOOK_SECRET, Instant.now());
  }

  static HttpRequest.Builder signed(
      HttpRequest.Builder request, String body, String secret, Instant at) {
    String id = "msg_" + UUID.randomUUID();
    long seconds = at.getEpochSecond();
    try {
      return request
          .header("webhook-id", id)
          .header("webhook-timestamp", Long.toString(seconds))
          .header("webhook-signature", new Webhook(secret).sign(id, seconds, body))
          .POST(HttpRequest.BodyPublishers.ofString(body));
    } catch (EmptyWebhookSecretException | WebhookSigningException e) {
      throw new IllegalStateException(e);
    }
  }

  /** With an operator's token, where the path needs one. */
  Answer get(String path) {
    return send(
        HttpRequest.newBuilder(uri(services.getFirst(), path))
            .header("Authorization", "Bearer " + token(Scope.OPERATE)));
  }

  /** With neither signature nor token. */
  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(uri(path));
  }

  static String token(Scope scope) {
    Instant now = Instant.now();
    return Tokens.mint(new Secret(JWT_SECRET), scope, now, now.plus(Duration.ofHours(1)));
  }

  URI uri(String path) {
    return uri(services.getFirst(), path);
  }

  static URI uri(Service service, String path) {
    return URI.create("http://localhost:" + service.port() + path);
  }

  /** Whatever is answered is held against the contract. */
  Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(
              request.timeout(Duration.ofSeconds(60)).build(),
              HttpResponse.BodyHandlers.ofString());
      Contract.served().judge(response);
      return new Answer(response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** An answer of the service. */
  record Answer(HttpResponse<String> response) {
    int status() {
      return response.statusCode();
    }

    JsonNode json() {
      try {
        return JSON.readTree(response.body());
      } catch (IOException e) {
        throw new UncheckedIOException(response.body(), e);
      }
    }

    /** A field's value as text; empty where it is absent. */
    String field(String name) {
      return json().path(name).asText();
    }

    int number(String name) {
      return json().path(name).asInt(-1);
    }

    @Override
    public String toString() {
      return status() + " " + response.body();
    }
  }

  @Override
  public void close() {
    background.shutdownNow();
    services.forEach(Service::close);
    if (alone) {
      vapi.close();
    }
    wire.close();
    try {
      superuser.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    database.drop();
  }

  private static void bind(PreparedStatement statement, @Nullable Object... parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
  }

  private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp value = row.getTimestamp(column);
    return value == null ? null : value.toInstant();
  }
}
