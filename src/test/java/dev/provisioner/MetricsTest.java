package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What Prometheus is told, scraped from a running service. */
@ExtendWith(SharedSupabase.class)
class MetricsTest {
  private static final String PROVISIONS = "vapi_provisioner_provisions_total";
  private static final String DOUBTS = "vapi_provisioner_doubts_resolved_total";
  private static final String DELETED = "vapi_provisioner_assistants_deleted_total";
  private static final String WEBHOOKS = "vapi_provisioner_webhooks_total";
  private static final String CALLS = "vapi_provisioner_vapi_call_duration_seconds_count";
  private static final String ROWS = "vapi_provisioner_queue_rows";

  private final World world;
  private final Service service;

  MetricsTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("METRICS_PORT", "0");
    service = world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void everyOutcomeIsThereBeforeItHappens() {
    Scrape scrape = Scrape.of(service);

    assertThat(scrape.value(PROVISIONS, "outcome", "created")).isZero();
    assertThat(scrape.value(PROVISIONS, "outcome", "failed")).isZero();
    assertThat(scrape.value(DOUBTS, "how", "adopted")).isZero();
    assertThat(scrape.value(DELETED, "reason", "duplicate")).isZero();
    assertThat(scrape.value(WEBHOOKS, "result", "unauthorized")).isZero();
    assertThat(scrape.value("vapi_provisioner_ready")).isEqualTo(1);
    assertThat(scrape.value("vapi_provisioner_build_info", "version", "development")).isEqualTo(1);
  }

