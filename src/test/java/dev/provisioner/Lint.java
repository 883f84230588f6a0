package dev.provisioner;

/**
 * What Supabase's database linter warns of, by its rules' names; the objects of ours are all there
 * is in {@code public} and {@code provisioning}. Where a rule looks at less than it might, as at
 * the schemas that are exposed today, ours looks at both. Left out is what no object of ours can
 * be: message queues of pgmq, buckets, bloat, versions of extensions.
 */
enum Lint {
  UNINDEXED_FOREIGN_KEYS(
      """
      select conrelid::regclass || ' ' || conname from pg_constraint k
       where contype = 'f' and connamespace in (select oid from ours)
         and not exists (
           select from pg_index i
            where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
              and (string_to_array(i.indkey::text, ' ')::smallint[])[1:cardinality(k.conkey)] = k.conkey)\
      """,
      "drop index public.pending_vapi_provision_user_id",
      "pending_vapi_provision pending_vapi_provision_user_id_fkey"),
  NO_PRIMARY_KEY(
      """
      select c.oid::regclass from pg_class c
       where relkind in ('r', 'p') and relnamespace in (select oid from ours)
         and not exists (select from pg_index where indrelid = c.oid and indisprimary)\
      """,
      "create table provisioning.bad (id int)",
      "provisioning.bad"),
  DUPLICATE_INDEX(
      """
      select string_agg(indexrelid::regclass::text, ' ' order by indexrelid) from pg_index i
        join pg_class c on c.oid = i.indexrelid
       where relnamespace in (select oid from ours)
       group by indrelid, replace(pg_get_indexdef(indexrelid), quote_ident(relname), '')
      having count(*) > 1\
      """,
      "create index bad on public.pending_vapi_provision (user_id)",
      "pending_vapi_provision_user_id bad"),
  AUTH_USERS_EXPOSED(
      """
      select distinct c.oid::regclass from pg_depend d
        join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        join pg_class c on c.oid = r.ev_class
       where d.refobjid = 'auth.users'::regclass and relnamespace in (select oid from ours)
         and c.oid in (select oid from readable)\
      """,
      "set local role postgres; create view public.bad as select id from auth.users",
      "bad"),
  SECURITY_DEFINER_VIEW(
      """
      select c.oid::regclass from pg_class c
       where relkind = 'v' and relnamespace in (select oid from ours) and c.oid in (select oid from readable)
         and coalesce(lower(reloptions::text), '') !~ 'security_invoker=(1|true|yes|on)'\
      """,
      "set local role postgres; create view public.bad as select 1",
      "bad"),
  MATERIALIZED_VIEW_IN_API(
      """
      select c.oid::regclass from pg_class c
       where relkind = 'm' and relnamespace in (select oid from ours) and c.oid in (select oid from readable)\
      """,
      "set local role postgres; create materialized view public.bad as select 1",
      "bad"),
  FOREIGN_TABLE_IN_API(
      """
      select c.oid::regclass from pg_class c
       where relkind = 'f' and relnamespace in (select oid from ours) and c.oid in (select oid from readable)\
      """,
      """
      create foreign data wrapper bad; create server bad foreign data wrapper bad;
      create foreign table public.bad (id int) server bad; grant select on public.bad to anon\
      """,
      "bad"),
  RLS_DISABLED_IN_PUBLIC(
      """
      select c.oid::regclass from pg_class c
       where relkind in ('r', 'p') and relnamespace in (select oid from ours) and not relrowsecurity\
      """,
      "create table provisioning.bad (id int primary key)",
      "provisioning.bad"),
  POLICY_EXISTS_RLS_DISABLED(
      """
      select distinct c.oid::regclass from pg_policy p join pg_class c on c.oid = p.polrelid
       where relnamespace in (select oid from ours) and not relrowsecurity\
      """,
      "alter table public.pending_vapi_provision disable row level security",
      "pending_vapi_provision"),
  RLS_ENABLED_NO_POLICY(
      """
      select c.oid::regclass from pg_class c
       where relnamespace in (select oid from ours) and relrowsecurity
         and not exists (select from pg_policy where polrelid = c.oid)\
      """,
      "drop policy \"the provisioner works off the tombstones\" on provisioning.departed",
      "provisioning.departed"),
  RLS_POLICY_ALWAYS_TRUE(
      """
      select relation || ' ' || polname from policies
       where polpermissive and polcmd <> 'r'
         and (0 = any(polroles) or polroles && array['anon'::regrole, 'authenticated'::regrole]::oid[])
         and (coalesce(qual, 'true') = 'true' or coalesce(checked, 'true') = 'true')\
      """,
      "create policy bad on public.user_settings for update to authenticated using (true)",
      "user_settings bad"),
  MULTIPLE_PERMISSIVE_POLICIES(
      """
      select concat_ws(' ', relation, rolname, way)
        from policies
        join pg_roles r on r.oid = any(polroles) or 0 = any(polroles)
       cross join unnest(case when polcmd = '*' then array['r', 'a', 'w', 'd'] else array[polcmd::text] end) way
       where polpermissive and not rolbypassrls and rolname !~ '^(pg_|supabase.*admin$)'
       group by relation, rolname, way
      having count(*) > 1\
      """,
      "create policy bad on public.pending_vapi_provision for update to provisioner using (true)",
      "pending_vapi_provision provisioner w"),
  AUTH_RLS_INITPLAN(
      """
      select relation || ' ' || polname from policies
       where regexp_replace(
               lower(concat_ws(' ', qual, checked)),
               'select (auth\\.\\w+\\(\\)|current_setting\\([^)]*\\))', '', 'g')
             ~ 'auth\\.\\w+\\(\\)|current_setting\\('\
      """,
      "create policy bad on public.user_settings for update to authenticated using (user_id = auth.uid())",
      "user_settings bad"),
  RLS_REFERENCES_USER_METADATA(
      "select relation || ' ' || polname from policies where concat_ws(' ', qual, checked) like '%user_metadata%'",
      """
      create policy bad on public.user_settings for update to authenticated
       using ((select current_setting('request.jwt.claims')::jsonb -> 'user_metadata' ? 'admin'))\
      """,
      "user_settings bad"),
  FUNCTION_SEARCH_PATH_MUTABLE(
      """
      select p.oid::regprocedure from pg_proc p
       where pronamespace in (select oid from ours)
         and not 'search_path=""' = any(coalesce(proconfig, '{}'))\
      """,
      "create function provisioning.bad() returns int language sql as 'select 1'",
      "provisioning.bad()"),
  ANON_SECURITY_DEFINER_FUNCTION_EXECUTABLE(
      """
      select p.oid::regprocedure from pg_proc p
       where pronamespace in (select oid from ours) and has_function_privilege('anon', p.oid, 'execute')\
      """,
      "create function provisioning.bad() returns int language sql security definer set search_path = '' as 'select 1'",
      "provisioning.bad()"),
  AUTHENTICATED_SECURITY_DEFINER_FUNCTION_EXECUTABLE(
      """
      select p.oid::regprocedure from pg_proc p
       where pronamespace in (select oid from ours)
         and has_function_privilege('authenticated', p.oid, 'execute')\
      """,
      "grant execute on function provisioning.enqueue_missing to authenticated",
      "provisioning.enqueue_missing(integer,timestamp with time zone)"),
  PG_GRAPHQL_ANON_TABLE_EXPOSED(
      """
      select c.oid::regclass from pg_class c
       where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace in (select oid from ours)
         and has_any_column_privilege('anon', c.oid, 'select')\
      """,
      "grant select (id) on public.pending_vapi_provision to anon",
      "pending_vapi_provision"),
  /** Users read their own settings: that is what the table is there for. */
  PG_GRAPHQL_AUTHENTICATED_TABLE_EXPOSED(
      """
      select c.oid::regclass from pg_class c
       where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace in (select oid from ours)
         and has_any_column_privilege('authenticated', c.oid, 'select')
         and c.oid <> 'public.user_settings'::regclass\
      """,
      "grant select (id) on public.pending_vapi_provision to authenticated",
      "pending_vapi_provision"),
  SENSITIVE_COLUMNS_EXPOSED(
      """
      select c.oid::regclass || ' ' || attname from pg_class c join pg_attribute a on attrelid = c.oid
       where relnamespace in (select oid from ours) and c.oid in (select oid from readable)
         and attname ~* 'pass|secret|token|(api|private|license)_?key|jwt|otp|ssn|tax_id|card|iban|e_?mail'\
      """,
      "grant select on public.pending_vapi_provision to authenticated",
      "pending_vapi_provision claim_token"),
  EXTENSION_IN_PUBLIC(
      "select extname from pg_extension where extnamespace = 'public'::regnamespace and extname <> 'plpgsql'",
      "alter extension pgcrypto set schema public",
      "pgcrypto"),
  UNSUPPORTED_REG_TYPES(
      """
      select c.oid::regclass || ' ' || attname from pg_class c join pg_attribute a on attrelid = c.oid
       where relnamespace in (select oid from ours)
         and atttypid::regtype::text in ('regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper',
                                         'regoperator', 'regproc', 'regprocedure')\
      """,
      "alter table provisioning.installation add column bad regproc",
      "provisioning.installation bad"),
  FKEY_TO_AUTH_UNIQUE(
      """
      select conrelid::regclass || ' ' || conname from pg_constraint k
        join pg_index i on i.indexrelid = k.conindid
       where contype = 'f' and connamespace in (select oid from ours) and not indisprimary
         and confrelid in (select oid from pg_class where relnamespace = 'auth'::regnamespace)\
      """,
      "alter table provisioning.departed add column bad text constraint bad references auth.users (phone)",
      "provisioning.departed bad");

  private static final String OURS =
      """
      with ours as (
        select oid from pg_namespace where nspname in ('public', 'provisioning')
      ),
      readable as (
        select oid from pg_class
         where has_table_privilege('anon', oid, 'select') or has_table_privilege('authenticated', oid, 'select')
      ),
      policies as (
        select polrelid::regclass::text as relation, polname, polpermissive, polcmd, polroles,
               pg_get_expr(polqual, polrelid) as qual, pg_get_expr(polwithcheck, polrelid) as checked
          from pg_policy join pg_class c on c.oid = polrelid
         where relnamespace in (select oid from ours)
      )
      select string_agg(finding::text, E'\\n' order by finding::text collate "C") from (\
      """;

  private final String sql;

  /** What the superuser does to bring it about. */
  final String bad;

  /** What is found then. */
  final String finding;

  Lint(String sql, String bad, String finding) {
    this.sql = sql;
    this.bad = bad;
    this.finding = finding;
  }

  /** Finds what it warns of, a line each; null where there is nothing. */
  String sql() {
    return OURS + sql + ") found (finding)";
  }
}
