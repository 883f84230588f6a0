package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The migrations, applied as Supabase does to the projects there are. */
@ExtendWith(SharedSupabase.class)
class MigrationsTest {
  private final SupabaseServer supabase;
  private final SupabaseDatabase database;
  private final World world;

  MigrationsTest(SupabaseServer supabase) {
    this.supabase = supabase;
    database = supabase.createDatabase();
    world = World.of(supabase, database);
  }

  @AfterEach
  void end() {
    world.close();
  }

  /** The tables of apps that we fit, and the column by which a user's row is found afterwards. */
  enum Settings {
    NONE("user_id", ""),
    KEYED_BY_ID(
        "id",
        """
        create table public.user_settings (
          id uuid primary key references auth.users on delete cascade,
          theme text not null default 'dark', vapi_assistant_id text)\
        """),
    KEYED_BY_USER_ID(
        "user_id",
        """
        create table public.user_settings (
          user_id uuid primary key references auth.users on delete cascade, vapi_assistant_id varchar(80))\
        """),
    WITH_A_KEY_OF_ITS_OWN(
        "user_id",
        """
        create table public.user_settings (
          id uuid primary key default gen_random_uuid(),
          user_id uuid not null unique references auth.users on delete cascade, vapi_assistant_id text)\
        """),
    UNIQUE_BY_INDEX(
        "user_id",
        """
        create table public.user_settings (
          id bigint generated always as identity primary key, user_id uuid, vapi_assistant_id text);
        create unique index on public.user_settings (user_id) include (vapi_assistant_id)\
        """),
    WITHOUT_THE_ASSISTANT(
        "user_id",
        "create table public.user_settings (user_id uuid primary key references auth.users on delete cascade)"),
    WITH_A_DROPPED_COLUMN(
        "id",
        """
        create table public.user_settings (
          user_id text, id uuid primary key references auth.users on delete cascade, vapi_assistant_id uuid);
        alter table public.user_settings drop column user_id, drop column vapi_assistant_id\
        """);

    private final String key;
    private final String table;

    Settings(String key, String table) {
      this.key = key;
      this.table = table;
    }
  }

