package dev.provisioner;

import static dev.provisioner.AuditTest.counts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Audits of more than fits into one page, at Vapi or in the database. */
@ExtendWith(SharedSupabase.class)
class AuditScaleTest {
  private final World world;

  AuditScaleTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void strangersByTheThousandDoNotHideOurs() {
    Person first = world.provisioned();
    world.elapse(Duration.ofMinutes(50));
    world.vapi.seed(2500, Map.of(), Instant.now().minusSeconds(2400), Instant.now());
    Person last = world.provisioned();
    String orphan = orphans(1).getFirst().id();
    world.vapi.listShuffled();

    Answer applied = world.applyAudit();

    assertThat(counts(applied))
        .containsAllEntriesOf(Map.of("assistants", 3, "in_use", 2, "deleted", 1));
    assertThat(world.vapi.callsTo(Operation.LIST)).hasSizeGreaterThan(3);
    assertThat(world.vapi.deleted()).containsExactly(orphan);
    assertThat(world.inUse(first)).isNotNull().isNotEqualTo(world.inUse(last));
    assertThat(world.vapi.assistants()).hasSize(2502);
  }

  @Test
  void listsAreCutButCountsAreNot() {
    List<SimulatedAssistant> orphans = orphans(1100);

    Answer report = world.audit();

    assertThat(counts(report))
        .isEqualTo(Map.of("assistants", 1100, "orphans", 1100, "to_mend", 1100, "limit", 22));
    assertThat(report.json().path("orphans").findValuesAsText("assistant_id"))
        .as("the oldest thousand")
        .isEqualTo(orphans.subList(0, 1000).stream().map(SimulatedAssistant::id).toList());
  }

  @Test
  void usersBeyondOnePageOfTheSettingsAreSeen() {
    List<Person> crowd = world.people(2500);
    // Some at random on every page: theirs are at Vapi, and one of them is not.
    world.sql(
        """
        insert into public.user_settings (user_id, vapi_assistant_id)
        select user_id, 'of-' || user_id from public.pending_vapi_provision\
        """);
    List<Person> ours =
        crowd.stream().filter(each -> each.user().hashCode() % 50 == 0).limit(40).toList();
    Person dangling = ours.getFirst();
    for (Person each : ours) {
      String id = world.vapi.seed(world.marks(each), Instant.now()).id();
      world.use(each, id);
      world.sql(
          """
          update public.pending_vapi_provision
             set status = 'processed', processed_at = now() - interval '1 minute',
                 next_attempt_at = null, assistant_id = ?
           where id = ?\
          """,
          id,
          each.provision());
    }
    world.vapi.deleteByHand(String.valueOf(world.inUse(dangling)));

    Answer applied = world.applyAudit();

    assertThat(counts(applied))
        .isEqualTo(
            Map.of(
                "assistants", ours.size() - 1,
                "in_use", ours.size() - 1,
                "in_use_of_others", 2500 - ours.size(),
                "dangling", 1,
                "requeued", 1,
                "to_mend", 1,
                "limit", 10));
    assertThat(world.vapi.callsTo(Operation.GET)).as("to report, and before mending").hasSize(2);
    assertThat(world.inUse(dangling)).isNull();
  }

  @Test
  void missingUsersAreEnqueuedToTheLast() {
    world.sql("set session_replication_role = replica");
    world.sql(
        """
        insert into auth.users (id, email, email_confirmed_at)
        select gen_random_uuid(), 'unseen-' || n || '@example.com', now()
          from generate_series(1, 2100) n\
        """);
    world.sql("set session_replication_role = origin");

    Answer forced =
        world.audit(
            "{\"apply\": true, \"force\": true, \"installation\": \"%s\"}"
                .formatted(world.installation()));

    assertThat(counts(forced)).containsAllEntriesOf(Map.of("missing", 2100, "enqueued", 2100));
    assertThat(world.count("select count(*) from public.pending_vapi_provision")).isEqualTo(2100);
    assertThat(counts(world.audit())).isEqualTo(Map.of("limit", 10));
  }

  /** Rows may be older than the installation: one that was moved here, say. */
  @Test
  void assistantsOfTheOldestRowAreListed() {
    Person person = world.provisioned();
    world.elapse(Duration.ofDays(400));
    String duplicate =
        world.vapi.seed(world.marks(person), Instant.now().minus(Duration.ofDays(399))).id();

    assertThat(counts(world.applyAudit()))
        .containsAllEntriesOf(Map.of("assistants", 2, "in_use", 1, "deleted", 1));
    assertThat(world.vapi.deleted()).containsExactly(duplicate);
  }

  private List<SimulatedAssistant> orphans(int count) {
    Map<String, String> marks =
        Map.of(
            "provision_id", UUID.randomUUID().toString(),
            "user_id", UUID.randomUUID().toString(),
            "installation", world.installation());
    return world.vapi.seed(count, marks, Instant.now().minusSeconds(1800), Instant.now());
  }
}
