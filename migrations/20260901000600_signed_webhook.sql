-- The bell: each new row is announced to the service by a signed POST (Standard Webhooks).
-- Needs two secrets in the Vault; with either absent nothing is sent, and rows wait for reconcile:
--   select vault.create_secret('https://your-app.fly.dev', 'provisioner_url');
--   select vault.create_secret('whsec_…', 'provisioner_webhook_secret');

-- Posts a signed body to a path of the service. Returns pg_net's request id, null when not set up.
create or replace function provisioning.post_signed(path text, body jsonb, extra_headers jsonb default '{}')
returns bigint
language plpgsql security definer set search_path = ''
as $$
declare
  url text;
  secret text;
  id text := 'msg_' || replace(gen_random_uuid()::text, '-', '');
  seconds text := floor(extract(epoch from clock_timestamp()))::bigint::text;
begin
  -- White space is what pasting adds: a line break, mostly.
  select btrim(s.decrypted_secret, e' \t\r\n') into url from vault.decrypted_secrets s where s.name = 'provisioner_url';
  select btrim(s.decrypted_secret, e' \t\r\n') into secret from vault.decrypted_secrets s where s.name = 'provisioner_webhook_secret';
  if coalesce(url, '') = '' or coalesce(secret, '') = '' then
    return null;
  end if;
  -- pg_net sends the bytes of body::text, so these are what is signed. `text::bytea` would read
  -- backslashes as escapes; convert_to does not.
  return net.http_post(
    url => rtrim(url, '/') || path,
    body => body,
    headers => extra_headers || jsonb_build_object(
      'Content-Type', 'application/json',
      'webhook-id', id,
      'webhook-timestamp', seconds,
      'webhook-signature', 'v1,' || encode(
        extensions.hmac(
          convert_to(id || '.' || seconds || '.' || body::text, 'UTF8'),
          decode(regexp_replace(secret, '^whsec_', ''), 'base64'),
          'sha256'),
        'base64')),
    timeout_milliseconds => 5000);
end
$$;
revoke execute on function provisioning.post_signed from public, anon, authenticated;

-- The body has the shape of Supabase's own Database Webhooks. The service uses record.id only.
-- A bulk import silences the bell with: set local provisioning.silent = 'on';
create or replace function provisioning.on_provision_enqueued() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if current_setting('provisioning.silent', true) is distinct from 'on' then
    perform provisioning.post_signed('/webhooks/pending-vapi-provision', jsonb_build_object(
      'type', 'INSERT',
      'table', 'pending_vapi_provision',
      'schema', 'public',
      'record', to_jsonb(new),
      'old_record', null));
  end if;
  return null;
exception
  when others then
    -- Class 22 would quote what it could not decode: part of the secret.
    raise warning 'vapi-provisioner: no webhook for provision %: %. The row is safe and will be provisioned by reconcile.',
      new.id,
      case when sqlstate like '22%' then 'the Vault secret provisioner_webhook_secret is not whsec_ and base64'
           else sqlerrm end;
    return null;
end
$$;
revoke execute on function provisioning.on_provision_enqueued from public, anon, authenticated;

create or replace trigger vapi_provisioner_provision_enqueued
  after insert on public.pending_vapi_provision
  for each row when (new.status = 'pending')
  execute function provisioning.on_provision_enqueued();

-- For a schedule: rings /reconcile when anything is due, and only then, so that a machine that
-- scales to zero is not woken for nothing. Returns pg_net's request id, null when nothing is due.
create or replace function provisioning.request_reconcile() returns bigint
language sql security definer set search_path = ''
as $$
  select provisioning.post_signed('/reconcile', '{}', '{"Prefer": "respond-async"}')
   where exists (select from public.pending_vapi_provision where next_attempt_at <= now())
      or exists (select from public.pending_vapi_provision where confirm_at <= now())
      or exists (select from provisioning.departed where confirm_at <= now())
$$;
revoke execute on function provisioning.request_reconcile from public, anon, authenticated;
