package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what in the database: the service little, the app's users nothing. */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RightsTest {
  private final World world;
  private final Person person;

  RightsTest(SupabaseServer supabase) {
    world = World.empty(supabase);
    person = world.person();
    world.database.createVaultSecret("a_secret", "nobody's business");
    world.sql("insert into public.user_settings values (?, 'an-assistant')", person.user());
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select email from auth.users",
        "update auth.users set email = 'mine@example.com'",
        "select decrypted_secret from vault.decrypted_secrets",
        "select secret from vault.secrets",
        "select vapi_assistant_id from public.user_settings",
        "insert into public.user_settings values (gen_random_uuid(), 'x')",
        "update public.user_settings set vapi_assistant_id = null",
        "delete from public.user_settings",
        "insert into public.pending_vapi_provision (user_id) values (gen_random_uuid())",
        "delete from public.pending_vapi_provision",
        "truncate public.pending_vapi_provision",
        "delete from provisioning.user_assistant",
        "update provisioning.user_assistant set user_id = gen_random_uuid()",
        "insert into provisioning.departed (user_id) values (gen_random_uuid())",
        "update provisioning.departed set assistant_ids = '{}'",
        "update provisioning.installation set id = 'another'",
        "update provisioning.installation set organisation = 'another'",
        "select net.http_post('http://localhost/')",
        "select provisioning.post_signed('/reconcile', '{}')",
        "select provisioning.request_reconcile()",
        "create table public.mine (id int)",
        "create table provisioning.mine (id int)",
        "create schema mine",
        "set role postgres",
      })
  void serviceMayNot(String sql) {
    refused("provisioner", sql);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select id, user_id, email, display_name from public.pending_vapi_provision",
        "update public.pending_vapi_provision set error = null",
        "select id from provisioning.installation",
        "select user_id, vapi_assistant_id from provisioning.user_assistant",
        "update provisioning.user_assistant set vapi_assistant_id = 'another' where false",
        "select provisioning.enqueue_missing()",
        "select provisioning.missing_count()",
        "select provisioning.requeue(gen_random_uuid())",
        "select provisioning.pin_organisation('an-organisation')",
        "select provisioning.bury(gen_random_uuid(), null, null, null, null)",
        "select * from provisioning.departed",
        "update provisioning.departed set confirm_at = now()",
        "delete from provisioning.departed",
        "select provisioning.check_secret('a challenge')",
        "select provisioning.check_url('https://somewhere.example.com')",
        "select * from provisioning.deliveries()",
        "select provisioning.is_scheduled()",
      })
  void serviceMay(String sql) {
    assertThatCode(() -> world.as("provisioner", sql)).doesNotThrowAnyException();
  }

  @Test
  void serviceSeesEveryRowAndSettingThroughRowSecurity() {
    assertThat(world.as("provisioner", "select count(*) from public.pending_vapi_provision"))
        .isEqualTo("1");
    assertThat(
            world.as(
                "provisioner",
                "select vapi_assistant_id from provisioning.user_assistant where user_id = ?",
                person.user()))
        .isEqualTo("an-assistant");
  }

  @Test
  void serviceGivesWayToOthersLocks() {
    assertThat(world.as("provisioner", "show lock_timeout")).isEqualTo("500ms");
    assertThat(
            world.as(
                "provisioner",
                "select current_setting('lock_timeout')::interval < current_setting('deadlock_timeout')::interval"))
        .isEqualTo("t");
  }

  @ParameterizedTest
  @ValueSource(strings = {"anon", "authenticated"})
  void usersOfTheAppMayNeitherSeeNorTouchTheQueue(String role) {
    for (String sql :
        List.of(
            "select id from public.pending_vapi_provision",
            "insert into public.pending_vapi_provision (user_id) values (gen_random_uuid())",
            "update public.pending_vapi_provision set error = null",
            "delete from public.pending_vapi_provision",
            "truncate public.pending_vapi_provision",
            "select * from provisioning.user_assistant",
            "select * from provisioning.departed",
            "select * from provisioning.installation",
            "select provisioning.enqueue_missing()",
            "select provisioning.missing_count()",
            "select provisioning.requeue(gen_random_uuid())",
            "select provisioning.pin_organisation('theirs')",
            "select provisioning.bury(gen_random_uuid(), null, null, null, null)",
            "select provisioning.post_signed('/reconcile', '{}')",
            "select provisioning.request_reconcile()",
            "select provisioning.check_secret('a challenge')",
            "select provisioning.check_url('https://somewhere.example.com')",
            "select * from provisioning.deliveries()",
            "select provisioning.is_scheduled()")) {
      refused(role, sql);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"anon", "authenticated", "authenticator"})
  void nobodyOfTheApiMayExecuteAnyOfOurFunctions(String role) {
    assertThat(
            world.query(
                """
                select string_agg(oid::regprocedure::text, ', ') from pg_proc
                 where pronamespace = 'provisioning'::regnamespace
                   and has_function_privilege(?, oid, 'execute')\
                """,
                role))
        .isNull();
  }

  @Test
  void everyFunctionHasASearchPathOfItsOwn() {
    assertThat(
            world.query(
                """
                select string_agg(oid::regprocedure::text, ', ') from pg_proc
                 where pronamespace = 'provisioning'::regnamespace
                   and not 'search_path=""' = any(coalesce(proconfig, '{}'))\
                """))
        .isNull();
  }

  @Test
  void userCannotWriteAnAssistantIntoTheirOwnSettings() {
    UUID user = person.user();
    world.as(
        "authenticated",
        """
        with me as materialized (select set_config('request.jwt.claim.sub', ?, false) as it),
             written as (update public.user_settings set vapi_assistant_id = 'mine'
                           from me where user_id = ? and it is not null returning 1)
        select count(*) from written\
        """,
        user.toString(),
        user);

    assertThat(world.inUse(person)).isEqualTo("an-assistant");
  }

  private void refused(String role, String sql) {
    assertThatThrownBy(() -> world.as(role, sql))
        .as("%s: %s", role, sql)
        .hasMessageContaining("permission denied");
  }
}
