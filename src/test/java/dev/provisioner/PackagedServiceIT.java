package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar as it is deployed: a process, an environment, a signal to end. */
@ExtendWith(SharedSupabase.class)
class PackagedServiceIT {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";

  private final World world;

  PackagedServiceIT(SupabaseServer supabase) {
    world = World.empty(supabase).with("ACK_TIMEOUT", "5s").with("VAPI_TIMEOUT", "10s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"json", "text"})
  void servesAndLogs(String format) {
    Person person = world.person();
    try (Packaged service = start(world.with("LOG_FORMAT", format))) {
      Answer answer = ring(service, person);

      assertThat(answer.status()).as("%s", answer).isEqualTo(200);
      assertThat(world.inUse(person)).isEqualTo(answer.field("assistant_id"));
      assertThat(get(service, "/readyz").status()).isEqualTo(200);
      service.terminate();
      assertThat(service.exitCode()).isEqualTo(143);
      assertThat(service.err()).isEmpty();
      assertThat(service.out()).anyMatch(line -> line.contains("Stopped."));
      if (format.equals("json")) {
        assertThat(service.out())
            .allSatisfy(line ->
                assertThatCode(() ->
                        assertThat(new ObjectMapper().readTree(line).path("level").asText())
                            .isNotEmpty())
                    .doesNotThrowAnyException());
      } else {
        assertThat(service.out()).noneMatch(line -> line.startsWith("{"));
      }
      assertThat(service.out())
          .noneMatch(line ->
              line.contains(World.API_KEY)
                  || line.contains(World.JWT_SECRET)
                  || line.contains(World.WEBHOOK_SECRET)
                  || line.contains("@example.com"));
    }
  }

  @Test
  void twoProcessesAndHundredCopiesMakeOneAssistant() throws Exception {
    Person person = world.person();
    try (Packaged one = start(world);
        Packaged other = start(world);
        ExecutorService crowd = Executors.newVirtualThreadPerTaskExecutor()) {
      List<URI> both = List.of(one.uri(WEBHOOK), other.uri(WEBHOOK));
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        URI uri = both.get(i % 2);
        answers.add(crowd.submit(() -> ring(uri, person)));
      }

      for (Future<Answer> each : answers) {
        assertThat(each.get().status()).isIn(200, 202);
      }
      eventually("processed", () -> world.row(person).status().equals("processed"));
      assertThat(world.vapi.creates()).isEqualTo(1);
      assertThat(world.row(person).inDoubt()).isFalse();
    }
  }

  @Test
  void terminatedServiceFinishesWhatItHasBegun() throws Exception {
    Person person = world.person();
    Person next = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    try (Packaged service = start(world);
        ExecutorService caller = Executors.newVirtualThreadPerTaskExecutor()) {
      URI uri = service.uri(WEBHOOK);
      Future<Answer> ring = caller.submit(() -> ring(uri, person));
      hold.awaitArrived(Packaged.PATIENCE);

      service.terminate();
      eventually(
          "a drain",
          Packaged.PATIENCE,
          () -> service.out().stream().anyMatch(line -> line.contains("Draining")));
      assertThat(service.isAlive()).isTrue();
      hold.release();

      assertThat(ring.get().status()).isEqualTo(200);
      assertThat(service.exitCode()).isEqualTo(143); // 128 + SIGTERM: the JVM's way
      assertThat(world.row(person).status()).isEqualTo("processed");
      assertThat(world.row(person).inDoubt()).isFalse();
      assertThat(world.vapi.creates()).isEqualTo(1);
    }
    try (Packaged successor = start(world)) {
      assertThat(ring(successor, next).field("outcome")).isEqualTo("created");
      assertThat(ring(successor, person).field("outcome")).isEqualTo("already_provisioned");
    }
  }

  @Test
  void killedServiceLeavesItsRowToTheNext() {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    try (Packaged service = start(world.with("LEASE", "20s"));
        ExecutorService caller = Executors.newVirtualThreadPerTaskExecutor()) {
      URI uri = service.uri(WEBHOOK);
      Future<?> ring = caller.submit(() -> assertThatCode(() -> ring(uri, person)).isNotNull());
      hold.awaitArrived(Packaged.PATIENCE);
      service.kill();
      hold.release();
      eventually("the caller's end", ring::isDone);
    }
    try (Packaged successor = start(world)) {
      assertThat(ring(successor, person).status()).as("the lease runs").isEqualTo(202);
      world.elapse(Duration.ofMinutes(3));
      assertThat(ring(successor, person).field("outcome")).isEqualTo("adopted");
    }
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
  }

  @Test
  void startsWithoutItsDatabaseAndRecovers() {
    Person person = world.person();
    world.wire.cut();
    try (Packaged service = start(world)) {
      assertThat(get(service, "/healthz").status()).isEqualTo(200);
      assertThat(get(service, "/readyz").status()).isEqualTo(503);
      assertThat(ring(service, person).status()).isEqualTo(503);

      world.wire.restore();

      eventually("ready", Packaged.PATIENCE, () -> get(service, "/readyz").status() == 200);
      eventually("provisioned", Packaged.PATIENCE, () -> ring(service, person).status() == 200);
    }
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void pageLargerThanHalfOfTheMemoryIsReadAsItComes() {
    Person person = world.person();
    world.doubt(person);
    Instant doubted = Instant.now().minusSeconds(50);
    String id = world.vapi.seed(world.marks(person), doubted).id();
    world.vapi.seed(
        900,
        Map.of("prompt", "x".repeat(60_000)),
        doubted.minusSeconds(50),
        doubted.plusSeconds(1));
    try (Packaged service = Packaged.run(List.of("-Xmx88m"), world.environment())) {
      assertThat(ring(service, person).field("outcome")).isEqualTo("adopted");
      assertThat(service.err()).isEmpty();
    }
    assertThat(world.inUse(person)).isEqualTo(id);
    assertThat(world.vapi.creates()).isZero();
  }

  @Test
  void burstOfConnectionsIsKeptWhileNobodyHasTimeToAcceptIt() throws IOException {
    List<Socket> burst = new ArrayList<>();
    try (Packaged service = start(world)) {
      URI uri = service.uri("/");
      service.freeze();
      for (int i = 0; i < 100; i++) {
        Socket caller = new Socket();
        burst.add(caller);
        // A packet that is dropped comes again after a second.
        caller.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 500);
      }
      service.thaw();

      assertThat(get(service, "/healthz").status()).isEqualTo(200);
    } finally {
      for (Socket each : burst) {
        each.close();
      }
    }
  }

  @Test
  void tokenFromTheCommandLineOpensTheDoor() {
    String token;
    try (Packaged command =
        Packaged.run(world.environment(), "token", "--scope", "operate", "--expires", "1h")) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.err()).isEmpty();
      assertThat(command.out()).hasSize(1);
      token = command.out().getFirst();
    }
    try (Packaged service = start(world)) {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(service.uri("/reconcile"))
              .POST(HttpRequest.BodyPublishers.noBody());
      assertThat(world.send(request).status()).isEqualTo(401);
      assertThat(world.send(request.header("Authorization", "Bearer " + token)).status())
          .isEqualTo(200);
    }
  }

  private static Packaged start(World world) {
    Packaged service = Packaged.run(world.environment());
    service.uri("/");
    return service;
  }

  private Answer ring(Packaged service, Person person) {
    return ring(service.uri(WEBHOOK), person);
  }

  private Answer ring(URI uri, Person person) {
    return world.send(
        world
            .signed(HttpRequest.newBuilder(uri), World.announcement(person.provision()))
            .header("Content-Type", "application/json"));
  }

  private Answer get(Packaged service, String path) {
    return world.send(HttpRequest.newBuilder(service.uri(path)));
  }
}
