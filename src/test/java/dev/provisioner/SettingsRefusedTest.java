package dev.provisioner;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.World.Row;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The assistant exists, but the app's table does not take its id. */
@ExtendWith(SharedSupabase.class)
class SettingsRefusedTest {
  private final World world;

  SettingsRefusedTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        Arguments.of(
            "23514",
            "alter table public.user_settings add constraint no_voices check (vapi_assistant_id is null)",
            "alter table public.user_settings drop constraint no_voices"),
        Arguments.of(
            "23502",
            "alter table public.user_settings add theme text not null",
            "alter table public.user_settings alter theme set default 'dark'"),
        Arguments.of(
            "P0001",
            """
            create function public.refuse() returns trigger language plpgsql as $$
            begin
              raise exception 'no % here', (select email from auth.users where id = new.user_id);
            end $$;
            create trigger refuse before insert on public.user_settings
              for each row execute function public.refuse()\
            """,
            "drop trigger refuse on public.user_settings"),
        Arguments.of(
            "PT402", // as apps answer through the Data API
            """
            create function public.refuse() returns trigger language plpgsql as $$
            begin
              raise sqlstate 'PT402';
            end $$;
            create trigger refuse before insert on public.user_settings
              for each row execute function public.refuse()\
            """,
            "drop trigger refuse on public.user_settings"),
        Arguments.of(
            "not there", // a refusal without a word
            """
            create function public.refuse() returns trigger language plpgsql as $$
            begin
              return null;
            end $$;
            create trigger refuse before insert on public.user_settings
              for each row execute function public.refuse()\
            """,
            "drop trigger refuse on public.user_settings"),
        Arguments.of(
            "42501",
            "revoke insert (user_id, vapi_assistant_id) on provisioning.user_assistant from provisioner",
            "grant insert (user_id, vapi_assistant_id) on provisioning.user_assistant to provisioner"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void sameAssistantIsRecordedOnceTheTableIsMended(String state, String breaking, String mending) {
    world.sql("grant select on auth.users to provisioner");
    world.sql("grant usage on schema auth to provisioner");
    world.sql(breaking);
    Person person = world.person();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    String id = world.vapi.assistants().getFirst().id();
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("errored");
    assertThat(row.errorCode()).isEqualTo("settings_refused");
    assertThat(row.attempts()).isEqualTo(1);
    assertThat(row.assistantId()).isEqualTo(id);
    assertThat(row.inDoubt()).isTrue();
    assertThat(row.error()).contains(state).doesNotContain("@").doesNotContain("Person");
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.inUse(person)).isNull();

    world.sql(mending);
    // Not even listings that show nothing lead to another: its id is known.
    world.vapi.lagListing(Duration.ofDays(1));
    world.elapse(Duration.ofSeconds(30));
    Answer again = world.reconcile();

    assertThat(again.number("adopted")).as("%s", again).isEqualTo(1);
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(id);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).error()).isNull();
    assertThat(world.row(person).errorCode()).isNull();
  }

  @Test
  void settingThatExistsIsFilledIn() {
    Person empty = world.person();
    Person blank = world.person();
    world.sql("insert into public.user_settings (user_id) values (?)", empty.user());
    world.use(blank, "");

    assertThat(world.ring(empty).field("outcome")).isEqualTo("created");
    assertThat(world.ring(blank).field("outcome")).isEqualTo("created");

    assertThat(requireNonNull(world.inUse(empty))).isNotEmpty();
    assertThat(requireNonNull(world.inUse(blank))).isNotEmpty();
    assertThat(world.vapi.creates()).isEqualTo(2);
  }

  @Test
  void rowThatNeverGotItsAssistantRecordedFailsAndRemembersIt() {
    world.with("MAX_ATTEMPTS", "2");
    Service service = world.start();
    world.sql(
        "alter table public.user_settings add constraint no_voices check (vapi_assistant_id is null)");
    Person person = world.person();
    world.ring(service, person.provision());
    world.elapse(Duration.ofSeconds(30));

    Answer answer = world.ring(service, person.provision());

    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("failed");
    Row row = world.row(person);
    assertThat(row.status()).isEqualTo("failed");
    assertThat(row.errorCode()).isEqualTo("settings_refused");
    assertThat(row.assistantId()).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(row.confirmAt()).isNotNull();
    assertThat(world.vapi.creates()).isEqualTo(1);

    // A look finds it, cannot record it either, and deletes nothing.
    world.elapse(Duration.ofMinutes(10));
    world.reconcile();
    assertThat(world.vapi.deleted()).isEmpty();
    assertThat(world.row(person).status()).isEqualTo("failed");
    assertThat(world.row(person).inDoubt()).isTrue();

    world.sql("alter table public.user_settings drop constraint no_voices");
    world.elapse(Duration.ofHours(2));
    world.reconcile();
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.inUse(person)).isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.vapi.creates()).isEqualTo(1);
  }
}
