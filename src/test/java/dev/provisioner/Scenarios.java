package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.contract.Document.Operation;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Future;

/**
 * How each operation is brought to each answer it may give, by nothing but what the outside can do:
 * requests, Vapi's answers, and the database's state. For 500 the database is one that a later
 * release might have: it holds a status that this one does not know. Whoever documents one more
 * status adds its scenario here.
 */
final class Scenarios {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";
  private static final Duration A_MINUTE = Duration.ofMinutes(1);
  private static final String TOO_LARGE = "{\"padding\": \"" + "x".repeat(65 * 1024) + "\"}";

  private final List<Scenario> all = new ArrayList<>();

  Scenarios() {
    announceProvision();
    reconcile();
    reconcileInLines();
    audit();
    getProvision();
    listProvisions();
    getStats();
    scenario("getHealth", 200, "alive", world -> world.get("/healthz"));
    scenario("getReadiness", 200, "ready", world -> world.get("/readyz"));
    scenario("getReadiness", 200, "degraded", Scenarios::degraded);
    scenario("getReadiness", 503, "the database is away", world -> cutOff(world).get("/readyz"));
    scenario("getReadiness", 503, "the instance is shutting down", Scenarios::draining);
    scenario("getContract", 200, "served", world -> world.get("/openapi.yaml"));
    scenario("getConsole", 200, "served", world -> world.get("/"));
    scenario("getConsole", 304, "kept", world -> again(world, "/"));
    for (String file : List.of("console.css", "console.js", "icon.svg")) {
      scenario("getConsoleFile", 200, file, world -> world.get("/console/" + file));
    }
    scenario("getConsoleFile", 304, "kept", world -> again(world, "/console/console.js"));
    scenario("getConsoleFile", 404, "no such file", world -> world.get("/console/none.js"));
  }

  /** What is done to a world in which one instance serves, up to the answer in question. */
  interface Act {
    Answer play(World world);
  }

  /** One way to one answer. */
  record Scenario(String operation, int status, String name, Act act) {
    @Override
    public String toString() {
      return operation + " " + status + ": " + name;
    }
  }

  List<Scenario> all() {
    return List.copyOf(all);
  }

  /** Those that lead to this answer of this operation. */
  List<Scenario> of(Operation operation, int status) {
    return all.stream()
        .filter(each -> each.operation().equals(operation.id()) && each.status() == status)
        .toList();
  }

  private void scenario(String operation, int status, String name, Act act) {
    all.add(new Scenario(operation, status, name, act));
  }

  private void announceProvision() {
    String operation = "announceProvision";
    scenario(operation, 200, "created", world -> world.ring(world.person()));
    scenario(operation, 200, "adopted", Scenarios::adopted);
    scenario(operation, 200, "already_provisioned", Scenarios::rungTwice);
    scenario(operation, 200, "failed", Scenarios::failed);
    scenario(operation, 200, "ignored", Scenarios::ignored);
    scenario(operation, 202, "nobody can tell", Scenarios::unknown);
    scenario(operation, 400, "no JSON", world -> post(world, WEBHOOK, "{"));
    scenario(operation, 400, "no record", world -> post(world, WEBHOOK, "{}"));
    scenario(operation, 401, "no proof", world -> world.send(json(world, WEBHOOK, "{}")));
    scenario(operation, 403, "the other scope", world -> bear(world, WEBHOOK, Scope.OPERATE));
    scenario(
        operation,
        404,
        "no such row",
        world -> post(world, WEBHOOK, World.announcement(UUID.randomUUID())));
    scenario(operation, 413, "too large", world -> post(world, WEBHOOK, TOO_LARGE));
    scenario(operation, 415, "no content type", world -> plain(world, WEBHOOK));
    scenario(
        operation,
        422,
        "another table",
        world -> post(world, WEBHOOK, "{\"type\": \"INSERT\", \"table\": \"profiles\"}"));
    scenario(operation, 500, "a status of the future", world -> world.ring(puzzling(world)));
    scenario(operation, 503, "the database is away", world -> cutOff(world).ring(nobody()));
  }

