-- Who gets an assistant: a user whose e-mail address becomes verified. Never in the way of a sign-up.

-- An older system's own trigger would insert into our queue, and its second row for a user would be
-- refused: the verification with it.
do $$
declare
  older text;
begin
  select string_agg(distinct p.oid::regprocedure::text, ', ') into older
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
   where t.tgrelid = 'auth.users'::regclass and not t.tgisinternal
     and p.pronamespace <> 'provisioning'::regnamespace
     and p.prosrc ~* 'insert\s+into\s+("?public"?\.)?"?pending_vapi_provision\M' and p.prosrc !~* 'on\s+conflict';
  if older is not null then
    raise exception 'a trigger on auth.users inserts into pending_vapi_provision by itself: verifying an e-mail would fail'
      using detail = 'Drop its function, and the trigger with it, then apply this file again:
drop function ' || older || ' cascade;';
  end if;
end
$$;

-- Both names are written by the user and are trusted by nobody.
create or replace function provisioning.display_name(meta jsonb) returns text
language sql immutable set search_path = ''
as $$
  select left(coalesce(nullif(btrim(meta ->> 'full_name'), ''), nullif(btrim(meta ->> 'name'), '')), 200)
$$;
revoke execute on function provisioning.display_name from public, anon, authenticated;

create or replace function provisioning.on_user_verified() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '500ms'
as $$
begin
  if coalesce(new.email, '') <> '' and new.deleted_at is null then
    insert into public.pending_vapi_provision (user_id, email, display_name)
    values (new.id, new.email, provisioning.display_name(new.raw_user_meta_data))
    on conflict do nothing; -- a row is under way already
  end if;
  return null;
exception
  when others then
    raise warning 'vapi-provisioner: user % was verified but not enqueued: % (%). enqueue_missing() will find it.',
      new.id, sqlerrm, sqlstate;
    return null;
end
$$;
revoke execute on function provisioning.on_user_verified from public, anon, authenticated;

-- Auth updates the column even for OAuth and auto-confirmed sign-ups; imports insert it set.
create or replace trigger vapi_provisioner_user_verified
  after update of email_confirmed_at on auth.users
  for each row when (old.email_confirmed_at is null and new.email_confirmed_at is not null)
  execute function provisioning.on_user_verified();

create or replace trigger vapi_provisioner_user_imported
  after insert on auth.users
  for each row when (new.email_confirmed_at is not null)
  execute function provisioning.on_user_verified();

-- Finds verified users with neither a row under way nor an assistant, and enqueues them: what a
-- swallowed failure left out, or, called by hand, the users from before the installation.
-- The service calls it with `since` = provisioning.installation.installed_at. Returns how many.
create or replace function provisioning.enqueue_missing(
  max integer default 1000, since timestamptz default '-infinity'
) returns integer
language sql security definer set search_path = '' set lock_timeout = '500ms'
as $$
  with enqueued as (
    insert into public.pending_vapi_provision (user_id, email, display_name)
    select u.id, u.email, provisioning.display_name(u.raw_user_meta_data)
      from auth.users u
     where u.email_confirmed_at >= since
       and u.email <> ''
       and u.deleted_at is null
       and not exists (select from public.pending_vapi_provision q
                        where q.user_id = u.id and q.status <> 'processed')
       and not exists (select from provisioning.user_assistant a
                        where a.user_id = u.id and a.vapi_assistant_id <> '')
     limit max
    on conflict do nothing
    returning 1
  )
  select count(*)::integer from enqueued
$$;
revoke execute on function provisioning.enqueue_missing from public, anon, authenticated;
grant execute on function provisioning.enqueue_missing to provisioner;

-- How many they are. Not a view for both: one that depends on user_assistant would stand in the way
-- of whoever points that one elsewhere.
create or replace function provisioning.missing_count(since timestamptz default '-infinity')
returns bigint
language sql stable security definer set search_path = ''
as $$
  select count(*)
    from auth.users u
   where u.email_confirmed_at >= since
     and u.email <> ''
     and u.deleted_at is null
     and not exists (select from public.pending_vapi_provision q
                      where q.user_id = u.id and q.status <> 'processed')
     and not exists (select from provisioning.user_assistant a
                      where a.user_id = u.id and a.vapi_assistant_id <> '')
$$;
revoke execute on function provisioning.missing_count from public, anon, authenticated;
grant execute on function provisioning.missing_count to provisioner;

-- For a user whose assistant is gone at Vapi: takes its id out of the settings, if it is still
-- there, and enqueues the user anew. The old row, whose id this takes, stays as it is: adoption
-- never crosses rows. Returns the new row's id; null where the settings have changed, or a row of
-- the user's is open already, which goes on from there.
create or replace function provisioning.requeue(id uuid) returns uuid
language plpgsql security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  its_user uuid;
  gone text;
  fresh uuid;
begin
  select q.user_id, q.assistant_id into its_user, gone
    from public.pending_vapi_provision q
   where q.id = requeue.id and q.status = 'processed' and q.assistant_id <> '';
  if not found then
    return null;
  end if;
  begin
    update provisioning.user_assistant a set vapi_assistant_id = null
     where a.user_id = its_user and a.vapi_assistant_id = gone;
  exception
    when not_null_violation then
      update provisioning.user_assistant a set vapi_assistant_id = ''
       where a.user_id = its_user and a.vapi_assistant_id = gone;
  end;
  if not found then
    return null;
  end if;
  insert into public.pending_vapi_provision as q (user_id, email, display_name)
  select u.id, u.email, provisioning.display_name(u.raw_user_meta_data)
    from auth.users u where u.id = its_user and u.deleted_at is null
  on conflict do nothing
  returning q.id into fresh;
  return fresh;
end
$$;
revoke execute on function provisioning.requeue from public, anon, authenticated;
grant execute on function provisioning.requeue to provisioner;
