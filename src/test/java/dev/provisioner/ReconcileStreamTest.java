package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** A reconcile told line by line: when lines come, how they end, and when nobody reads them. */
@ExtendWith(SharedSupabase.class)
class ReconcileStreamTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final List<String> OUTCOMES =
      List.of("created", "adopted", "already_provisioned", "errored", "failed", "lost", "released");

  private final World world;
  private final Logger logger =
      (Logger) LoggerFactory.getLogger("dev.provisioner.http.ReconcileStream");
  private final Listener log = new Listener();

  ReconcileStreamTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s");
  }

  private static final class Listener extends AppenderBase<ILoggingEvent> {
    private final Queue<String> heard = new ConcurrentLinkedQueue<>();

    @Override
    protected void append(ILoggingEvent event) {
      heard.add(event.getFormattedMessage());
    }

    boolean heard(String text) {
      return heard.stream().anyMatch(each -> each.contains(text));
    }
  }

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void end() {
    logger.detachAppender(log);
    world.close();
  }

  @Test
  void rowIsToldWhenItIsSettledThoughAnotherIsNot() throws Exception {
    world.start();
    List<Person> people = world.people(2);
    world.elapse(A_MINUTE);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);

    try (Lines lines = new Lines(world, "{}")) {
      JsonNode first = lines.next();

      hold.awaitArrived(PATIENCE);
      Person told = personOf(people, first);
      assertThat(first.at("/row/outcome").asText()).isEqualTo("created");
      assertThat(first.at("/row/user_id").asText()).isEqualTo(told.user().toString());
      assertThat(first.at("/row/assistant_id").asText()).isEqualTo(world.inUse(told));
      assertThat(first.at("/totals/done").asInt()).isEqualTo(1);
      assertThat(people)
          .extracting(each -> world.row(each).status())
          .containsExactlyInAnyOrder("processed", "processing");
      lines.awaitBeat();

      hold.release();
      JsonNode second = lines.next();
      assertThat(personOf(people, second)).isNotEqualTo(told);
      assertThat(second.at("/totals/created").asInt()).isEqualTo(2);
      JsonNode last = lines.next();
      assertThat(last.at("/summary/created").asInt()).isEqualTo(2);
      assertThat(lines.atEnd()).isTrue();
    }
  }

  @Test
  void summaryIsThatOfTheJsonAndTotalsLeadUpToIt() throws Exception {
    world.start();
    world.use(world.person(), "the-apps-own");
    Person rejected = world.person();
    world.ring(rejected);
    world.people(3);
    world.elapse(A_MINUTE);
    world.vapi.onCreate().next(Fault.status(400)).next(Fault.status(500));

    List<JsonNode> rows = new ArrayList<>();
    JsonNode summary;
    try (Lines lines = new Lines(world, "{}")) {
      JsonNode line = lines.next();
      while (line.has("row")) {
        rows.add(line);
        line = lines.next();
      }
      summary = line.path("summary");
    }

    assertThat(rows).hasSize(4);
    assertThat(summary.path("claimed").asInt()).isEqualTo(4);
    JsonNode totals = rows.getLast().path("totals");
    for (String outcome : OUTCOMES) {
      assertThat(rows.stream().filter(each -> each.at("/row/outcome").asText().equals(outcome)))
          .as(outcome)
          .hasSize(summary.path(outcome).asInt(-1))
          .hasSize(totals.path(outcome).asInt(-1));
    }
    for (int i = 0; i < rows.size(); i++) {
      assertThat(rows.get(i).at("/totals/done").asInt()).isEqualTo(i + 1);
      String outcome = rows.get(i).at("/row/outcome").asText();
      assertThat(rows.get(i).path("row").has("error"))
          .isEqualTo(List.of("errored", "failed").contains(outcome));
    }
    assertThat(summary.fieldNames())
        .toIterable()
        .containsExactlyElementsOf(() -> world.reconcile().json().fieldNames());
    assertThat(rows.toString()).doesNotContain("@");
  }

  @Test
  void nothingDueIsTheSummaryAlone() {
    world.start();
    world.person(); // not due yet

    Answer answer = world.send(inLines("{}"));

    assertThat(answer.response().body().lines()).hasSize(1);
    assertThat(answer.json().at("/summary/claimed").asInt(-1)).isZero();
  }

  @Test
  void whoGoesAwayStopsTheClaimingAndLosesNothing() throws Exception {
    world.with("VAPI_CONCURRENCY", "1").start();
    List<Person> people = world.people(6);
    world.elapse(A_MINUTE);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);

    try (Lines lines = new Lines(world, "{}")) {
      lines.awaitBeat(); // which is all that can be told while the first create is held
    }
    eventually("the service to notice", () -> log.heard("went away after 0 rows"));
    assertThat(statuses(people)).containsOnly("processing", "pending");
    hold.release();
    eventually("its end", () -> log.heard("nobody left to be told"));

    assertThat(statuses(people).stream().filter("processed"::equals)).as("one batch").hasSize(4);
    assertThat(statuses(people).stream().filter("pending"::equals)).as("unclaimed").hasSize(2);
    assertThat(world.vapi.creates()).isEqualTo(4);
    assertThat(world.reconcile().number("created")).isEqualTo(2);
    assertThat(world.vapi.creates()).isEqualTo(6);
  }

  @Test
  void databaseThatGoesAwayMeanwhileIsToldInTheLastLine() throws Exception {
    world.with("VAPI_CONCURRENCY", "1").start();
    List<Person> people = world.people(6);
    world.elapse(A_MINUTE);
    AtomicInteger claims = new AtomicInteger();
    world.wire.loseAnswerOf(
        sql -> sql.contains("set status = 'processing'") && claims.incrementAndGet() == 2);

    Answer answer = world.send(inLines("{}"));

    assertThat(answer.status()).isEqualTo(200);
    List<String> lines = answer.response().body().lines().filter(each -> !each.isEmpty()).toList();
    assertThat(lines).as("%s", answer).hasSize(5);
    assertThat(lines.subList(0, 4)).allMatch(each -> each.contains("\"outcome\":\"created\""));
    assertThat(lines.getLast())
        .startsWith("{\"problem\":")
        .contains("urn:vapi-provisioner:problem:database-unavailable", "\"status\":503")
        .contains("what is due stays due")
        .contains(answer.response().headers().firstValue("X-Request-Id").orElseThrow());
    people.forEach(world::endLease); // what was claimed without anybody knowing
    world.elapse(Duration.ofHours(2));
    assertThat(world.reconcile().number("created")).isEqualTo(2);
    assertThat(world.vapi.creates()).isEqualTo(6);
  }

  @Test
  void whatGoesWrongBeforeTheFirstLineIsRefusedAsEver() {
    world.start();
    world.person();
    world.elapse(A_MINUTE);

    assertThat(world.send(inLines("{\"limit\": 0}")).status()).isEqualTo(400);
    world.wire.cut();
    Answer answer = Refusal.of(world, inLines("{}"), 503, "database-unavailable");
    assertThat(answer.response().headers().firstValue("Retry-After")).hasValue("5");
  }

  @Test
  void drainingInstanceFinishesWhatItTells() throws Exception {
    Service service = world.with("VAPI_CONCURRENCY", "1").start();
    List<Person> people = world.people(6);
    world.elapse(A_MINUTE);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);

    try (Lines lines = new Lines(world, "{}")) {
      lines.awaitBeat();
      Future<Boolean> drained =
          world.inBackground(() -> {
            service.drain(Duration.ZERO);
            return true;
          });
      eventually(
          "three rows handed back",
          () -> statuses(people).stream().filter("processing"::equals).count() == 1);
      hold.release();
      JsonNode line = lines.next();
      while (line.has("row")) {
        line = lines.next();
      }

      assertThat(line.at("/summary/created").asInt()).isEqualTo(1);
      assertThat(line.at("/summary/released").asInt()).isEqualTo(3);
      assertThat(drained.get()).isTrue();
    }
  }

  @Test
  void previewAndWhatGoesOnByItselfAreAnsweredInJson() {
    world.start();
    world.person();
    world.elapse(A_MINUTE);

    Answer preview = world.send(inLines("{\"dry_run\": true}"));
    Answer async = world.send(inLines("{}").header("Prefer", "respond-async"));

    assertThat(preview.number("would_claim")).isEqualTo(1);
    assertThat(async.status()).isEqualTo(202);
    for (Answer each : List.of(preview, async)) {
      assertThat(each.response().headers().firstValue("Content-Type")).hasValue("application/json");
    }
    eventually(
        "the row is processed",
        () ->
            world.count(
                    "select count(*) from public.pending_vapi_provision where status = 'processed'")
                == 1);
  }

  private HttpRequest.Builder inLines(String body) {
    return world
        .signed(world.request("/reconcile"), body)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json;q=0.5, application/x-ndjson");
  }

  private List<String> statuses(List<Person> people) {
    return people.stream().map(each -> world.row(each).status()).toList();
  }

  private static Person personOf(List<Person> people, JsonNode line) {
    String id = line.at("/row/id").asText();
    return people.stream()
        .filter(each -> each.provision().toString().equals(id))
        .findAny()
        .orElseThrow(() -> new AssertionError("of nobody: " + line));
  }
}
