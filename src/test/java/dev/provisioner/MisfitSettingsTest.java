package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables that cannot take an assistant: the migration says so, and what it says mends it. */
@ExtendWith(SharedSupabase.class)
class MisfitSettingsTest {
  private static final SupabaseCli CLI = SupabaseCli.of(Path.of("migrations"));

  private final World world;

  MisfitSettingsTest(SupabaseServer supabase) {
    world = World.of(supabase, supabase.createDatabase());
  }

  @AfterEach
  void end() {
    world.close();
  }

  enum Misfit {
    NO_UNIQUE_KEY("(user_id uuid, vapi_assistant_id text)", "user_id is not unique"),
    DEFERRABLE("(user_id uuid unique deferrable)", "user_id is not unique"),
    DEFERRABLE_BESIDE_ANOTHER(
        "(user_id uuid primary key deferrable initially deferred, unique (user_id))",
        "user_id is not unique"),
    COMPOSITE_KEY(
        "(user_id uuid, name text, value text, primary key (user_id, name))",
        "user_id is not unique"),
    PARTITIONED(
        "(user_id uuid, region text, primary key (user_id, region)) partition by list (region)",
        "user_id is not unique"),
    NO_USER(
        "(owner uuid primary key default gen_random_uuid(), vapi_assistant_id text)",
        "neither a column user_id nor"),
    BIGINT_ID("(id bigint primary key default 1)", "id is not of type uuid"),
    TEXT_USER("(user_id text primary key)", "user_id is not of type uuid"),
    BIGINT_USER("(user_id bigint primary key)", "user_id is not of type uuid"),
    GENERATED_USER(
        "(data jsonb, user_id uuid generated always as (((data ->> 'u'))::uuid) stored unique)",
        "user_id is generated"),
    UUID_ASSISTANT(
        "(user_id uuid primary key, vapi_assistant_id uuid default gen_random_uuid())",
        "is of type uuid, expected text"),
    JSON_ASSISTANT("(user_id uuid primary key, vapi_assistant_id jsonb)", "is of type jsonb"),
    SHORT_ASSISTANT(
        "(user_id uuid primary key, vapi_assistant_id varchar(32))", "holds 32 characters"),
    GENERATED_ASSISTANT(
        "(user_id uuid primary key, a text, vapi_assistant_id text generated always as (a) stored)",
        "vapi_assistant_id is generated");

    private final String columns;
    private final String message;

    Misfit(String columns, String message) {
      this.columns = columns;
      this.message = message;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatTheMessageSaysMendsTheTable(Misfit misfit) {
    mends("create table public.user_settings " + misfit.columns, misfit.message);
  }

  enum OtherThing {
    VIEW(
        "create view public.user_settings as select id as user_id, null::text as vapi_assistant_id from auth.users",
        "is a view"),
    MATERIALIZED(
        "create materialized view public.user_settings as select gen_random_uuid() as user_id",
        "is a materialized view"),
    TAKEN(
        """
        create table public.user_settings (user_id uuid);
        insert into public.user_settings values ('00000000-0000-0000-0000-000000000001'),
          ('00000000-0000-0000-0000-000000000001')\
        """,
        "user_id is not unique");

    private final String sql;
    private final String message;

    OtherThing(String sql, String message) {
      this.sql = sql;
      this.message = message;
    }
  }

  @ParameterizedTest
  @EnumSource
  void tableOfItsOwnIsOfferedWhereNothingElseWillDo(OtherThing thing) {
    mends(thing.sql, thing.message);
    assertThat(world.query("select to_regclass('public.user_assistants')")).isNotNull();
  }

  @Test
  void foreignTableIsNoTable() {
    world.sql("create foreign data wrapper elsewhere");
    world.sql("create server elsewhere foreign data wrapper elsewhere");
    world.sql("grant usage on foreign server elsewhere to postgres");

    mends(
        "create foreign table public.user_settings (user_id uuid) server elsewhere",
        "is a foreign table");
  }

  enum Limited {
    FOREIGN_KEY(
        """
        create table public.assistants (id text primary key);
        create table public.user_settings (
          user_id uuid primary key, vapi_assistant_id text references public.assistants)\
        """,
        "limits vapi_assistant_id (user_settings_vapi_assistant_id_fkey: FOREIGN KEY"),
    CHECK(
        """
        create table public.user_settings (
          user_id uuid primary key, vapi_assistant_id text check (vapi_assistant_id like 'asst_%'))\
        """,
        "limits vapi_assistant_id (user_settings_vapi_assistant_id_check: CHECK"),
    REQUIRED_BY_ITS_DOMAIN(
        """
        create domain public.plan as text not null;
        create table public.user_settings (user_id uuid primary key, chosen public.plan)\
        """,
        "requires values for chosen");

    private final String sql;
    private final String warning;

    Limited(String sql, String warning) {
      this.sql = sql;
      this.warning = warning;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatMayBeRefusedIsWarnedOfAndThenRefusedAloud(Limited limited) {
    world.as("postgres", limited.sql);

    assertThat(warnings(CLI.push(world.database)))
        .singleElement()
        .asString()
        .contains(limited.warning);

    world.start();
    Person person = world.person();
    assertThat(world.ring(person).status()).isEqualTo(202);
    assertThat(world.row(person).errorCode()).isEqualTo("settings_refused");
    assertThat(world.vapi.assistants()).hasSize(1);
  }

  enum Domains {
    OF_BOTH(
        """
        create domain public.user_key as uuid;
        create domain public.short as varchar(80);
        create domain public.voice as public.short;
        create table public.user_settings (
          user_id public.user_key primary key, vapi_assistant_id public.voice)\
        """),
    PARTITIONED_BY_USER(
        """
        create table public.user_settings (user_id uuid primary key, vapi_assistant_id text)
          partition by hash (user_id);
        create table public.user_settings_0 partition of public.user_settings
          for values with (modulus 1, remainder 0)\
        """),
    NEVER_NULL(
        """
        create table public.user_settings (user_id uuid primary key, vapi_assistant_id text not null)\
        """);

    private final String sql;

    Domains(String sql) {
      this.sql = sql;
    }
  }

  @ParameterizedTest
  @EnumSource
  void unusualTablesThatFitAreTakenWithoutAWord(Domains domains) {
    world.as("postgres", domains.sql);

    assertThat(warnings(CLI.push(world.database))).isEmpty();

    provisions();
  }

  private void mends(String table, String message) {
    world.as("postgres", table);
    String before = Catalog.ofOurs(world.database);
    Throwable refusal = catchThrowable(() -> CLI.push(world.database));
    assertThat(refusal)
        .hasMessageContaining("20260901000200_user_assistant.sql")
        .hasMessageContaining("public.user_settings")
        .hasMessageContaining(message)
        .hasMessageContaining("then apply this file again:");
    String said = String.valueOf(refusal.getMessage());
    assertThat(Catalog.ofOurs(world.database))
        .contains(before.lines().filter(line -> line.startsWith("  column")).toList());

    Readme.run(
        world.database,
        said.substring(
            said.indexOf("again:") + "again:".length(), said.lastIndexOf("At statement")));

    CLI.push(world.database);
    provisions();
  }

  private void provisions() {
    world.start();
    Person person = world.person();
    Answer answer = world.ring(person);
    assertThat(answer.field("outcome")).as("%s", answer).isEqualTo("created");
    assertThat(
            world.query(
                "select vapi_assistant_id from provisioning.user_assistant where user_id = ?",
                person.user()))
        .isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  private static List<String> warnings(List<String> notices) {
    return notices.stream().filter(each -> each.startsWith("WARNING")).toList();
  }
}
