-- What a database holds, a line each, for people to read and to compare: no oids, no order of creation.
with area as (
  select n.oid, n.nspname as name from pg_namespace n where n.nspname = any (?)
), role as (
  select oid, rolname::text as name from pg_roles
  union all
  select 0, 'public'
), held as (
  select 'schema ' || n.nspname as thing, n.nspowner as owner, 'n' as kind, n.nspacl as acl, 0 as part, '' as suffix
    from pg_namespace n join area a on a.oid = n.oid
  union all
  select a.name || '.' || c.relname, c.relowner, case c.relkind when 'S' then 's' else 'r' end, c.relacl, 7, ''
    from pg_class c join area a on a.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select a.name || '.' || c.relname, c.relowner, 'c', t.attacl, 7, ' (' || t.attname || ')'
    from pg_class c join area a on a.oid = c.relnamespace join pg_attribute t on t.attrelid = c.oid
   where t.attacl is not null and not t.attisdropped
  union all
  select a.name || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
         p.proowner, 'f', p.proacl, 7, ''
    from pg_proc p join area a on a.oid = p.pronamespace
), line (thing, part, line) as (
  select 'schema ' || n.nspname, -1, 'owner ' || n.nspowner::regrole
    from pg_namespace n join area a on a.oid = n.oid
  union all
  select h.thing, h.part, 'grant ' || string_agg(lower(e.privilege_type) || case when e.is_grantable then '*' else '' end,
                                                 ', ' order by e.privilege_type) || h.suffix || ' to ' || r.name
    from held h
   cross join lateral aclexplode(coalesce(h.acl, acldefault(h.kind::"char", h.owner))) e
    join role r on r.oid = e.grantee
   where e.grantee <> h.owner
   group by h.thing, h.part, h.suffix, r.name
  union all
  select a.name || '.' || c.relname, 0,
         case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                        when 'S' then 'sequence' else 'relation ' || c.relkind::text end
         || case c.relpersistence when 'u' then ', unlogged' else '' end
         || ', owner ' || c.relowner::regrole
         || case when c.relrowsecurity then ', row level security' else '' end
         || coalesce(', ' || array_to_string(c.reloptions, ' '), '')
    from pg_class c join area a on a.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select a.name || '.' || c.relname, 1,
         'column ' || t.attname || ' ' || format_type(t.atttypid, t.atttypmod)
         || case when t.attnotnull then ' not null' else '' end
         || coalesce(case when t.attgenerated <> '' then ' generated always as ' else ' default ' end
                     || pg_get_expr(d.adbin, d.adrelid), '')
         || case t.attidentity when 'a' then ' identity' when 'd' then ' identity by default' else '' end
         || coalesce(' -- ' || col_description(c.oid, t.attnum), '')
    from pg_class c join area a on a.oid = c.relnamespace
    join pg_attribute t on t.attrelid = c.oid and t.attnum > 0 and not t.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = t.attnum
   where c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select a.name || '.' || c.relname, 2,
         'constraint ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
         || case when k.convalidated then '' else ', not validated' end
    from pg_constraint k join pg_class c on c.oid = k.conrelid join area a on a.oid = c.relnamespace
   where k.contype <> 'n'
  union all
  select a.name || '.' || c.relname, 3, pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ', invalid' end
    from pg_index i join pg_class c on c.oid = i.indrelid join area a on a.oid = c.relnamespace
  union all
  select a.name || '.' || c.relname, 4,
         'policy ' || quote_ident(p.polname) || case when p.polpermissive then '' else ' restrictive' end
         || ' for ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
         || ' to ' || (select string_agg(r.name, ', ' order by r.name) from role r where r.oid = any (p.polroles))
         || coalesce(' using ' || pg_get_expr(p.polqual, p.polrelid), '')
         || coalesce(' with check ' || pg_get_expr(p.polwithcheck, p.polrelid), '')
    from pg_policy p join pg_class c on c.oid = p.polrelid join area a on a.oid = c.relnamespace
  union all
  select case when a.oid is null then 'trigger on ' else '' end || n.nspname || '.' || c.relname, 5,
         pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ', enabled ' || t.tgenabled::text end
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    left join area a on a.oid = n.oid
   where not t.tgisinternal
  union all
  select a.name || '.' || c.relname, 6, 'as ' || btrim(pg_get_viewdef(c.oid))
    from pg_class c join area a on a.oid = c.relnamespace
   where c.relkind in ('v', 'm')
  union all
  select a.name || '.' || c.relname, 8, '-- ' || obj_description(c.oid, 'pg_class')
    from pg_class c join area a on a.oid = c.relnamespace
   where obj_description(c.oid, 'pg_class') is not null
  union all
  select 'schema ' || a.name, 8, '-- ' || obj_description(a.oid, 'pg_namespace')
    from area a where obj_description(a.oid, 'pg_namespace') is not null
  union all
  select a.name || '.' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')', 0,
         'owner ' || p.proowner::regrole || e'\n' || rtrim(pg_get_functiondef(p.oid), e'\n')
    from pg_proc p join area a on a.oid = p.pronamespace
   where p.prokind in ('f', 'p') and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  union all
  select 'type ' || a.name || '.' || t.typname, 0, case t.typtype when 'd' then 'domain' when 'e' then 'enum' else 'type' end
    from pg_type t join area a on a.oid = t.typnamespace
   where t.typtype in ('d', 'e', 'r')
  union all
  select 'extension ' || x.extname, 0, 'in ' || x.extnamespace::regnamespace
    from pg_extension x join area a on a.oid = x.extnamespace
  union all
  select 'role ' || r.rolname, 0,
         concat_ws(', ', case when r.rolcanlogin then 'login' else 'no login' end,
           case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'bypass rls' end,
           case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
           case when r.rolreplication then 'replication' end)
    from pg_roles r where r.rolname = 'provisioner'
  union all
  select 'role ' || r.rolname, 1, 'set ' || unnest(s.setconfig)
    from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
   where r.rolname = 'provisioner' and s.setdatabase = 0
  union all
  select 'role ' || m.member::regrole, 2, 'is a member of ' || m.roleid::regrole
    from pg_auth_members m where m.member::regrole::text = 'provisioner'
)
select thing, line from line order by thing, part, line
