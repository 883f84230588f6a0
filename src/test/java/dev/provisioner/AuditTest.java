package dev.provisioner;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What an audit finds, and what it does about it. */
@ExtendWith(SharedSupabase.class)
class AuditTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);

  private final World world;

  AuditTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void emptyProjectHasNothingToReport() {
    Answer report = world.audit();

    assertThat(report.status()).as("%s", report).isEqualTo(200);
    assertThat(report.field("installation")).isEqualTo(world.installation());
    assertThat(report.json().get("organisation").isNull()).isTrue();
    assertThat(report.json().path("applied").asBoolean()).isFalse();
    assertThat(counts(report)).isEqualTo(Map.of("limit", 10));
    assertThat(world.vapi.calls()).hasSize(1);
  }

  @Test
  void usersWhoHaveTheirsAreNothingToReport() {
    for (int i = 0; i < 3; i++) {
      world.provisioned();
    }
    String before = world.dump();

    Answer report = world.audit();
    Answer applied = world.applyAudit();

    assertThat(counts(report)).isEqualTo(Map.of("limit", 10, "assistants", 3, "in_use", 3));
    assertThat(counts(applied)).isEqualTo(counts(report));
    assertThat(applied.json().path("applied").asBoolean()).isTrue();
    assertThat(report.field("organisation"))
        .isEqualTo(world.vapi.assistants().getFirst().json().path("orgId").asText());
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.deleted()).isEmpty();
  }

  /** One of everything. */
  private final class Trouble {
    final Person provided = world.provisioned();
    final SimulatedAssistant duplicate = world.vapi.seed(world.marks(provided), Instant.now());
    final SimulatedAssistant orphan = world.orphan();
    final Person waiting = world.person();
    final SimulatedAssistant heldBack;
    final Person dangling = world.provisioned();
    final String gone = requireNonNull(world.inUse(dangling));
    final UUID missing = world.unseen(1, "now()");
    final UUID early = world.unseen(1, "now() - interval '1 year'");
    final List<SimulatedAssistant> notOurs;

    Trouble() {
      world.doubt(waiting);
      heldBack = world.vapi.seed(world.marks(waiting), Instant.now().minusSeconds(50));
      world.vapi.deleteByHand(gone);
      Person appMade = world.person();
      world.use(appMade, "the-apps-own");
      world.reconcile(appMade);
      Map<String, String> theirs = new HashMap<>(world.marks(provided));
      theirs.put("installation", "another");
      notOurs =
          List.of(
              world.vapi.seed(theirs, Instant.now()),
              world.vapi.seed(Map.of(), Instant.now()),
              world.vapi.seed(Map.of("installation", world.installation()), Instant.now()));
    }
  }

  @Test
  void eachFindingIsReportedAndNothingIsTouched() {
    Trouble its = new Trouble();
    String before = world.dump();
    List<SimulatedAssistant> there = world.vapi.assistants();

    Answer report = world.audit();

    assertThat(counts(report))
        .isEqualTo(
            Map.ofEntries(
                Map.entry("assistants", 5),
                Map.entry("in_use", 1),
                Map.entry("unmarked", 1),
                Map.entry("in_use_of_others", 1),
                Map.entry("orphans", 1),
                Map.entry("duplicates", 1),
                Map.entry("held_back", 1),
                Map.entry("dangling", 1),
                Map.entry("missing", 1),
                Map.entry("missing_before_installation", 1),
                Map.entry("to_mend", 4),
                Map.entry("limit", 10)));
    JsonNode orphan = only(report, "orphans");
    assertThat(orphan.path("assistant_id").asText()).isEqualTo(its.orphan.id());
    assertThat(orphan.path("outcome").asText()).isEqualTo("would_delete");
    assertThat(orphan.path("assistant_in_use").isNull()).isTrue();
    JsonNode duplicate = only(report, "duplicates");
    assertThat(duplicate.path("assistant_id").asText()).isEqualTo(its.duplicate.id());
    assertThat(duplicate.path("provision_id").asText())
        .isEqualTo(its.provided.provision().toString());
    assertThat(duplicate.path("user_id").asText()).isEqualTo(its.provided.user().toString());
    assertThat(Instant.parse(duplicate.path("created_at").asText()))
        .isEqualTo(its.duplicate.createdAt());
    assertThat(duplicate.path("assistant_in_use").asText()).isEqualTo(world.inUse(its.provided));
    assertThat(duplicate.path("outcome").asText()).isEqualTo("would_delete");
    JsonNode heldBack = only(report, "held_back");
    assertThat(heldBack.path("assistant_id").asText()).isEqualTo(its.heldBack.id());
    assertThat(heldBack.path("outcome").asText()).isEqualTo("kept");
    JsonNode dangling = only(report, "dangling");
    assertThat(dangling.path("assistant_id").asText()).isEqualTo(its.gone);
    assertThat(dangling.path("user_id").asText()).isEqualTo(its.dangling.user().toString());
    assertThat(dangling.path("provision_id").asText())
        .isEqualTo(its.dangling.provision().toString());
    assertThat(dangling.path("outcome").asText()).isEqualTo("would_requeue");
    assertThat(report.response().body()).doesNotContain("@");
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.assistants()).isEqualTo(there);
  }

  @Test
  void everythingFoundIsMendedAndASecondRunIsClean() {
    Trouble its = new Trouble();
    String oldRow = world.dump(its.dangling);

    Answer applied = world.applyAudit();

    assertThat(counts(applied))
        .containsAllEntriesOf(
            Map.of("to_mend", 4, "deleted", 2, "requeued", 1, "enqueued", 1, "held_back", 1));
    assertThat(only(applied, "orphans").path("outcome").asText()).isEqualTo("deleted");
    assertThat(only(applied, "duplicates").path("outcome").asText()).isEqualTo("deleted");
    assertThat(only(applied, "held_back").path("outcome").asText()).isEqualTo("kept");
    assertThat(world.vapi.deleted())
        .containsExactlyInAnyOrder(its.gone, its.orphan.id(), its.duplicate.id());
    assertThat(world.vapi.assistants()).containsAll(its.notOurs).contains(its.heldBack);
    assertThat(world.dump(its.dangling)).as("the old row stays as it is").isEqualTo(oldRow);
    JsonNode dangling = only(applied, "dangling");
    assertThat(dangling.path("outcome").asText()).isEqualTo("requeued");
    assertThat(dangling.path("new_provision_id").asText())
        .isEqualTo(world.provisionOf(its.dangling.user()).toString())
        .isNotEqualTo(its.dangling.provision().toString());

    world.elapse(A_MINUTE);
    world.reconcile();
    String mended = world.dump();
    int creates = world.vapi.creates();
    Answer second = world.applyAudit();

    assertThat(counts(second))
        .isEqualTo(
            Map.of(
                "assistants", 5,
                "in_use", 4,
                "unmarked", 1,
                "in_use_of_others", 1,
                "missing_before_installation", 1,
                "limit", 10));
    assertThat(world.dump()).isEqualTo(mended);
    assertThat(world.inUse(its.waiting)).isEqualTo(its.heldBack.id());
    assertThat(world.inUse(new Person(its.missing, its.missing))).isNotNull();
    assertThat(world.inUse(new Person(its.early, its.early))).isNull();
    assertThat(world.vapi.creates()).isEqualTo(creates);
    assertThat(world.vapi.deleted()).hasSize(3);
  }

  @Test
  void requeuedUserGetsExactlyOneNewAssistant() {
    Person person = world.provisioned();
    String gone = requireNonNull(world.inUse(person));
    world.vapi.deleteByHand(gone);

    world.applyAudit();

    assertThat(world.inUse(person)).isNull();
    Person anew = new Person(person.user(), world.provisionOf(person.user()));
    assertThat(world.ring(anew).field("outcome")).isEqualTo("created");
    assertThat(world.ring(person).field("outcome")).isEqualTo("already_provisioned");
    assertThat(world.vapi.creates()).isEqualTo(2);
    assertThat(world.vapi.assistants())
        .singleElement()
        .satisfies(only -> {
          assertThat(only.id()).isEqualTo(world.inUse(person)).isNotEqualTo(gone);
          assertThat(only.metadata()).containsEntry("provision_id", anew.provision().toString());
        });
    assertThat(counts(world.audit())).isEqualTo(Map.of("limit", 10, "assistants", 1, "in_use", 1));
  }

  @Test
  void assistantHandedOnToAnotherUserIsInUse() {
    Person former = world.provisioned();
    String handedOn = requireNonNull(world.inUse(former));
    Person heir = world.person();
    world.use(heir, handedOn);
    world.use(former, "the-apps-own");

    Answer applied = world.applyAudit();

    assertThat(counts(applied)).containsEntry("in_use", 1).doesNotContainKey("duplicates");
    assertThat(world.vapi.deleted()).isEmpty();
  }

  @Test
  void idThatVapiListsUnderAnotherInstallationIsNotDangling() {
    Person person = world.person();
    Map<String, String> marks = new HashMap<>(world.marks(person));
    marks.put("installation", "of-long-ago");
    String theirs = world.vapi.seed(marks, Instant.now()).id();
    processed(person, theirs);

    assertThat(counts(world.applyAudit())).isEqualTo(Map.of("limit", 10));
    assertThat(world.inUse(person)).isEqualTo(theirs);
  }

  @Test
  void idThatOnlyTheAppHasWrittenIsNeverTakenAway() {
    Person person = world.provisioned();
    world.use(person, "gone-but-not-ours");

    Answer applied = world.applyAudit();

    assertThat(counts(applied)).containsEntry("in_use_of_others", 1).containsEntry("duplicates", 1);
    assertThat(applied.json().path("dangling")).isEmpty();
    assertThat(world.inUse(person)).isEqualTo("gone-but-not-ours");
    assertThat(world.vapi.callsTo(Operation.GET)).isEmpty();
  }

  private void processed(Person person, String assistantId) {
    world.use(person, assistantId);
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processed', processed_at = now() - interval '1 minute',
               next_attempt_at = null, assistant_id = ?
         where id = ?\
        """,
        assistantId,
        person.provision());
  }

  /** Those that are not zero. */
  static Map<String, Integer> counts(Answer report) {
    assertThat(report.status()).as("%s", report).isEqualTo(200);
    Map<String, Integer> counts = new HashMap<>();
    report
        .json()
        .path("counts")
        .properties()
        .forEach(each -> counts.put(each.getKey(), each.getValue().asInt()));
    counts.values().removeIf(each -> each == 0);
    return counts;
  }

  static JsonNode only(Answer report, String list) {
    assertThat(report.json().path(list)).as("%s of %s", list, report).hasSize(1);
    return report.json().path(list).get(0);
  }
}
