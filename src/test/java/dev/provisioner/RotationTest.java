package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Delivery;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The README's rotation, block by block, while webhooks flow to two instances behind a balancer
 * that takes each out of rotation before it is started anew.
 */
@ExtendWith(SharedSupabase.class)
class RotationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final World world;
  private final PgNetWorker worker;
  private final HttpServer front;
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<String, String> variables = new HashMap<>();
  private final List<Service> fleet = new ArrayList<>();
  private final Map<Service, Integer> underway = new HashMap<>();
  private Service serving;

  RotationTest(SupabaseServer supabase) throws IOException {
    world = World.empty(supabase).with("ACK_TIMEOUT", "1s"); // pg_net waits for five
    fleet.add(world.start());
    fleet.add(world.start());
    serving = fleet.getFirst();
    front = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    front.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    front.createContext(
        "/",
        exchange -> {
          Service chosen = enter();
          HttpRequest.Builder on =
              HttpRequest.newBuilder(World.uri(chosen, exchange.getRequestURI().toString()));
          exchange
              .getRequestHeaders()
              .forEach((name, values) -> {
                if (!List.of("host", "connection", "content-length", "upgrade", "http2-settings")
                    .contains(name.toLowerCase(Locale.ROOT))) {
                  values.forEach(value -> on.header(name, value));
                }
              });
          on.method(
              exchange.getRequestMethod(),
              HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
          try (exchange) {
            HttpResponse<byte[]> answer =
                client.send(on.build(), HttpResponse.BodyHandlers.ofByteArray());
            answer
                .headers()
                .firstValue("content-type")
                .ifPresent(type -> exchange.getResponseHeaders().add("Content-Type", type));
            exchange.sendResponseHeaders(
                answer.statusCode(), answer.body().length == 0 ? -1 : answer.body().length);
            exchange.getResponseBody().write(answer.body());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } finally {
            leave(chosen);
          }
        });
    front.createContext(
        "/.set",
        exchange -> {
          String[] set = new String(exchange.getRequestBody().readAllBytes(), UTF_8).split("=", 2);
          variables.put(set[0], set[1]);
          restartOneByOne(set[0], set[1]);
          try (exchange) {
            exchange.sendResponseHeaders(204, -1);
          }
        });
    front.createContext(
        "/.sql",
        exchange -> {
          world.as("postgres", new String(exchange.getRequestBody().readAllBytes(), UTF_8));
          try (exchange) {
            exchange.sendResponseHeaders(204, -1);
          }
        });
    front.start();
    variables.putAll(world.environment());
    variables.put("PUBLIC_URL", url());
    variables.put("RECONCILE_INTERVAL", "1h");
    world.database.createVaultSecret("provisioner_url", url());
    worker = PgNetWorker.start(world.database, Duration.ofMillis(5));
  }

  @AfterEach
  void end() {
    worker.close();
    front.stop(0);
    client.shutdownNow();
    world.close();
  }

  @Test
  void webhookSecretRotates() throws Exception {
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    rotate("webhook", List.of("number 2 of the 2", "number 1 of the 2", "number 1 of the 1"));
    assertThat(variables.get("WEBHOOK_SECRETS")).doesNotContain(World.WEBHOOK_SECRET);
  }

  @Test
  void secretOfTokensRotates() throws Exception {
    world.database.createDashboardWebhook(
        "public.pending_vapi_provision",
        "ring_vapi_provisioner",
        url() + "/webhooks/pending-vapi-provision",
        World.token(Scope.WEBHOOK));
    world.sql("delete from vault.secrets");
    rotate("token", List.of("ring_vapi_provisioner", "with a good token", "with a good token"));
    assertThat(variables.get("JWT_SECRETS")).doesNotContain(World.JWT_SECRET);
  }

  private void rotate(String what, List<String> signs) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Person> people = new ArrayList<>();
    Future<Boolean> arriving =
        world.inBackground(() -> {
          while (!over.get()) {
            people.add(world.person());
            TimeUnit.MILLISECONDS.sleep(20); // a pace, not a wait
          }
          return true;
        });
    for (int step = 1; step <= 3; step++) {
      if (step == 2) {
        worker.pause(); // so that some signed before are sent after
        int queued = queued();
        eventually("webhooks that wait", () -> queued() > queued + 2);
      }
      run(what + "-" + step);
      worker.resume();
      long last = world.count("select coalesce(max(id), 0) from net.http_request_queue");
      eventually(
          "everything from before is sent",
          PATIENCE,
          () ->
              world.count("select count(*) from net.http_request_queue where id <= ?", last) == 0);
      int sent = worker.deliveries().size();
      eventually("the batch is answered", PATIENCE, () -> worker.deliveries().size() > sent + 2);
      assertThat(doctor())
          .contains(signs.get(step - 1))
          .doesNotContain("✗")
          .doesNotContain("(401)");
    }
    over.set(true);
    assertThat(arriving.get()).isTrue();
    eventually("every answer", PATIENCE, () -> worker.deliveries().size() == people.size());
    eventually("every assistant", PATIENCE, () -> world.vapi.created() == people.size());
    assertThat(worker.deliveries())
        .filteredOn(each -> each.status() == null || each.status() / 100 != 2)
        .extracting(each -> each.status() + " " + each.error())
        .isEmpty();
    assertThat(worker.deliveries())
        .extracting(Delivery::url)
        .containsOnly(url() + "/webhooks/pending-vapi-provision");
  }

  /** Out of rotation, drained, started with the new value, and back. */
  private void restartOneByOne(String name, String value) {
    world.with(name, value);
    for (int i = 0; i < fleet.size(); i++) {
      Service old = fleet.get(i);
      synchronized (underway) {
        serving = fleet.get(1 - i);
      }
      eventually("nothing is under way there", PATIENCE, () -> underway(old) == 0);
      try {
        old.drain(Duration.ofMillis(200));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      fleet.set(i, world.start());
    }
  }

  private Service enter() {
    synchronized (underway) {
      underway.merge(serving, 1, Integer::sum);
      return serving;
    }
  }

  private void leave(Service service) {
    synchronized (underway) {
      underway.merge(service, -1, Integer::sum);
    }
  }

  private int underway(Service service) {
    synchronized (underway) {
      return underway.getOrDefault(service, 0);
    }
  }

  private void run(String block) throws Exception {
    Matcher found =
        Pattern.compile("(?s)<!-- rotation: " + block + " -->\n```sh\n(.*?)```")
            .matcher(Files.readString(Path.of("README.md")));
    assertThat(found.find()).as("the README has a block " + block).isTrue();
    ProcessBuilder bash =
        new ProcessBuilder(
                "bash",
                "-euo",
                "pipefail",
                "-c",
                """
                set_variable() { curl -sS --fail-with-body "$FRONT/.set" --data-binary "$1"; }
                run_sql() { curl -sS --fail-with-body "$FRONT/.sql" --data-binary @-; }
                java() { shift 2; "$JAVA" -cp "$CLASSES" dev.provisioner.Main "$@"; }
                """
                    + found.group(1))
            .redirectErrorStream(true);
    bash.environment().putAll(variables);
    bash.environment().put("FRONT", url());
    bash.environment().put("JAVA", Path.of(System.getProperty("java.home"), "bin/java").toString());
    bash.environment().put("CLASSES", System.getProperty("java.class.path"));
    Process process = bash.start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }

  private String doctor() throws InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(out, true, UTF_8);
    DoctorCommand.run(List.of(), variables, both, both, InstantSource.system());
    return out.toString(UTF_8);
  }

  private int queued() {
    return world.count("select count(*) from net.http_request_queue");
  }

  private String url() {
    return URI.create("http://localhost:" + front.getAddress().getPort()).toString();
  }
}