  private void reconcile() {
    String operation = "reconcile";
    scenario(operation, 200, "summary", Scenarios::summary);
    scenario(operation, 200, "summary while paused", Scenarios::paused);
    scenario(operation, 200, "preview", Scenarios::preview);
    scenario(
        operation,
        202,
        "respond-async",
        world ->
            world.send(
                world.signed(
                    json(world, "/reconcile", "{}").header("Prefer", "respond-async"), "{}")));
    scenario(operation, 400, "no JSON", world -> post(world, "/reconcile", "{"));
    scenario(operation, 400, "no such field", world -> post(world, "/reconcile", "{\"all\": 1}"));
    scenario(operation, 401, "no proof", world -> world.send(json(world, "/reconcile", "{}")));
    scenario(operation, 403, "the other scope", world -> bear(world, "/reconcile", Scope.WEBHOOK));
    scenario(operation, 413, "too large", world -> post(world, "/reconcile", TOO_LARGE));
    scenario(operation, 415, "no content type", world -> plain(world, "/reconcile"));
    scenario(
        operation,
        500,
        "a status of the future",
        world -> {
          puzzling(world);
          return world.reconcile("{\"dry_run\": true}");
        });
    scenario(operation, 503, "the database is away", world -> cutOff(world).reconcile(nobody()));
  }

  private void reconcileInLines() {
    String operation = "reconcile";
    scenario(operation, 200, "told in lines", Scenarios::lines);
    scenario(operation, 200, "told in lines while paused", Scenarios::pausedLines);
    scenario(operation, 200, "told in lines up to a bug", Scenarios::brokenLines);
  }

  private void listProvisions() {
    String operation = "listProvisions";
    scenario(operation, 200, "none", world -> world.get("/provisions"));
    scenario(operation, 200, "more than a page", Scenarios::page);
    scenario(operation, 400, "no such parameter", world -> world.get("/provisions?state=failed"));
    scenario(operation, 400, "no cursor", world -> world.get("/provisions?cursor=2"));
    proofs(operation, "/provisions");
    scenario(operation, 500, "a row of nobody", Scenarios::nobodysRow);
    scenario(operation, 503, "the database is away", world -> cutOff(world).get("/provisions"));
  }

  private void getStats() {
    String operation = "getStats";
    scenario(operation, 200, "all is well", world -> world.get("/stats"));
    scenario(operation, 200, "trouble", Scenarios::troubled);
    scenario(operation, 400, "a parameter", world -> world.get("/stats?status=failed"));
    proofs(operation, "/stats");
    scenario(
        operation,
        500,
        "a status of the future",
        world -> {
          puzzling(world);
          return world.get("/stats");
        });
    scenario(operation, 503, "the database is away", world -> cutOff(world).get("/stats"));
  }

  private void proofs(String operation, String path) {
    scenario(operation, 401, "no proof", world -> world.send(world.request(path)));
    scenario(
        operation,
        403,
        "the other scope",
        world ->
            world.send(
                world
                    .request(path)
                    .header("Authorization", "Bearer " + World.token(Scope.WEBHOOK))));
  }

  private void audit() {
    String operation = "audit";
    scenario(operation, 200, "clean", World::audit);
    scenario(operation, 200, "mended", Scenarios::mended);
    scenario(operation, 400, "no JSON", world -> world.audit("{"));
    scenario(operation, 400, "no such field", world -> world.audit("{\"all\": 1}"));
    scenario(operation, 401, "no proof", world -> world.send(json(world, "/audit", "{}")));
    scenario(operation, 403, "the other scope", world -> bear(world, "/audit", Scope.WEBHOOK));
    scenario(operation, 409, "no installation", world -> world.audit("{\"apply\": true}"));
    scenario(operation, 409, "another organisation", Scenarios::elsewhere);
    scenario(operation, 409, "rows are hidden", Scenarios::hidden);
    scenario(operation, 409, "much to mend", Scenarios::muchToMend);
    scenario(operation, 409, "two at once", Scenarios::twoAudits);
    scenario(operation, 413, "too large", world -> world.audit(TOO_LARGE));
    scenario(
        operation,
        415,
        "no content type",
        world ->
            world.send(
                world
                    .request("/audit")
                    .header("Authorization", "Bearer " + World.token(Scope.OPERATE))
                    .POST(BodyPublishers.ofString("{}"))));
    scenario(
        operation,
        500,
        "an installation without id",
        world -> {
          world.sql("delete from provisioning.installation");
          return world.audit();
        });
    scenario(operation, 503, "the database is away", world -> cutOff(world).audit());
    scenario(
        operation,
        503,
        "Vapi does not list",
        world -> {
          world.vapi.onList().next(Fault.status(500));
          return world.audit();
        });
  }

