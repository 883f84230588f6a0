package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Certificate;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.PgBouncer;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.Inet6Address;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The other ways to a Supabase database: directly, over IPv6 and TLS, and the session pooler. */
@ExtendWith(SharedSupabase.class)
class ConnectionModesIT {
  private final SupabaseServer supabase;
  private World world;
  private @Nullable SupabaseServer own;

  ConnectionModesIT(SupabaseServer supabase) {
    this.supabase = supabase;
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
    if (own != null) {
      own.close();
    }
  }

  /** Moves the world to a server with these settings. */
  private SupabaseServer moveTo(Map<String, String> settings) {
    world.close();
    Map<String, String> all = new HashMap<>(SupabaseServer.FAST);
    all.putAll(settings);
    SupabaseServer server = SupabaseServer.start(all);
    own = server;
    world = World.empty(server);
    return server;
  }

  @Test
  void directConnectionOverIpv6() {
    assumeThat(ipv6()).as("this machine has IPv6").isTrue();
    SupabaseServer server = moveTo(Map.of("listen_addresses", "127.0.0.1,::1"));
    world.with("DATABASE_URL", directly("[::1]", server, ""));
    try (Packaged service = start()) {
      assertThat(Crowd.ring(world, Crowd.door(service), world.person()).field("outcome"))
          .isEqualTo("created");
      assertThat(
              world.count(
                  """
                  select count(*) from pg_stat_activity
                   where application_name = 'vapi-provisioner' and family(client_addr) = 6\
                  """))
          .isPositive();
    }
    assertThat(doctor())
        .contains(
            "✓ database      PostgreSQL "
                + version()
                + " at [::1]:"
                + server.port()
                + ", direct connection");
  }

  @Test
  void tlsIsUsedWhereItIsInsistedOn(@TempDir Path folder) {
    SupabaseServer server = moveTo(Certificate.selfSigned(folder).serverConfig());
    world.with("DATABASE_URL", directly("localhost", server, "?sslmode=require"));
    try (Packaged service = start()) {
      assertThat(Crowd.ring(world, Crowd.door(service), world.person()).field("outcome"))
          .isEqualTo("created");
      assertThat(
              world.count(
                  """
                  select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
                   where application_name = 'vapi-provisioner' and ssl\
                  """))
          .isPositive();
      assertThat(
              world.count(
                  """
                  select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
                   where application_name = 'vapi-provisioner' and not ssl\
                  """))
          .isZero();
    }
    assertThat(doctor()).anyMatch(line -> line.matches("✓ tls +in use, and insisted on"));
  }

  @Test
  void serverWithoutTlsIsRefusedWhereItIsInsistedOn() {
    world.with("DATABASE_URL", directly("localhost", supabase, "?sslmode=require"));
    try (Packaged service = start()) {
      assertThat(reason(service)).contains("it offers no TLS, on which DATABASE_URL insists");
      assertThat(Crowd.ring(world, Crowd.door(service), world.person()).status()).isEqualTo(503);
      assertThat(refusals(service)).singleElement().asString().contains("it offers no TLS");
    }
    assertThat(doctor())
        .anyMatch(line -> line.startsWith("✗ database") && line.contains("it offers no TLS"));
  }

  @Test
  @ExtendWith(PgBouncer.Needed.class)
  void sessionPoolerServes() {
    try (PgBouncer pooler = PgBouncer.session(supabase, world.database, 15, Map.of())) {
      world.with("DATABASE_URL", pooler.databaseUrl());
      try (Packaged service = start()) {
        Person person = world.person();
        assertThat(Crowd.ring(world, Crowd.door(service), person).field("outcome"))
            .isEqualTo("created");
        assertThat(reason(service)).isEmpty();
        assertThat(warnings(service)).isEmpty();
      }
      assertThat(doctor()).anyMatch(line -> line.matches("✓ database .*, session pooler"));
    }
  }

  @Test
  @ExtendWith(PgBouncer.Needed.class)
  void sessionPoolerWithFewerConnectionsThanWantedIsToldOfAndServesAll() throws Exception {
    // Supavisor turns away whoever comes after the last; PgBouncer would let them wait.
    try (PgBouncer pooler =
        PgBouncer.session(supabase, world.database, 2, Map.of("max_client_conn", "2"))) {
      world
          .with("DATABASE_URL", pooler.databaseUrl())
          .with("RECONCILE_INTERVAL", "1s")
          .with("ACK_TIMEOUT", "1s");
      List<Person> people = world.people(100);
      world.vapi.onCreate().always(Fault.delay(Duration.ofMillis(50)));
      try (Packaged service = start();
          Crowd crowd = Crowd.of(world, people, 20, service)) {
        assertThat(crowd.answers())
            .allMatch(each -> each.status() == 200 || each.status() == 202 || each.retryable());
        world.elapse(Duration.ofMinutes(2));
        eventually(
            "all processed",
            Duration.ofMinutes(2),
            () ->
                world.count(
                        "select count(*) from public.pending_vapi_provision where status <> 'processed'")
                    == 0);

        assertThat(refusals(service))
            .as("not each time")
            .hasSizeBetween(1, 5)
            .first()
            .asString()
            .contains("it has no connection left", "VAPI_CONCURRENCY", "pool size");
      }
      assertThat(world.vapi.creates()).isEqualTo(100);
    }
  }

  private String directly(String host, SupabaseServer server, String parameters) {
    return "postgresql://provisioner:any@%s:%d/%s%s"
        .formatted(host, server.port(), world.database.name(), parameters);
  }

  private Packaged start() {
    return Packaged.run(world.environment());
  }

  private String reason(Packaged service) {
    return world
        .send(HttpRequest.newBuilder(service.uri("/readyz")))
        .json()
        .at("/checks/database/reason")
        .asText();
  }

  private static List<String> warnings(Packaged service) {
    return service.out().stream()
        .filter(line -> line.contains("\"WARN\"") || line.contains("\"ERROR\""))
        .toList();
  }

  private static List<String> refusals(Packaged service) {
    return warnings(service).stream()
        .filter(line -> line.contains("No new connection to the database: "))
        .toList();
  }

  private List<String> doctor() {
    try (Packaged doctor = Packaged.run(world.environment(), "doctor")) {
      doctor.exitCode();
      return doctor.out();
    }
  }

  private String version() {
    return world.text("select split_part(current_setting('server_version'), ' ', 1)");
  }

  private static boolean ipv6() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .anyMatch(each -> each instanceof Inet6Address && each.isLoopbackAddress());
    } catch (SocketException e) {
      return false;
    }
  }
}
