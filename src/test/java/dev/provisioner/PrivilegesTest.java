package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.Grant;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL's catalogue knows of the service's role: the rights listed, and nothing more. */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PrivilegesTest {
  /** Grants to the role by name, as GRANT words them. A trailing star is the grant option. */
  private static final String GRANTED =
      """
      with granted as (
        select 'schema ' || quote_ident(nspname) as object, null as columns, nspacl as acl
          from pg_namespace
        union all
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname), null, c.relacl
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
        union all
        select quote_ident(n.nspname) || '.' || quote_ident(c.relname),
               format(' (%I)', a.attname), a.attacl
          from pg_attribute a
          join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        union all
        select 'function ' || oid::regprocedure, null, proacl from pg_proc
        union all select 'database ' || datname, null, datacl from pg_database
        union all select 'type ' || oid::regtype, null, typacl from pg_type
        union all select 'language ' || lanname, null, lanacl from pg_language
        union all select 'foreign data wrapper ' || fdwname, null, fdwacl from pg_foreign_data_wrapper
        union all select 'foreign server ' || srvname, null, srvacl from pg_foreign_server
        union all select 'large object ' || oid, null, lomacl from pg_largeobject_metadata
        union all select 'tablespace ' || spcname, null, spcacl from pg_tablespace
        union all select 'parameter ' || parname, null, paracl from pg_parameter_acl
        union all select 'what will be made by ' || defaclrole::regrole, null, defaclacl from pg_default_acl
      )
      select string_agg(
               lower(privilege_type) || coalesce(columns, '') || ' on ' || object
                 || case when is_grantable then '*' else '' end, E'\\n')
        from granted, aclexplode(acl)
       where grantee = 'provisioner'::regrole\
      """;

  /**
   * What the role may do by whatever way, PUBLIC's included, with all that is neither PostgreSQL's
   * own nor an extension's.
   */
  private static final String EFFECTIVE =
      """
      with relations as (
        select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema)'
           and has_schema_privilege('provisioner', n.oid, 'usage')
      ),
      held as (
        select 'usage on schema ' || quote_ident(nspname) as it
          from pg_namespace
         where nspname !~ '^(pg_|information_schema)' and has_schema_privilege('provisioner', oid, 'usage')
        union all
        select 'create on schema ' || quote_ident(nspname)
          from pg_namespace where has_schema_privilege('provisioner', oid, 'create')
        union all
        select right_ || ' on ' || name
          from relations,
               unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) right_
         where has_table_privilege('provisioner', oid, right_)
        union all
        select format('%s (%I) on %s', right_, a.attname, name)
          from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped,
               unnest(array['select', 'insert', 'update', 'references']) right_
         where has_column_privilege('provisioner', r.oid, a.attnum, right_)
           and not has_table_privilege('provisioner', r.oid, right_)
        union all
        select 'usage on sequence ' || c.oid::regclass
          from pg_class c
         where has_schema_privilege('provisioner', c.relnamespace, 'usage')
           and case c.relkind when 'S' then has_sequence_privilege('provisioner', c.oid, 'usage, select, update') end
        union all
        select 'execute on function ' || p.oid::regprocedure
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname !~ '^(pg_|information_schema)'
           and has_schema_privilege('provisioner', n.oid, 'usage')
           and has_function_privilege('provisioner', p.oid, 'execute')
           and not exists (select from pg_depend where objid = p.oid and deptype = 'e')
      )
      select string_agg(it, E'\\n') from held\
      """;

  private final World world;

  PrivilegesTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterAll
  void end() {
    world.close();
  }

  @Test
  void roleIsGrantedWhatIsListedAndNothingElse() {
    assertThat(rights(GRANTED)).containsExactlyInAnyOrderElementsOf(listed());
  }

  /** PUBLIC's are the platform's: its extensions are there to be used. */
  @Test
  void roleMayDoByNoOtherWayWhatIsNotListed() {
    List<String> held = rights(EFFECTIVE);

    assertThat(held).contains("usage on schema extensions");
    assertThat(held)
        .filteredOn(each -> !each.equals("usage on schema extensions"))
        .containsExactlyInAnyOrderElementsOf(listed());
  }

  /** Were there a kind of object that {@link #GRANTED} knows nothing of, this would. */
  @Test
  void roleIsMentionedNowhereElse() {
    assertThat(
            rights(
                """
                select string_agg(distinct concat_ws(' ', classid::regclass, deptype), E'\\n')
                  from pg_shdepend
                 where refclassid = 'pg_authid'::regclass and refobjid = 'provisioner'::regrole
                   and dbid in (0, (select oid from pg_database where datname = current_database()))\
                """))
        .containsExactlyInAnyOrder("pg_namespace a", "pg_class a", "pg_proc a", "pg_policy r");
    assertThat(
            rights(
                """
                select string_agg(concat_ws(' ', polrelid::regclass, polcmd), E'\\n')
                  from pg_policy where 'provisioner'::regrole = any(polroles)\
                """))
        .containsExactlyInAnyOrder(
            "pending_vapi_provision *", "provisioning.installation r", "provisioning.departed *");
  }

  @Test
  void roleBelongsToNoneAndHasNoPowers() {
    assertThat(
            world.query(
                """
                select string_agg(roleid::regrole::text, ', ') from pg_auth_members
                 where member = 'provisioner'::regrole\
                """))
        .isNull();
    assertThat(
            world.text(
                """
                select concat_ws(' ', rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication,
                                 rolbypassrls)
                  from pg_roles where rolname = 'provisioner'\
                """))
        .isEqualTo("t f f f f f");
    assertThat(
            world.text(
                """
                select array_to_string(setconfig, ', ') from pg_db_role_setting
                 where setrole = 'provisioner'::regrole\
                """))
        .isEqualTo("lock_timeout=500ms");
  }

  /** Whoever has made a role administers it, from PostgreSQL 16 on, but may not become it. */
  @Test
  void nobodyMayBecomeTheRole() {
    assertThat(
            world.query(
                """
                select string_agg(rolname, ', ') from pg_roles
                 where pg_has_role(oid, 'provisioner', 'set') and not rolsuper and rolname <> 'provisioner'\
                """))
        .isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grant truncate on public.pending_vapi_provision to provisioner",
        "grant update (user_id) on public.pending_vapi_provision to provisioner",
        "grant select on provisioning.installation to provisioner with grant option",
        "grant create on schema provisioning to provisioner",
        "grant execute on function provisioning.request_reconcile() to provisioner",
        "grant select on auth.users to provisioner",
        "alter default privileges for role postgres in schema public grant select on tables to provisioner",
        "revoke select on provisioning.departed from provisioner",
        "revoke execute on function provisioning.requeue(uuid) from provisioner",
      })
  void anyOtherGrantWouldBeNoticed(String sql) throws SQLException {
    List<String> granted = Session.trying(world.database, sql, GRANTED).lines().toList();

    assertThat(granted.stream().sorted().toList())
        .isNotEqualTo(listed().stream().sorted().toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grant select on public.user_settings to public",
        "grant execute on function provisioning.post_signed(text, jsonb, jsonb) to public",
        "grant create on schema public to public",
        "grant usage on schema vault to public",
        "grant update (email) on public.pending_vapi_provision to public",
      })
  void anyWayThroughPublicWouldBeNoticed(String sql) throws SQLException {
    List<String> held = Session.trying(world.database, sql, EFFECTIVE).lines().toList();

    assertThat(held).hasSizeGreaterThan(rights(EFFECTIVE).size());
  }

  private List<String> rights(String sql) {
    return world.text(sql).lines().toList();
  }

  /** As the catalogue spells them. */
  private List<String> listed() {
    return Grant.ALL.stream()
        .map(Grant::text)
        .map(each ->
            each.startsWith("execute")
                ? "execute on function "
                    + world.text(
                        "select to_regprocedure(?)::text",
                        each.substring("execute on function ".length()))
                : each)
        .toList();
  }
}