  private void getProvision() {
    String operation = "getProvision";
    scenario(operation, 200, "fresh", world -> world.get(path(world.person())));
    scenario(operation, 200, "processed", Scenarios::processedRow);
    scenario(operation, 200, "in doubt", Scenarios::doubtfulRow);
    scenario(operation, 400, "no UUID", world -> world.get("/provisions/first"));
    scenario(operation, 401, "no proof", world -> world.send(world.request(path(world.person()))));
    scenario(
        operation,
        403,
        "the other scope",
        world ->
            world.send(
                world
                    .request(path(world.person()))
                    .header("Authorization", "Bearer " + World.token(Scope.WEBHOOK))));
    scenario(operation, 404, "no such row", world -> world.get(path(nobody())));
    scenario(operation, 500, "a status of the future", world -> world.get(path(puzzling(world))));
    scenario(operation, 503, "the database is away", world -> cutOff(world).get(path(nobody())));
  }

  private static Answer adopted(World world) {
    Person person = world.person();
    world.doubt(person);
    world.vapi.seed(world.marks(person), Instant.now().minusSeconds(50));
    return world.ring(person);
  }

  private static Answer rungTwice(World world) {
    Person person = world.person();
    world.ring(person);
    return world.ring(person);
  }

  private static Answer failed(World world) {
    world.vapi.onCreate().next(Fault.status(400, "{\"message\": \"name is too long\"}"));
    return world.ring(world.person());
  }

  private static Answer ignored(World world) {
    String body = World.announcement(UUID.randomUUID()).replace("INSERT", "UPDATE");
    return post(world, WEBHOOK, body);
  }

  private static Answer unknown(World world) {
    world.vapi.onCreate().next(Fault.status(500));
    return world.ring(world.person());
  }

  private static Answer summary(World world) {
    world.people(2);
    world.elapse(A_MINUTE);
    return world.reconcile();
  }

  private static Answer lines(World world) {
    world.people(3);
    world.elapse(A_MINUTE);
    world.vapi.onCreate().next(Fault.status(400));
    return inLines(world);
  }

  private static Answer pausedLines(World world) {
    paused(world);
    return inLines(world);
  }

  private static Answer inLines(World world) {
    return world.send(
        world.signed(
            json(world, "/reconcile", "{}").header("Accept", "application/x-ndjson"), "{}"));
  }

  /** One batch is told of; in the next is a row that this release cannot read. */
  private static Answer brokenLines(World world) {
    Person puzzling = puzzling(world);
    world.people(40);
    world.sql(
        """
        update public.pending_vapi_provision
           set next_attempt_at = now() - interval '1 minute' where id <> ?\
        """,
        puzzling.provision());
    return inLines(world);
  }

  private static Answer page(World world) {
    world.people(2);
    return world.get("/provisions?limit=1");
  }

  private static Answer nobodysRow(World world) {
    Person person = world.person();
    world.sql("alter table public.pending_vapi_provision alter user_id drop not null");
    world.sql(
        "update public.pending_vapi_provision set user_id = null where id = ?", person.provision());
    return world.get("/provisions");
  }

  private static Answer troubled(World world) {
    world.vapi.onCreate().next(Fault.status(400)).next(Fault.throttled(Duration.ofMinutes(5)));
    world.ring(world.person());
    world.ring(world.person());
    world.person();
    world.elapse(A_MINUTE);
    return world.get("/stats");
  }