  @Test
  void provisionIsCountedWithItsTimeItsCallAndItsWebhook() {
    world.ring(world.person());

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(PROVISIONS, "outcome", "created")).isEqualTo(1);
    assertThat(scrape.value(CALLS, "operation", "create", "answer", "ok")).isEqualTo(1);
    assertThat(scrape.value(WEBHOOKS, "result", "settled")).isEqualTo(1);
    assertThat(
            scrape.value(
                "vapi_provisioner_http_request_duration_seconds_count",
                "method",
                "POST",
                "route",
                "/webhooks/pending-vapi-provision",
                "status",
                "200"))
        .isEqualTo(1);
    double total = scrape.value("vapi_provisioner_provision_duration_seconds_sum");
    double phases = 0;
    for (String phase : Set.of("vapi", "settle", "wait")) {
      double spent =
          scrape.value("vapi_provisioner_provision_phase_duration_seconds_sum", "phase", phase);
      assertThat(spent).as(phase).isGreaterThanOrEqualTo(0);
      phases += spent;
    }
    assertThat(total).isPositive();
    assertThat(phases).isCloseTo(total, within(1e-6));
  }

  @Test
  void failureIsCountedWithItsCause() {
    world.vapi.onCreate().next(Fault.status(400));
    world.ring(world.person());

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(PROVISIONS, "outcome", "failed")).isEqualTo(1);
    assertThat(scrape.value("vapi_provisioner_provision_errors_total", "error_code", "rejected"))
        .isEqualTo(1);
    assertThat(scrape.value(CALLS, "operation", "create", "answer", "rejected")).isEqualTo(1);
    assertThat(scrape.value(ROWS, "status", "failed")).isEqualTo(1);
    assertThat(scrape.value("vapi_provisioner_queue_needs_a_person_rows")).isEqualTo(1);
    assertThat(scrape.value(DOUBTS, "how", "given_up")).isZero();
  }

  @Test
  void doubtIsCountedByWhatBecameOfIt() {
    Person adopted = world.person();
    world.vapi.onCreate().next(Fault.dropAfterApplying());
    world.ring(adopted);
    Person anew = world.person();
    world.doubt(anew);
    world.elapse(Duration.ofSeconds(31));
    world.reconcile();
    Person twice = world.person();
    world.settleInDoubt(twice, Duration.ofHours(2));
    world.use(twice, "asst-another");
    world.vapi.seed(world.marks(twice), Instant.now().minus(Duration.ofHours(2)));
    Person hopeless = world.person();
    world.doubt(hopeless);
    world.vapi.onCreate().next(Fault.status(400));
    world.reconcile();

    Scrape scrape = Scrape.of(service);
    assertThat(
            scrape.value(
                "vapi_provisioner_provision_errors_total", "error_code", "unknown_outcome"))
        .isEqualTo(1);
    assertThat(scrape.value(DOUBTS, "how", "adopted")).isEqualTo(1);
    assertThat(scrape.value(DOUBTS, "how", "created_anew")).isEqualTo(1);
    assertThat(scrape.value(DOUBTS, "how", "collected")).isEqualTo(1);
    assertThat(scrape.value(DOUBTS, "how", "given_up")).isEqualTo(1);
    assertThat(scrape.value(DELETED, "reason", "duplicate")).isEqualTo(1);
    assertThat(scrape.value(DELETED, "reason", "departed")).isZero();
    assertThat(scrape.count("vapi_provisioner_looks_total")).isPositive();
  }

  @Test
  void assistantOfADepartedUserIsNoDuplicate() {
    Person person = world.person();
    world.ring(person);
    world.delete(person);
    world.elapse(Duration.ofMinutes(2));
    world.reconcile();

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(DELETED, "reason", "departed")).isEqualTo(1);
    assertThat(scrape.value(DELETED, "reason", "duplicate")).isZero();
    assertThat(scrape.value("vapi_provisioner_looks_total", "doubt", "over")).isEqualTo(1);
  }

  @Test
  void queueStandsAsItIsNow() {
    world.person();
    world.person();
    world.elapse(Duration.ofMinutes(20));

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(ROWS, "status", "pending")).isEqualTo(2);
    assertThat(scrape.value("vapi_provisioner_queue_due_rows")).isEqualTo(2);
    assertThat(scrape.value("vapi_provisioner_queue_oldest_due_age_seconds"))
        .isBetween(19 * 60.0, 25 * 60.0);
    world.elapse(Duration.ofSeconds(2));
    world.reconcile();
    world.elapse(Duration.ofSeconds(2));
    scrape = Scrape.of(service);
    assertThat(scrape.value(ROWS, "status", "pending")).isZero();
    assertThat(scrape.value(ROWS, "status", "processed")).isEqualTo(2);
    assertThat(scrape.value("vapi_provisioner_queue_oldest_due_age_seconds")).isZero();
  }

  @Test
  void databaseThatIsAwayTakesOnlyItsOwnNumbersAlong() {
    world.ring(world.person());
    world.wire.cut();
    world.elapse(Duration.ofSeconds(2));

    Scrape scrape = Scrape.of(service);

    assertThat(scrape.value(ROWS, "status", "pending")).isNaN();
    assertThat(scrape.value("vapi_provisioner_queue_oldest_due_age_seconds")).isNaN();
    assertThat(scrape.value("vapi_provisioner_ready")).isZero();
    assertThat(scrape.value(PROVISIONS, "outcome", "created")).isEqualTo(1);
    world.wire.restore();
    eventually(
        "its numbers are told again",
        () -> {
          world.elapse(Duration.ofSeconds(2));
          return Scrape.of(service).value(ROWS, "status", "processed") == 1;
        });
  }

  @Test
  void gateIsInOneState() {
    String gate = "vapi_provisioner_gate_state";
    assertThat(Scrape.of(service).value(gate, "state", "open")).isEqualTo(1);
    world.vapi.onCreate().next(Fault.status(401));

    world.ring(world.person());

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(gate, "state", "open")).isZero();
    assertThat(scrape.value(gate, "state", "throttled")).isZero();
    assertThat(scrape.value(gate, "state", "refused")).isEqualTo(1);
    assertThat(scrape.value("vapi_provisioner_gate_pause_seconds")).isBetween(1.0, 60.0);
  }

  @Test
  void webhookThatIsRefusedIsCountedByWhy() {
    String path = "/webhooks/pending-vapi-provision";
    world.send(world.request(path).POST(HttpRequest.BodyPublishers.ofString("{}")));
    world.post(service, path, "{}");
    world.ring(service, UUID.randomUUID());
    world.wire.cut();
    world.ring(new Person(UUID.randomUUID(), UUID.randomUUID()));

    Scrape scrape = Scrape.of(service);
    assertThat(scrape.value(WEBHOOKS, "result", "unauthorized")).isEqualTo(1);
    assertThat(scrape.value(WEBHOOKS, "result", "malformed")).isEqualTo(1);
    assertThat(scrape.value(WEBHOOKS, "result", "no_such_provision")).isEqualTo(1);
    assertThat(scrape.value(WEBHOOKS, "result", "unavailable")).isEqualTo(1);
    assertThat(scrape.value(WEBHOOKS, "result", "settled")).isZero();
  }

  @Test
  void noLabelHoldsWhatACallerOrAUserWrites() {
    liveThrough();
    Pattern harmless = Pattern.compile("[A-Za-z0-9_./{}+' -]{0,60}");
    Pattern id = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-");

    Scrape scrape = Scrape.of(service);

    assertThat(scrape.samples()).hasSizeGreaterThan(100);
    scrape
        .samples()
        .forEach(sample ->
            sample
                .labels()
                .values()
                .forEach(value -> assertThat(value).matches(harmless).doesNotContainPattern(id)));
    assertThat(scrape.text()).doesNotContain("surprise", "SURPRISE", "@", "asst");
    assertThat(
            scrape.count("vapi_provisioner_http_request_duration_seconds_count", "route", "none"))
        .isPositive();
  }

  @Test
  void nothingElseIsServedThere() {
    HttpResponse<String> metrics = Scrape.get(service, "/metrics");
    HttpResponse<String> other = Scrape.get(service, "/healthz");

    assertThat(metrics.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(other.statusCode()).isEqualTo(404);
    assertThat(other.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(world.get("/metrics").status()).isEqualTo(404);
  }

  @Test
  void whereMetricsAreOffNoneAreServed() {
    Service quiet = world.with("METRICS_PORT", "off").start();

    assertThat(world.ring(quiet, world.person().provision()).status()).isEqualTo(200);
    assertThatThrownBy(quiet::metricsPort).hasMessage("METRICS_PORT is off");
  }

  @Test
  void readmeNamesThemAll() throws IOException {
    liveThrough();
    Set<String> described =
        Pattern.compile("(?m)^\\| `((?:vapi_provisioner|hikaricp)_\\w+)")
            .matcher(Files.readString(Path.of("README.md")))
            .results()
            .map(each -> each.group(1))
            .collect(toCollection(TreeSet::new));

    Set<String> exported =
        Scrape.of(service).families().stream()
            .filter(each -> each.startsWith("vapi_provisioner_"))
            .filter(each -> !each.endsWith("_max")) // what every duration has as well
            .collect(toCollection(TreeSet::new));

    assertThat(exported).isEqualTo(described);
  }

  /** Something of everything. */
  private void liveThrough() {
    world.ring(world.person("surprise@example.com", "Surprise Person"));
    world.vapi.onCreate().next(Fault.status(500, "{\"message\": \"surprise@example.com\"}"));
    world.ring(world.person());
    world.send(
        HttpRequest.newBuilder(world.uri("/surprise/of/a/caller"))
            .method("SURPRISE", HttpRequest.BodyPublishers.noBody()));
    world.get("/provisions/" + UUID.randomUUID());
    world.get("/provisions?status=surprise");
    world.elapse(Duration.ofMinutes(5));
    world.reconcile();
  }
}