  @ParameterizedTest
  @EnumSource
  void userOfAnyFittingProjectIsProvisioned(Settings settings) {
    if (!settings.table.isEmpty()) {
      world.as("postgres", settings.table);
    }
    database.applyMigrations();
    world.start();
    Person person = world.person();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.field("outcome")).isEqualTo("created");
    assertThat(
            world.query(
                "select vapi_assistant_id from public.user_settings where " + settings.key + " = ?",
                person.user()))
        .isEqualTo(world.vapi.assistants().getFirst().id());
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          (user_id uuid, vapi_assistant_id text)                     | user_id is not unique
          (user_id uuid, name text, unique (user_id, name))          | user_id is not unique
          (user_id uuid unique deferrable)                           | user_id is not unique
          (id uuid, vapi_assistant_id text)                          | id is not unique
          (owner uuid primary key, vapi_assistant_id text)           | has neither a column user_id nor a column id
          (id bigint primary key, vapi_assistant_id text)            | id is not of type uuid
          (user_id text primary key, vapi_assistant_id text)         | user_id is not of type uuid
          (user_id uuid primary key, vapi_assistant_id uuid)         | vapi_assistant_id is of type uuid, expected text
          """)
  void misfitStopsTheMigrationAndChangesNothing(String columns, String message) {
    world.as("postgres", "create table public.user_settings " + columns);
    String before = shape("public.user_settings");

    assertThatThrownBy(database::applyMigrations)
        .hasMessageContaining("000200_user_assistant.sql")
        .hasMessageContaining("public.user_settings")
        .hasMessageContaining(message)
        .hasMessageContaining("Detail:");
    assertThat(shape("public.user_settings")).isEqualTo(before);
    assertThat(world.query("select to_regclass('provisioning.user_assistant')")).isNull();
  }

  @Test
  void partialIndexDoesNotCountAsUnique() {
    world.as("postgres", "create table public.user_settings (user_id uuid, active boolean)");
    world.as("postgres", "create unique index on public.user_settings (user_id) where active");

    assertThatThrownBy(database::applyMigrations).hasMessageContaining("user_id is not unique");
  }

  @Test
  void queueOfAnotherMakeStopsTheMigration() {
    world.as(
        "postgres",
        "create table public.pending_vapi_provision (id uuid primary key, user_id uuid, email text)");
    String before = shape("public.pending_vapi_provision");

    assertThatThrownBy(database::applyMigrations)
        .hasMessageContaining("000300_pending_vapi_provision.sql")
        .hasMessageContaining("is not the table of vapi-provisioner")
        .hasMessageContaining("rename to pending_vapi_provision_old");
    assertThat(shape("public.pending_vapi_provision")).isEqualTo(before);
  }

  @Test
  void requiredColumnsAreWarnedAbout() {
    world.as(
        "postgres",
        """
        create table public.user_settings (
          user_id uuid primary key, "Plan" text not null, theme text not null default 'dark',
          number integer generated always as identity, locale text not null, vapi_assistant_id text)\
        """);

    assertThat(SupabaseCli.of(Path.of("migrations")).push(database))
        .filteredOn(each -> each.startsWith("WARNING"))
        .singleElement()
        .asString()
        .contains("requires values for \"Plan\", locale");
  }

  @Test
  void tableOfOurMakingShowsUsersTheirOwnSettingsOnly() {
    database.applyMigrations();
    Person person = world.person();
    world.sql("insert into public.user_settings values (?, 'an-assistant')", person.user());

    assertThatThrownBy(() -> world.as("anon", "select vapi_assistant_id from public.user_settings"))
        .hasMessageContaining("permission denied");
    assertThat(world.as("authenticated", "select vapi_assistant_id from public.user_settings"))
        .isNull();
    assertThat(
            world.as(
                "authenticated",
                """
                select vapi_assistant_id
                  from (select set_config('request.jwt.claim.sub', ?, false) offset 0) me,
                       public.user_settings\
                """,
                person.user().toString()))
        .isEqualTo("an-assistant");
  }

  @Test
  void applyingAgainChangesNothing() {
    database.applyMigrations();
    for (String state :
        List.of(
            "status = 'pending'",
            "status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'",
            "status = 'processed', processed_at = now(), next_attempt_at = null, assistant_id = 'a'",
            "status = 'errored', error = 'e', error_code = 'c', attempts = 3",
            "status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()")) {
      Person person = world.person();
      world.sql(
          "update public.pending_vapi_provision set " + state + " where id = ?",
          person.provision());
      world.sql("insert into public.user_settings values (?, 'in use')", person.user());
    }
    world.delete(world.person());
    String before = everything();

    database.applyMigrations();

    assertThat(everything()).isEqualTo(before);
    world.start();
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  @Test
  void secondProjectOnTheServerSharesTheRoleOnly() {
    database.applyMigrations();
    SupabaseDatabase other = supabase.createDatabase();
    try (World second = World.of(supabase, other)) {
      other.applyMigrations();
      assertThat(second.text("select id from provisioning.installation"))
          .isNotEqualTo(world.text("select id from provisioning.installation"));
    }
  }

  @Test
  void withoutPgCronNothingIsScheduled() {
    assertThatCode(database::applyMigrations).doesNotThrowAnyException();
    assertThat(world.query("select to_regnamespace('cron')")).isNull();
  }

  @Test
  void withPgCronTheScheduleIsInstalled() {
    database.applyMigrations();
    database.enablePgCron();
    database.applyMigrations();
    database.applyMigrations();

    assertThat(world.count("select count(*) from cron.job")).isEqualTo(2);
    world.delete(world.person());
    for (String job : List.of("vapi-provisioner-reconcile", "vapi-provisioner-enqueue-missing")) {
      String command = world.text("select command from cron.job where jobname = ?", job);
      assertThatCode(() -> world.as("postgres", command)).doesNotThrowAnyException();
    }
  }

  /** All that the migrations have made and all that is in it. */
  private String everything() {
    return world.text(
        """
        select jsonb_pretty(jsonb_build_object(
          'queue', (select jsonb_agg(q order by id) from public.pending_vapi_provision q),
          'settings', (select jsonb_agg(s order by user_id) from public.user_settings s),
          'departed', (select jsonb_agg(d) from provisioning.departed d),
          'installation', (select jsonb_agg(i) from provisioning.installation i),
          'triggers', (select jsonb_agg(tgname order by tgname) from pg_trigger where not tgisinternal),
          'policies', (select jsonb_agg(policyname order by policyname) from pg_policies),
          'indexes', (select jsonb_agg(indexdef order by indexdef) from pg_indexes
                       where schemaname in ('public', 'provisioning')),
          'functions', (select jsonb_agg(proname || coalesce(proacl::text, '') order by proname)
                          from pg_proc where pronamespace = 'provisioning'::regnamespace),
          'rights', (select jsonb_agg(oid::regclass || coalesce(relacl::text, '') order by oid::regclass::text)
                       from pg_class where relnamespace in ('public'::regnamespace, 'provisioning'::regnamespace))))\
        """);
  }

  private String shape(String table) {
    return world.text(
        """
        select string_agg(attname || ' ' || atttypid::regtype, ', ' order by attnum)
          from pg_attribute where attrelid = ?::regclass and attnum > 0\
        """,
        table);
  }
}