  private static Answer paused(World world) {
    world.vapi.onCreate().next(Fault.throttled(Duration.ofMinutes(5)));
    world.ring(world.person());
    return world.reconcile();
  }

  private static Answer preview(World world) {
    world.person();
    world.elapse(A_MINUTE);
    return world.reconcile("{\"dry_run\": true}");
  }

  /** One of everything that an audit finds. */
  private static Answer mended(World world) {
    Person provided = world.person();
    world.ring(provided);
    world.vapi.seed(world.marks(provided), Instant.now());
    world.vapi.seed(world.marks(nobody()), Instant.now());
    world.vapi.seed(world.marks(world.person()), Instant.now());
    Person dangling = world.person();
    world.ring(dangling);
    world.vapi.deleteByHand(String.valueOf(world.inUse(dangling)));
    return world.applyAudit();
  }

  private static Answer elsewhere(World world) {
    world.sql("update provisioning.installation set organisation = 'another'");
    world.ring(world.person());
    return world.audit();
  }

  private static Answer hidden(World world) {
    world.sql("drop policy \"the provisioner works the queue\" on public.pending_vapi_provision");
    return world.audit();
  }

  private static Answer muchToMend(World world) {
    for (int i = 0; i < 11; i++) {
      world.vapi.seed(world.marks(nobody()), Instant.now());
    }
    return world.applyAudit();
  }

  private static Answer twoAudits(World world) {
    Hold hold = Hold.beforeApplying();
    world.vapi.onList().next(hold);
    Future<Answer> first = world.inBackground(world::audit);
    hold.awaitArrived(Duration.ofSeconds(10));
    Answer second = world.audit();
    hold.release();
    eventually("the first is answered", first::isDone);
    return second;
  }

  private static Answer degraded(World world) {
    world.vapi.revokeKeys();
    world.ring(world.person());
    return world.get("/readyz");
  }

  private static Answer processedRow(World world) {
    Person person = world.person();
    world.ring(person);
    return world.get(path(person));
  }

  private static Answer doubtfulRow(World world) {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.status(500));
    world.ring(person);
    return world.get(path(person));
  }

  /** A row that is due, and whose status this release has never heard of. */
  private static Person puzzling(World world) {
    Person person = world.person();
    world.sql(
        """
        alter table public.pending_vapi_provision
          drop constraint status_is_known, drop constraint open_rows_have_a_clock\
        """);
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'archived', next_attempt_at = now() where id = ?\
        """,
        person.provision());
    return person;
  }

  private static Person nobody() {
    return new Person(UUID.randomUUID(), UUID.randomUUID());
  }

  private static World cutOff(World world) {
    world.wire.cut();
    return world;
  }

  private static String path(Person person) {
    return "/provisions/" + person.provision();
  }

  /** Asked for by somebody who has it. */
  private static Answer again(World world, String path) {
    String tag = world.get(path).response().headers().firstValue("ETag").orElseThrow();
    return world.send(world.request(path).header("If-None-Match", tag));
  }

  private static HttpRequest.Builder json(World world, String path, String body) {
    return world
        .request(path)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  private static Answer post(World world, String path, String body) {
    return world.send(world.signed(json(world, path, body), body));
  }

  private static Answer bear(World world, String path, Scope scope) {
    return world.send(
        json(world, path, "{}").header("Authorization", "Bearer " + World.token(scope)));
  }

  private static Answer plain(World world, String path) {
    return world.send(world.signed(world.request(path), "{\"type\": \"INSERT\"}"));
  }

  private static Answer draining(World world) {
    Service leaving = world.start();
    Thread drain =
        Thread.ofVirtual()
            .start(() -> {
              try {
                leaving.drain(Duration.ofMinutes(1));
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try {
      eventually("it says so", () -> readiness(world, leaving).status() == 503);
      return readiness(world, leaving);
    } finally {
      drain.interrupt();
    }
  }

  private static Answer readiness(World world, Service service) {
    return world.send(HttpRequest.newBuilder(World.uri(service, "/readyz")));
  }
}
