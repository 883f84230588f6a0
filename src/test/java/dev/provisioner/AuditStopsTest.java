package dev.provisioner;

import static dev.provisioner.AuditTest.counts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps an audit from doing harm: it stops, says why, and has changed nothing. */
@ExtendWith(SharedSupabase.class)
class AuditStopsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final World world;

  AuditStopsTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void applyingNeedsTheInstallationAndSaysWhichItIs() {
    world.start();
    orphans(1);

    Answer unnamed = world.audit("{\"apply\": true}");

    stopped(unnamed, 409, "other-installation");
    assertThat(unnamed.field("detail"))
        .contains("\"installation\": \"" + world.installation() + "\"");
    assertThat(world.vapi.calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void auditMeantForAnotherInstallationIsNone(String apply) {
    world.start();
    orphans(1);

    Answer wrong = world.audit("{\"apply\": " + apply + ", \"installation\": \"staging\"}");

    stopped(wrong, 409, "other-installation");
    assertThat(wrong.field("detail")).contains(world.installation()).doesNotContain("staging");
    assertThat(world.vapi.calls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "drop policy \"the provisioner works the queue\" on public.pending_vapi_provision",
        "revoke execute on function provisioning.requeue(uuid) from provisioner",
      })
  void databaseThatDoesNotShowEverythingIsNotAudited(String damage) {
    world.start();
    Person person = world.person();
    world.ring(person);
    orphans(1);
    world.sql(damage);
    int calls = world.vapi.calls().size();

    Answer report = world.audit();
    Answer applied =
        world.audit(
            "{\"apply\": true, \"force\": true, \"installation\": \"%s\"}"
                .formatted(world.installation()));

    stopped(report, 409, "database-unfit");
    stopped(applied, 409, "database-unfit");
    assertThat(applied.field("detail")).contains("As role postgres: ");
    assertThat(world.vapi.calls()).hasSize(calls);
  }

  @Test
  void moreThanAFewAreMendedOnlyByForce() {
    world.start();
    orphans(6);
    world.unseen(5, "now()");
    String before = world.dump();

    Answer stopped = world.applyAudit();

    stopped(stopped, 409, "too-much-to-mend");
    assertThat(stopped.field("detail"))
        .contains("6 assistants to delete", "5 users without a row", "more than 10", "\"force\"");
    assertThat(world.dump()).isEqualTo(before);
    assertThat(counts(world.audit())).containsAllEntriesOf(Map.of("to_mend", 11, "limit", 10));
    Answer forced =
        world.audit(
            "{\"apply\": true, \"force\": true, \"installation\": \"%s\"}"
                .formatted(world.installation()));
    assertThat(counts(forced)).containsAllEntriesOf(Map.of("deleted", 6, "enqueued", 5));
    assertThat(forced.json().path("force").asBoolean()).isTrue();
  }

  @Test
  void tenAreMendedWithoutForce() {
    world.start();
    orphans(10);

    assertThat(counts(world.applyAudit())).containsEntry("deleted", 10);
  }

  @Test
  void accountThatIsRefusedIsNotAudited() {
    world.start();
    orphans(1);
    world.vapi.revokeKeys();

    Answer first = world.applyAudit();
    Answer second = world.applyAudit();

    stopped(first, 503, "vapi-unavailable");
    assertThat(first.field("detail")).contains("HTTP 401");
    stopped(second, 503, "vapi-unavailable");
    assertThat(second.field("detail")).contains("calls are paused");
    assertThat(second.response().headers().firstValueAsLong("Retry-After").orElseThrow())
        .isBetween(30L, 60L);
    assertThat(world.vapi.calls()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"500", "cut", "throttled"})
  void listingThatFailsHalfWayTellsNothing(String how) {
    world.start();
    orphans(1);
    world.vapi.seed(1500, Map.of(), Instant.now().minusSeconds(600), Instant.now());
    world
        .vapi
        .onList()
        .next(2, Fault.delay(Duration.ZERO))
        .next(
            switch (how) {
              case "500" -> Fault.status(500);
              case "cut" -> Fault.cutBody();
              default -> Fault.throttled(Duration.ofSeconds(20));
            });

    Answer stopped = world.applyAudit();

    stopped(stopped, 503, "vapi-unavailable");
    assertThat(stopped.field("detail")).contains("Nothing was changed");
    assertThat(stopped.response().headers().firstValue("Retry-After")).isPresent();
    assertThat(world.vapi.callsTo(Operation.LIST)).hasSize(3);
  }

  @Test
  void idsAreNotAskedForWhenCallsArePaused() {
    world.start();
    Person person = world.person();
    Person other = world.person();
    for (Person each : new Person[] {person, other}) {
      world.ring(each);
      world.vapi.deleteByHand(String.valueOf(world.inUse(each)));
    }
    int deleted = world.vapi.deleted().size();
    String before = world.dump();
    world.vapi.onGet().next(Fault.throttled(Duration.ofSeconds(20)));

    Answer stopped = world.applyAudit();

    assertThat(stopped.status()).isEqualTo(503);
    assertThat(stopped.field("type")).endsWith(":vapi-unavailable");
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.deleted()).hasSize(deleted);
  }

  @Test
  void oneAuditAtATime() throws Exception {
    world.start();
    Hold hold = Hold.beforeApplying();
    world.vapi.onList().next(hold);
    Future<Answer> first = world.inBackground(world::audit);
    hold.awaitArrived(PATIENCE);

    stopped(world.audit(), 409, "audit-running");
    hold.release();

    assertThat(first.get().status()).isEqualTo(200);
    assertThat(world.audit().status()).as("another, afterwards").isEqualTo(200);
  }

  @Test
  void provisionsGoOnBetweenPagesAndShuttingDownEndsTheWait() throws Exception {
    world.withAuditPause(Duration.ofHours(1)).with("VAPI_CONCURRENCY", "1");
    Service service = world.start();
    world.vapi.seed(1500, Map.of(), Instant.now().minusSeconds(600), Instant.now());
    Hold hold = Hold.beforeApplying();
    world.vapi.onList().next(hold);
    Future<Answer> audit = world.inBackground(world::audit);
    hold.awaitArrived(PATIENCE);
    hold.release();

    assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
    assertThat(audit.isDone()).isFalse();
    service.drain(Duration.ofMillis(1));

    stopped(audit.get(), 503, "draining");
    assertThat(world.vapi.callsTo(Operation.LIST)).hasSize(1);
  }

  @Test
  void onlyAnOperatorMayAudit() {
    world.start();
    HttpRequest.Builder signed =
        world.signed(world.request("/audit").header("Content-Type", "application/json"), "{}");

    Refusal.of(world, signed, 401, "unauthenticated");
    Refusal.of(
        world,
        world
            .request("/audit")
            .header("Authorization", "Bearer " + World.token(Scope.WEBHOOK))
            .POST(HttpRequest.BodyPublishers.noBody()),
        403,
        "insufficient-scope");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"aply\": true}",
        "{\"apply\": \"true\"}",
        "{\"installation\": 7}",
        "{\"installation\": null}",
        "{\"force\": 1}",
      })
  void whatIsMisspeltIsRefused(String body) {
    world.start();

    Answer refused = world.audit(body);

    stopped(refused, 400, "invalid-request");
    assertThat(refused.json().path("errors")).hasSize(1);
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void noBodyAtAllIsAReport() {
    world.start();

    Answer report =
        world.send(
            world
                .request("/audit")
                .header("Authorization", "Bearer " + World.token(Scope.OPERATE))
                .POST(HttpRequest.BodyPublishers.noBody()));

    assertThat(report.status()).as("%s", report).isEqualTo(200);
    assertThat(report.json().path("applied").asBoolean()).isFalse();
  }

  @Test
  void assistantsThatOutliveTheirUsersAreKept() {
    world.with("DEPROVISION", "off").start();
    orphans(1);
    Person person = world.person();
    world.ring(person);
    String duplicate = world.vapi.seed(world.marks(person), Instant.now()).id();

    Answer applied = world.applyAudit();

    assertThat(counts(applied)).containsAllEntriesOf(Map.of("orphans", 1, "deleted", 1));
    assertThat(AuditTest.only(applied, "orphans").path("outcome").asText()).isEqualTo("kept");
    assertThat(world.vapi.deleted()).containsExactly(duplicate);
  }

  private void orphans(int count) {
    for (int i = 0; i < count; i++) {
      world.vapi.seed(
          Map.of(
              "provision_id", UUID.randomUUID().toString(),
              "user_id", UUID.randomUUID().toString(),
              "installation", world.installation()),
          Instant.now().minusSeconds(30));
    }
  }

  private void stopped(Answer answer, int status, String slug) {
    assertThat(answer.status()).as("%s", answer).isEqualTo(status);
    assertThat(answer.field("type")).isEqualTo("urn:vapi-provisioner:problem:" + slug);
    assertThat(world.vapi.deleted()).isEmpty();
  }
}
