-- The private schema, the role of the service, and the id that marks this installation's assistants.

create schema if not exists provisioning;
revoke all on schema provisioning from public;

-- Supabase ships both extensions; pgcrypto signs webhooks, pg_net sends them.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pgcrypto' and installed_version is null) then
    create extension pgcrypto with schema extensions;
  end if;
  if exists (select from pg_available_extensions where name = 'pg_net' and installed_version is null) then
    create extension pg_net with schema extensions; -- its functions are in net, wherever it is
  end if;
  if to_regprocedure('extensions.hmac(bytea, bytea, text)') is null then
    raise warning 'pgcrypto is not in the schema extensions: webhooks cannot be signed, and nothing will ring. To mend it: alter extension pgcrypto set schema extensions;';
  end if;
end
$$;

-- The service logs in as this role. It has no password until the operator sets one:
--   alter role provisioner with password '…';
do $$
begin
  create role provisioner login;
exception
  when duplicate_object then -- roles belong to the whole server: another database made it
    if not (select rolcanlogin from pg_roles where rolname = 'provisioner') then
      raise warning 'the role provisioner is there already and may not log in, so the service cannot: alter role provisioner login;';
    end if;
end
$$;

-- A settle that holds a queue row must give way to a user being deleted. Below deadlock_timeout
-- (1 s) it is always ours that is cancelled, and repeated; the deletion never is.
do $$
begin
  if not exists (select from pg_db_role_setting
                  where setrole = 'provisioner'::regrole and setdatabase = 0
                    and 'lock_timeout=500ms' = any (setconfig)) then
    alter role provisioner set lock_timeout = '500ms';
  end if;
exception
  when insufficient_privilege then
    raise warning 'the role provisioner is there already and is not ours to set. As whoever made it: alter role provisioner set lock_timeout = ''500ms'';';
end
$$;

grant usage on schema provisioning to provisioner;
grant usage on schema public to provisioner;

-- Whose assistants these are, when several databases share one Vapi organisation.
create table if not exists provisioning.installation (
  singleton boolean primary key default true check (singleton),
  id text not null default gen_random_uuid()::text check (id <> ''),
  installed_at timestamptz not null default now(),
  -- The Vapi organisation, as its first answer named it.
  organisation text
);
insert into provisioning.installation default values on conflict do nothing;
grant select on provisioning.installation to provisioner;

-- Nobody else may use this schema; row security holds should somebody ever be let in.
alter table provisioning.installation enable row level security;
drop policy if exists "the provisioner reads the installation" on provisioning.installation;
create policy "the provisioner reads the installation" on provisioning.installation
  for select to provisioner using (true);

-- Remembers the organisation at first contact, for good. Returns the one that is remembered.
create or replace function provisioning.pin_organisation(seen text) returns text
language sql security definer set search_path = '' set lock_timeout = '500ms'
as $$
  update provisioning.installation set organisation = seen where organisation is null and seen <> '';
  select organisation from provisioning.installation
$$;
revoke execute on function provisioning.pin_organisation from public, anon, authenticated;
grant execute on function provisioning.pin_organisation to provisioner;

comment on schema provisioning is 'vapi-provisioner: private, not exposed by the Data API';
comment on column provisioning.installation.installed_at is
  'Users verified before this moment get an assistant only when enqueue_missing() is called by hand';
comment on column provisioning.installation.organisation is
  'Set to null by hand after a move to another Vapi organisation: the next answer pins it anew';
