-- The one seam to the app: a view that says which assistant each user has. It points at
-- public.user_settings, keyed by user_id or id, and creates the table or the column where missing.

do $$
declare
  key_column text;
  assistant_type text;
  required text;
begin
  if to_regclass('public.user_settings') is null then
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
  end if;

  -- user_id wins over id, so that a table with a key of its own is joined by its user.
  select a.attname into key_column
    from pg_attribute a
   where a.attrelid = 'public.user_settings'::regclass
     and a.attname in ('user_id', 'id') and not a.attisdropped
   order by a.attname = 'user_id' desc
   limit 1;
  if key_column is null then
    raise exception 'public.user_settings has neither a column user_id nor a column id'
      using hint = 'Add a unique column user_id uuid, or point the view provisioning.user_assistant at the right table.';
  end if;
  if (select a.atttypid from pg_attribute a
       where a.attrelid = 'public.user_settings'::regclass and a.attname = key_column) <> 'uuid'::regtype then
    raise exception 'public.user_settings.% is not of type uuid, so it cannot be the id of a user', key_column
      using hint = 'Add a unique column user_id uuid.';
  end if;
  if not exists (
    select from pg_index i
     where i.indrelid = 'public.user_settings'::regclass
       and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null and i.indexprs is null
       and i.indnkeyatts = 1
       and i.indkey[0] = (select a.attnum from pg_attribute a
                           where a.attrelid = i.indrelid and a.attname = key_column)
  ) then
    raise exception 'public.user_settings.% is not unique, so a user could have two assistants', key_column
      using hint = format('alter table public.user_settings add unique (%I);', key_column);
  end if;

  select format_type(a.atttypid, null) into assistant_type
    from pg_attribute a
   where a.attrelid = 'public.user_settings'::regclass
     and a.attname = 'vapi_assistant_id' and not a.attisdropped;
  if assistant_type is null then
    alter table public.user_settings add column vapi_assistant_id text;
  elsif assistant_type not in ('text', 'character varying') then
    raise exception 'public.user_settings.vapi_assistant_id is of type %, expected text', assistant_type
      using hint = 'alter table public.user_settings alter column vapi_assistant_id type text;';
  end if;

  -- Not an error: an app that creates the settings row itself, at sign-up, is fine.
  select string_agg(quote_ident(a.attname), ', ') into required
    from pg_attribute a
   where a.attrelid = 'public.user_settings'::regclass
     and a.attnum > 0 and not a.attisdropped
     and a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attname <> key_column;
  if required is not null then
    raise warning 'public.user_settings requires values for %, which vapi-provisioner cannot know', required
      using hint = 'Give these columns defaults, or create the settings row before the user is verified; else rows end as errored with settings_refused.';
  end if;

  -- One that is there may have been pointed elsewhere.
  if to_regclass('provisioning.user_assistant') is null then
    execute format(
      'create view provisioning.user_assistant as
         select %I as user_id, vapi_assistant_id from public.user_settings', key_column);
  end if;
end
$$;

grant select, insert (user_id, vapi_assistant_id), update (vapi_assistant_id)
  on provisioning.user_assistant to provisioner;

comment on view provisioning.user_assistant is
  'The assistant in use per user. vapi-provisioner reads and writes nothing else of the app';
