-- The one seam to the app: a view that says which assistant each user has. It points at
-- public.user_settings, keyed by user_id or id, and creates the table or the column where missing.
-- What is wrong is said in message and detail: the Supabase CLI shows no hints.

do $$
declare
  settings regclass := to_regclass('public.user_settings');
  kind "char";
  key_column name;
  key_type text;
  key_generated boolean;
  assistant_type text;
  assistant_length integer;
  assistant_generated "char";
  late record;
  shared boolean;
  required text;
  limited text;
  -- Fits whatever the table is like. The view, once there, is all that this file looks at.
  elsewhere constant text := $sql$
create schema if not exists provisioning;
create table public.user_assistants (
  user_id uuid primary key references auth.users (id) on delete cascade,
  vapi_assistant_id text
);
alter table public.user_assistants enable row level security;
create policy "users read their own assistant" on public.user_assistants
  for select to authenticated using (user_id = (select auth.uid()));
create view provisioning.user_assistant as
  select user_id, vapi_assistant_id from public.user_assistants;$sql$;
begin
  -- One that is there may have been pointed elsewhere: then user_settings is none of our business.
  if to_regclass('provisioning.user_assistant') is not null then
    return;
  end if;

  if settings is null then
    create table public.user_settings (
      user_id uuid primary key references auth.users (id) on delete cascade,
      vapi_assistant_id text
    );
    alter table public.user_settings enable row level security;
    create policy "users read their own settings" on public.user_settings
      for select to authenticated using (user_id = (select auth.uid()));
    -- Said in full, whatever the project grants on new tables by itself: users read, the app's own
    -- server may write.
    revoke all on public.user_settings from public, anon, authenticated, service_role;
    grant select on public.user_settings to authenticated;
    grant select, insert, update, delete on public.user_settings to service_role;
    settings := 'public.user_settings'::regclass;
  end if;

  select c.relkind into kind from pg_class c where c.oid = settings;
  if kind not in ('r', 'p') then
    raise exception 'public.user_settings is a %, and assistants can only be kept in a table',
      case kind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'thing of another kind' end
      using detail = 'Keep them in a table of their own, then apply this file again:' || elsewhere;
  end if;

  -- user_id wins over id, so that a table with a key of its own is joined by its user.
  -- A domain is as good as the type below it.
  with recursive base as (
    select t.oid, t.oid as below, t.typbasetype as next from pg_type t
    union all
    select b.oid, t.oid, t.typbasetype from base b join pg_type t on t.oid = b.next
  )
  select a.attname, format_type(b.below, null), a.attgenerated <> ''
    into key_column, key_type, key_generated
    from pg_attribute a join base b on b.oid = a.atttypid and b.next = 0
   where a.attrelid = settings and a.attname in ('user_id', 'id') and not a.attisdropped
   order by a.attname = 'user_id' desc
   limit 1;
  if key_column is null then
    raise exception 'public.user_settings has neither a column user_id nor a column id'
      using detail = 'Add one, fill it for the rows there are, then apply this file again:
alter table public.user_settings add column user_id uuid unique references auth.users (id) on delete cascade;';
  end if;
  if key_type <> 'uuid' then
    raise exception 'public.user_settings.% is not of type uuid, so it cannot be the id of a user', key_column
      using detail = case
        when key_column = 'id' then 'Add a column for it, fill it for the rows there are, then apply this file again:
alter table public.user_settings add column user_id uuid unique references auth.users (id) on delete cascade;'
        when key_type in ('text', 'character varying') then 'If it holds ids of users, make it one, then apply this file again:
