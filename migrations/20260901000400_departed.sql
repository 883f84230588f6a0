-- Tombstones: what a deleted user, or a deleted row in doubt, leaves to be removed at Vapi.
-- No foreign key: that the user is gone is the point. Deleting never fails because of us.

create table if not exists provisioning.departed (
  user_id uuid primary key,
  provision_ids uuid[] not null default '{}',
  assistant_ids text[] not null default '{}',
  -- When this tombstone was last written; it may only be removed by a look that has read this value.
  departed_at timestamptz not null default clock_timestamp(),
  unconfirmed_since timestamptz,
  unconfirmed_until timestamptz,
  confirm_at timestamptz not null default clock_timestamp(),
  constraint doubt_is_a_span
    check ((unconfirmed_since is null) = (unconfirmed_until is null) and unconfirmed_since <= unconfirmed_until)
);
-- Serves the looks.
create index if not exists departed_confirm on provisioning.departed (confirm_at);

grant select, update (confirm_at), delete on provisioning.departed to provisioner;

alter table provisioning.departed enable row level security;
drop policy if exists "the provisioner works off the tombstones" on provisioning.departed;
create policy "the provisioner works off the tombstones" on provisioning.departed
  for all to provisioner using (true) with check (true);

-- Writes or touches a user's tombstone. Whatever is known already is kept.
create or replace function provisioning.bury(
  departed_user uuid, provision uuid, assistant text, since timestamptz, until timestamptz
) returns void
language sql security definer set search_path = ''
as $$
  insert into provisioning.departed as d
    (user_id, provision_ids, assistant_ids, unconfirmed_since, unconfirmed_until)
  values
    (departed_user, array_remove(array[provision], null), array_remove(array[nullif(assistant, '')], null), since, until)
  on conflict (user_id) do update set
    provision_ids = array(select unnest(d.provision_ids) union select unnest(excluded.provision_ids)),
    assistant_ids = array(select unnest(d.assistant_ids) union select unnest(excluded.assistant_ids)),
    departed_at = greatest(d.departed_at + interval '1 microsecond', clock_timestamp()),
    unconfirmed_since = least(d.unconfirmed_since, excluded.unconfirmed_since),
    unconfirmed_until = greatest(d.unconfirmed_until, excluded.unconfirmed_until),
    confirm_at = clock_timestamp()
$$;
revoke execute on function provisioning.bury from public, anon, authenticated;
grant execute on function provisioning.bury to provisioner;

-- Sees each row as it was last, a settle that came in just before the deletion included.
create or replace function provisioning.on_provision_deleted() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  user_gone boolean;
begin
  user_gone := not exists (select from auth.users u where u.id = old.user_id and u.deleted_at is null);
  if old.unconfirmed_since is not null or (user_gone and old.assistant_id is not null) then
    perform provisioning.bury(old.user_id, old.id, old.assistant_id, old.unconfirmed_since, old.unconfirmed_until);
  end if;
  if user_gone then
    -- Only where the app's table does not follow its users by itself: a setting left behind would
    -- say that the assistant is still in use, and what is in use is never deleted.
    -- A block of its own: what the app's table refuses must not take the tombstone with it.
    begin
      begin
        update provisioning.user_assistant set vapi_assistant_id = null
         where user_id = old.user_id and vapi_assistant_id = old.assistant_id;
      exception
        when not_null_violation then
          update provisioning.user_assistant set vapi_assistant_id = ''
           where user_id = old.user_id and vapi_assistant_id = old.assistant_id;
      end;
    exception
      when others then
        raise warning 'vapi-provisioner: the setting of departed user % still names an assistant: % (%). It stays at Vapi while it does.',
          old.user_id, sqlerrm, sqlstate;
    end;
  end if;
  return null;
exception
  when others then
    raise warning 'vapi-provisioner: no tombstone for provision % of user %: % (%). Its assistant, if any, stays at Vapi.',
      old.id, old.user_id, sqlerrm, sqlstate;
    return null;
end
$$;
revoke execute on function provisioning.on_provision_deleted from public, anon, authenticated;

create or replace trigger vapi_provisioner_provision_deleted
  after delete on public.pending_vapi_provision
  for each row execute function provisioning.on_provision_deleted();

-- BEFORE, because afterwards the cascade has taken the setting away. For a user whose queue row is
-- gone already, or was never ours, this is all that remembers the assistant.
create or replace function provisioning.on_user_deleted() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  in_use text;
begin
  select nullif(a.vapi_assistant_id, '') into in_use
    from provisioning.user_assistant a where a.user_id = old.id;
  if in_use is not null then
    perform provisioning.bury(old.id, null, in_use, null, null);
  end if;
  return old;
exception
  when others then
    raise warning 'vapi-provisioner: no tombstone for user %: % (%). The assistant, if any, stays at Vapi.',
      old.id, sqlerrm, sqlstate;
    return old;
end
$$;
revoke execute on function provisioning.on_user_deleted from public, anon, authenticated;

create or replace trigger vapi_provisioner_user_deleted
  before delete on auth.users
  for each row execute function provisioning.on_user_deleted();

-- Soft deletion is deletion, too, and as final: Auth scrambles the address, sets deleted_at and keeps
-- the row, so that nothing cascades. This does for our part what the cascade would.
create or replace function provisioning.on_user_soft_deleted() returns trigger
language plpgsql security definer set search_path = '' set lock_timeout = '500ms'
as $$
declare
  in_use text;
begin
  select nullif(a.vapi_assistant_id, '') into in_use
    from provisioning.user_assistant a where a.user_id = new.id;
  if in_use is not null then
    perform provisioning.bury(new.id, null, in_use, null, null);
  end if;
  delete from public.pending_vapi_provision where user_id = new.id;
  return null;
exception
  when others then
    raise warning 'vapi-provisioner: user % was soft-deleted and is still in the queue: % (%). To mend that: delete from public.pending_vapi_provision where user_id = %;',
      new.id, sqlerrm, sqlstate, quote_literal(new.id);
    return null;
end
$$;
revoke execute on function provisioning.on_user_soft_deleted from public, anon, authenticated;

create or replace trigger vapi_provisioner_user_soft_deleted
  after update of deleted_at on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function provisioning.on_user_soft_deleted();
