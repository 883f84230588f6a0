package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Who may do what in the database, tried by each role: the service little, the app's users nothing.
 * There are three users with rows in the queue, two of whom have settings; a fourth has left a
 * tombstone, a fifth was never enqueued. A number is of rows; {@code no} is SQLSTATE 42501.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RightsTest {
  private final World world;
  private final Person me;
  private final Person other;
  private final Person unset;
  private final UUID unseen;
  private final Caller caller;

  RightsTest(SupabaseServer supabase) {
    world = World.empty(supabase);
    me = world.person();
    other = world.person();
    unset = world.person();
    unseen = world.unseen(1, "now()");
    caller = new Caller(world.database, me.user());
    world.use(me, "my-assistant");
    world.use(other, "another-assistant");
    Person gone = world.person();
    world.use(gone, "a-left-assistant");
    world.delete(gone);
    world.database.createVaultSecret("a_secret", "nobody's business");
    // As pg_cron comes to postgres.
    world.sql("create schema cron; create table cron.job (jobname text)");
    world.sql("grant usage on schema cron to postgres; grant select on cron.job to postgres");
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = true,
      textBlock =
          """
          STATEMENT                                                          | PROVISIONER | ANON | AUTHENTICATED | SERVICE_ROLE | POSTGRES
          select id, user_id, email, display_name from pending_vapi_provision |      3      |  no  |      no       |      3       |    3
          select id from pending_vapi_provision where user_id = :me          |      1      |  no  |      no       |      1       |    1
          select id from pending_vapi_provision where user_id = :other       |      1      |  no  |      no       |      1       |    1
          select id from pending_vapi_provision for update skip locked       |      3      |  no  |      no       |      no      |    3
          insert into pending_vapi_provision (user_id) values (:unseen)      |      no     |  no  |      no       |      no      |    1
          insert into pending_vapi_provision (user_id) values (:me)          |      no     |  no  |      no       |      no      |  23505
          update pending_vapi_provision set id = id                          |      no     |  no  |      no       |      no      |    3
          update pending_vapi_provision set user_id = user_id                |      no     |  no  |      no       |      no      |    3
          update pending_vapi_provision set email = email                    |      no     |  no  |      no       |      no      |    3
          update pending_vapi_provision set display_name = display_name      |      no     |  no  |      no       |      no      |    3
          update pending_vapi_provision set created_at = created_at          |      no     |  no  |      no       |      no      |    3
          update pending_vapi_provision set status = status, claim_token = claim_token, error = error, error_code = error_code | 3 | no | no | no | 3
          update pending_vapi_provision set attempts = 1, next_attempt_at = now(), processed_at = null, assistant_id = null    | 3 | no | no | no | 3
          update pending_vapi_provision set unconfirmed_since = null, unconfirmed_until = null, confirm_at = null              | 3 | no | no | no | 3
          delete from pending_vapi_provision                                 |      no     |  no  |      no       |      no      |    3
          truncate pending_vapi_provision                                    |      no     |  no  |      no       |      no      |   done
          drop table pending_vapi_provision                                  |      no     |  no  |      no       |      no      |   done
          alter table pending_vapi_provision disable row level security      |      no     |  no  |      no       |      no      |   done
          alter table pending_vapi_provision disable trigger user            |      no     |  no  |      no       |      no      |   done
          create policy p on pending_vapi_provision using (true)             |      no     |  no  |      no       |      no      |   done
          create trigger t after update on pending_vapi_provision execute function provisioning.on_provision_enqueued() | no | no | no | no | done
          select * from provisioning.user_assistant                          |      2      |  no  |      no       |      no      |    2
          insert into provisioning.user_assistant (user_id, vapi_assistant_id) values (:unset, 'x') on conflict (user_id) do update set vapi_assistant_id = excluded.vapi_assistant_id | 1 | no | no | no | 1
          insert into provisioning.user_assistant (user_id, vapi_assistant_id) values (:me, 'x') on conflict (user_id) do update set vapi_assistant_id = excluded.vapi_assistant_id    | 1 | no | no | no | 1
          update provisioning.user_assistant set vapi_assistant_id = 'x'     |      2      |  no  |      no       |      no      |    2
          update provisioning.user_assistant set user_id = user_id           |      no     |  no  |      no       |      no      |    2
          delete from provisioning.user_assistant                            |      no     |  no  |      no       |      no      |    2
          select * from provisioning.departed                                |      1      |  no  |      no       |      no      |    1
          update provisioning.departed set confirm_at = now()                |      1      |  no  |      no       |      no      |    1
          update provisioning.departed set assistant_ids = '{}'              |      no     |  no  |      no       |      no      |    1
          update provisioning.departed set departed_at = now()               |      no     |  no  |      no       |      no      |    1
          delete from provisioning.departed                                  |      1      |  no  |      no       |      no      |    1
          insert into provisioning.departed (user_id) values (:me)           |      no     |  no  |      no       |      no      |    1
          truncate provisioning.departed                                     |      no     |  no  |      no       |      no      |   done
          select id, organisation from provisioning.installation             |      1      |  no  |      no       |      no      |    1
          update provisioning.installation set id = 'another'                |      no     |  no  |      no       |      no      |    1
          update provisioning.installation set organisation = 'another'      |      no     |  no  |      no       |      no      |    1
          delete from provisioning.installation                              |      no     |  no  |      no       |      no      |    1
          """)
  void ours(
      String statement,
      String provisioner,
      String anon,
      String authenticated,
      String serviceRole,
      String postgres) {
    tried(statement, provisioner, anon, authenticated, serviceRole, postgres);
  }

  /**
   * Settings are as we make the table: users read their own, the app's own server writes. pg_net's
   * newer versions open all of {@code net} to every role that can log in; that is the platform's,
   * and no project can change it.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      useHeadersInDisplayName = true,
      textBlock =
          """
          STATEMENT                                                          | PROVISIONER | ANON | AUTHENTICATED | SERVICE_ROLE | POSTGRES
          select vapi_assistant_id from public.user_settings                 |      no     |  no  |      1        |      2       |    2
          select 1 from public.user_settings where user_id = :other          |      no     |  no  |      0        |      1       |    1
          insert into public.user_settings values (:unset, 'x')              |      no     |  no  |      no       |      1       |    1
          update public.user_settings set vapi_assistant_id = 'x'            |      no     |  no  |      no       |      2       |    2
          delete from public.user_settings                                   |      no     |  no  |      no       |      2       |    2
          truncate public.user_settings                                      |      no     |  no  |      no       |      no      |   done
          select email from auth.users                                       |      no     |  no  |      no       |      no      |    4
          insert into auth.users (id) values (gen_random_uuid())             |      no     |  no  |      no       |      no      |    1
          update auth.users set email = 'x' where id = :me                   |      no     |  no  |      no       |      no      |    1
          delete from auth.users where id = :other                           |      no     |  no  |      no       |      no      |    1
          select auth.uid()                                                  |      no     |  1   |      1        |      1       |    1
          select decrypted_secret from vault.decrypted_secrets               |      no     |  no  |      no       |      1       |    1
          select secret from vault.secrets                                   |      no     |  no  |      no       |      1       |    1
          select vault.create_secret('x', 'provisioner_url')                 |      no     |  no  |      no       |      1       |    1
          select net.http_post('http://localhost/')                          |      no     |  1   |      1        |      1       |    1
          select * from net.http_request_queue                               |      no     |  no  |      no       |      no      |    0
          select * from net._http_response                                   |      no     |  no  |      no       |      no      |    0
          select * from cron.job                                             |      no     |  no  |      no       |      no      |    0
          create table public.mine (id int)                                  |      no     |  no  |      no       |      no      |   done
          create function public.mine() returns int language sql as 'select 1' | no        |  no  |      no       |      no      |   done
          create table provisioning.mine (id int)                            |      no     |  no  |      no       |      no      |   done
          create function provisioning.mine() returns int language sql as 'select 1' | no  |  no  |      no       |      no      |   done
          create schema mine                                                 |      no     |  no  |      no       |      no      |   done
          create role mine                                                   |      no     |  no  |      no       |      no      |   done
          set role postgres                                                  |      no     |  no  |      no       |      no      |   done
          set role supabase_auth_admin                                       |      no     |  no  |      no       |      no      |    no
          set role provisioner                                               |     done    |  no  |      no       |      no      |    no
          set session authorization postgres                                 |      no     |  no  |      no       |      no      |   done
          alter role provisioner superuser                                   |      no     |  no  |      no       |      no      |    no
          alter role provisioner bypassrls                                   |      no     |  no  |      no       |      no      |    no
          alter role provisioner createrole                                  |      no     |  no  |      no       |      no      |   done
          copy (select 1) to program 'true'                                  |      no     |  no  |      no       |      no      |    no
          select pg_read_file('PG_VERSION')                                  |      no     |  no  |      no       |      no      |    no
          select lo_import('/etc/hostname')                                  |      no     |  no  |      no       |      no      |    no
          """)
  void theAppsAndThePlatforms(
      String statement,
      String provisioner,
      String anon,
      String authenticated,
      String serviceRole,
      String postgres) {
    tried(statement, provisioner, anon, authenticated, serviceRole, postgres);
  }

  /**
   * PostgreSQL lets every role set its own defaults and its own password; nobody else's suffer by
   * it, and the check of the schema names a lock_timeout that is wrong.
   */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "alter role provisioner set lock_timeout = '10s', done, no",
        "alter role provisioner password 'new', done, no",
        "alter role postgres set lock_timeout = '10s', no, no",
      })
  void ownSettingsAreNobodyElsesBusiness(String statement, String provisioner, String ofTheApi) {
    assertThat(caller.tries("provisioner", statement)).isEqualTo(provisioner);
    for (String role : new String[] {"anon", "authenticated", "service_role"}) {
      assertThat(caller.tries(role, statement)).as(role).isEqualTo(ofTheApi);
    }
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

  private void tried(
      String statement,
      String provisioner,
      String anon,
      String authenticated,
      String serviceRole,
      String postgres) {
    String sql =
        statement
            .replace(" pending_vapi_provision", " public.pending_vapi_provision")
            .replace(":me", "'" + me.user() + "'")
            .replace(":other", "'" + other.user() + "'")
            .replace(":unset", "'" + unset.user() + "'")
            .replace(":unseen", "'" + unseen + "'");
    assertThat(caller.tries("provisioner", sql)).as("provisioner").isEqualTo(provisioner);
    assertThat(caller.tries("anon", sql)).as("anon").isEqualTo(anon);
    assertThat(caller.tries("authenticated", sql)).as("authenticated").isEqualTo(authenticated);
    assertThat(caller.tries("service_role", sql)).as("service_role").isEqualTo(serviceRole);
    assertThat(caller.tries("postgres", sql)).as("postgres").isEqualTo(postgres);
  }
}