alter table public.user_settings alter column user_id type uuid using user_id::uuid;'
        else 'Keep the assistants in a table of their own, then apply this file again:' || elsewhere
      end;
  end if;
  if key_generated then
    raise exception 'public.user_settings.% is generated, so no row can be made for a user', key_column
      using detail = 'Keep the assistants in a table of their own, then apply this file again:' || elsewhere;
  end if;
  -- One is one too many, whatever else is unique: `on conflict` would be refused.
  select k.conname, pg_get_constraintdef(k.oid) as definition into late
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and array[a.attnum] = k.conkey
   where k.conrelid = settings and k.contype in ('p', 'u') and k.condeferrable and a.attname = key_column
   limit 1;
  if found then
    raise exception 'public.user_settings.% is not unique at once, but late: % is deferrable', key_column, late.conname
      using detail = format('Make it immediate, then apply this file again:
alter table public.user_settings drop constraint %1$I, add constraint %1$I %2$s;',
        late.conname, split_part(late.definition, ' DEFERRABLE', 1));
  end if;
  if not exists (
    select from pg_index i
     where i.indrelid = settings
       and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
       and i.indnkeyatts = 1
       and i.indkey[0] = (select a.attnum from pg_attribute a
                           where a.attrelid = i.indrelid and a.attname = key_column)
  ) then
    -- Several rows for a user may be what the table is for: then it can never be unique.
    execute format(
      'select exists (select from public.user_settings where %1$I is not null group by %1$I having count(*) > 1)',
      key_column) into shared;
    shared := shared or kind = 'p' or exists (
      select from pg_index i
       where i.indrelid = settings and i.indisunique and i.indnkeyatts > 1
         and (select a.attnum from pg_attribute a
               where a.attrelid = i.indrelid and a.attname = key_column) = any (i.indkey::smallint[]));
    raise exception 'public.user_settings.% is not unique, so a user could have two assistants', key_column
      using detail = case
        when shared then 'Keep the assistants in a table of their own, then apply this file again:' || elsewhere
        else format('Make it unique, then apply this file again:
alter table public.user_settings add unique (%I);', key_column)
      end;
  end if;

  with recursive base as (
    select a.atttypid as below, a.atttypmod as modifier, a.attgenerated
      from pg_attribute a
     where a.attrelid = settings and a.attname = 'vapi_assistant_id' and not a.attisdropped
    union all
    select t.typbasetype, t.typtypmod, b.attgenerated
      from base b join pg_type t on t.oid = b.below and t.typbasetype <> 0
  )
  select format_type(b.below, null), b.modifier - 4, b.attgenerated
    into assistant_type, assistant_length, assistant_generated
    from base b join pg_type t on t.oid = b.below and t.typbasetype = 0;
  if assistant_type is null then
    alter table public.user_settings add column vapi_assistant_id text;
  elsif assistant_generated <> '' then
    raise exception 'public.user_settings.vapi_assistant_id is generated, so nothing can be written to it'
      using detail = case assistant_generated
        when 's' then 'Make it a column like others, then apply this file again:
alter table public.user_settings alter column vapi_assistant_id drop expression;'
        else 'Keep the assistants in a table of their own, then apply this file again:' || elsewhere
      end;
  elsif assistant_type not in ('text', 'character varying') then
    raise exception 'public.user_settings.vapi_assistant_id is of type %, expected text', assistant_type
      using detail = 'Change it, then apply this file again:
alter table public.user_settings alter column vapi_assistant_id type text;';
  elsif assistant_length between 1 and 35 then
    raise exception 'public.user_settings.vapi_assistant_id holds % characters, and the ids of assistants have 36', assistant_length
      using detail = 'Change it, then apply this file again:
alter table public.user_settings alter column vapi_assistant_id type text;';
  end if;

  -- Not errors: an app that creates the settings row itself, at sign-up, is fine.
  select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into required
    from pg_attribute a join pg_type t on t.oid = a.atttypid
   where a.attrelid = settings and a.attnum > 0 and not a.attisdropped
     and (a.attnotnull or t.typnotnull) and not a.atthasdef and t.typdefault is null and a.attidentity = ''
     and a.attname not in (key_column, 'vapi_assistant_id');
  if required is not null then
    raise warning 'public.user_settings requires values for %, which vapi-provisioner cannot know. Give them defaults (alter table public.user_settings alter column … set default …), or create the settings row before the user is verified; else rows end as errored with settings_refused.', required;
  end if;

  select string_agg(quote_ident(k.conname) || ': ' || pg_get_constraintdef(k.oid), ', ' order by k.conname) into limited
    from pg_constraint k join pg_attribute a
      on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
   where k.conrelid = settings and k.contype in ('c', 'f') and a.attname = 'vapi_assistant_id';
  if limited is not null then
    raise warning 'public.user_settings limits vapi_assistant_id (%). What it refuses ends as errored with settings_refused: it must take any assistant''s id, which is a uuid, and null.', limited;
  end if;

  execute format(
    'create view provisioning.user_assistant as
       select %I as user_id, vapi_assistant_id from public.user_settings', key_column);
  comment on view provisioning.user_assistant is
    'The assistant in use per user. vapi-provisioner reads and writes nothing else of the app';
end
$$;

grant select, insert (user_id, vapi_assistant_id), update (vapi_assistant_id)
  on provisioning.user_assistant to provisioner;
