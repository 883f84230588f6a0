-- What a new Supabase project holds, as far as the service touches it: auth, extensions, and stand-ins for Vault and pg_net,
-- neither of which comes with a plain PostgreSQL. Run by the superuser in the database that others are cloned from.

-- public: everything that `postgres` makes there is open to the API's roles from birth. A migration that means to keep
-- something private has to revoke it from each of them, not from public alone.
grant usage on schema public to anon, authenticated, service_role;
grant usage, create on schema public to postgres with grant option; -- there it owns the database
alter default privileges for role postgres in schema public
  grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to postgres, anon, authenticated, service_role;

-- extensions
create schema extensions;
grant usage on schema extensions to public;
grant create on schema extensions to postgres;
create extension pgcrypto schema extensions;

-- auth: belongs to the auth server. `postgres` may use the tables, put triggers on them and refer to them, but make nothing
-- of its own there, nor pass on what it was given.
create schema auth authorization supabase_auth_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role;

create table auth.users (
  instance_id uuid,
  id uuid not null primary key,
  aud varchar(255),
  role varchar(255),
  email varchar(255),
  encrypted_password varchar(255),
  email_confirmed_at timestamptz,
  invited_at timestamptz,
  last_sign_in_at timestamptz,
  raw_app_meta_data jsonb,
  raw_user_meta_data jsonb,
  is_super_admin boolean,
  created_at timestamptz,
  updated_at timestamptz,
  phone text unique default null,
  phone_confirmed_at timestamptz,
  confirmed_at timestamptz generated always as (least(email_confirmed_at, phone_confirmed_at)) stored,
  banned_until timestamptz,
  is_sso_user boolean not null default false,
  deleted_at timestamptz,
  is_anonymous boolean not null default false
);
alter table auth.users owner to supabase_auth_admin;
create unique index users_email_partial_key on auth.users (email) where (is_sso_user = false);
grant all on auth.users to postgres;

create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
alter function auth.uid() owner to supabase_auth_admin;

-- vault: a stand-in that hides nothing. It only takes care that reading `secret` where `decrypted_secret` was meant is noticed.
create schema vault;
grant usage on schema vault to postgres;

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;

create view vault.decrypted_secrets as
  select id, name, description, secret, convert_from(decode(secret, 'base64'), 'UTF8') as decrypted_secret,
         created_at, updated_at
    from vault.secrets;

create function vault.create_secret(
  new_secret text, new_name text default null, new_description text default ''
) returns uuid language sql security definer set search_path = '' as $$
  insert into vault.secrets (secret, name, description)
  values (encode(convert_to(new_secret, 'UTF8'), 'base64'), new_name, new_description)
  returning id
$$;

create function vault.update_secret(
  secret_id uuid, new_secret text default null, new_name text default null, new_description text default null
) returns void language sql security definer set search_path = '' as $$
  update vault.secrets
     set secret = coalesce(encode(convert_to(new_secret, 'UTF8'), 'base64'), secret),
         name = coalesce(new_name, name),
         description = coalesce(new_description, description),
         updated_at = now()
   where id = secret_id
$$;

grant select, delete on vault.secrets, vault.decrypted_secrets to postgres;
revoke execute on all functions in schema vault from public;
grant execute on all functions in schema vault to postgres;

-- net: pg_net as seen from SQL. A request is a row like any other until its transaction commits; a worker outside takes it
-- from there. Unlogged, like the real tables: a crash of the server loses what is queued.
create schema net;
grant usage on schema net to postgres, anon, authenticated, service_role;

create unlogged table net.http_request_queue (
  id bigserial,
  method text not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);
create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

create function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds integer default 5000
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
  content_type text;
  request_id bigint;
begin
  select header.value into content_type
    from jsonb_each_text(coalesce(http_post.headers, '{}')) header
   where lower(header.key) = 'content-type'
   limit 1;
  if content_type is null then
    headers := coalesce(http_post.headers, '{}') || '{"Content-Type": "application/json"}';
  elsif content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  if http_post.body is null then
    raise exception 'body must not be null';
  end if;
  if http_post.params <> '{}' then
    raise exception 'the stand-in for pg_net knows no params';
  end if;
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values ('POST', http_post.url, http_post.headers, convert_to(http_post.body::text, 'UTF8'),
          http_post.timeout_milliseconds)
  returning id into request_id;
  return request_id;
end
$$;
revoke execute on function net.http_post from public;
grant execute on function net.http_post to postgres, anon, authenticated, service_role;
grant select on net.http_request_queue, net._http_response to postgres;
