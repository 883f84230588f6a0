package dev.provisioner;

import static dev.provisioner.AuditTest.counts;
import static dev.provisioner.AuditTest.only;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code provisioning.requeue}: a user whose assistant is gone gets a new row. */
@ExtendWith(SharedSupabase.class)
class RequeueTest {
  private final World world;
  private Person person = new Person(new UUID(0, 0), new UUID(0, 0));

  RequeueTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @BeforeEach
  void provide() {
    person = world.person("ada@example.com", "Ada");
    world.ring(person);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void idIsTakenAwayAndTheUserIsPending() {
    String row = world.dump(person);

    String fresh = requeue(person.provision());

    assertThat(world.inUse(person)).isNull();
    assertThat(fresh).isEqualTo(world.provisionOf(person.user()).toString());
    assertThat(world.dump(person)).isEqualTo(row);
    assertThat(world.row(UUID.fromString(requireNonNull(fresh))).status()).isEqualTo("pending");
    assertThat(
            world.query(
                "select email || ' ' || display_name from public.pending_vapi_provision where id = cast(? as uuid)",
                fresh))
        .isEqualTo("ada@example.com Ada");
    assertThat(world.vapi.deleted()).isEmpty();
  }

  @Test
  void secondTimeDoesNothing() {
    requeue(person.provision());
    String before = world.dump();

    assertThat(requeue(person.provision())).isNull();
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void whatTheAppHasWrittenMeanwhileStays() {
    world.use(person, "the-apps-own");
    String before = world.dump();

    assertThat(requeue(person.provision())).isNull();
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void onlyAProcessedRowThatRecordedAnAssistantCounts() {
    Person waiting = world.person();
    world.use(waiting, "the-apps-own");
    String before = world.dump();

    assertThat(requeue(waiting.provision())).isNull();
    assertThat(requeue(UUID.randomUUID())).isNull();
    assertThat(requeue(null)).isNull();
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void rowThatIsOpenAlreadyGoesOnFromThere() {
    world.sql(
        "insert into public.pending_vapi_provision (user_id, email) values (?, 'ada@example.com')",
        person.user());
    Person open = new Person(person.user(), world.provisionOf(person.user()));

    assertThat(requeue(person.provision())).isNull();

    assertThat(world.inUse(person)).isNull();
    assertThat(world.ring(open).field("outcome")).isEqualTo("created");
    assertThat(world.inUse(person)).isNotNull();
  }

  @Test
  void settingsThatMayNotBeNullAreEmptied() {
    world.sql("alter table public.user_settings alter vapi_assistant_id set default ''");
    world.sql("alter table public.user_settings alter vapi_assistant_id set not null");
    world.vapi.deleteByHand(requireNonNull(world.inUse(person)));

    Answer applied = world.applyAudit();

    assertThat(only(applied, "dangling").path("outcome").asText()).isEqualTo("requeued");
    assertThat(world.inUse(person)).isEmpty();
    Person anew = new Person(person.user(), world.provisionOf(person.user()));
    assertThat(world.ring(anew).field("outcome")).isEqualTo("created");
    assertThat(counts(world.audit())).isEqualTo(Map.of("assistants", 1, "in_use", 1, "limit", 10));
  }

  @Test
  void settingsThatDoNotLetGoAreSaidToBeSo() {
    world.sql(
        "alter table public.user_settings add constraint kept check (vapi_assistant_id <> '')");
    world.sql("alter table public.user_settings alter vapi_assistant_id set not null");
    world.vapi.deleteByHand(requireNonNull(world.inUse(person)));
    String before = world.dump();

    Answer applied = world.applyAudit();

    assertThat(only(applied, "dangling").path("outcome").asText()).isEqualTo("settings_refused");
    assertThat(world.dump()).isEqualTo(before);
  }

  @Test
  void migrationsMayComeAgainAndChangeNothing() {
    requeue(person.provision());
    String before = world.dump();
    String installation = world.text("select i::text from provisioning.installation i");

    world.database.applyMigrations();

    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.text("select i::text from provisioning.installation i"))
        .isEqualTo(installation);
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  private @Nullable String requeue(@Nullable UUID row) {
    return world.as("provisioner", "select provisioning.requeue(cast(? as uuid))", row);
  }
}
