-- What `doctor` asks about the bell without seeing a secret. Nothing here changes anything.

-- Proves that two parties hold the same webhook secret. Null when the Vault has none; 'unreadable'
-- when it is not whsec_ and base64.
-- Whoever may call this must not be able to have webhooks signed by it. A webhook's signature is
-- hmac(secret, id.timestamp.body), and the verifier takes any id: whatever prefix were put before
-- the challenge, the rest could be chosen to make it a webhook. So the answer is made with another
-- key, itself hmac(secret, label). It is no signature under the secret; and that key, even if it
-- were known, is none: the label holds no dot, so it is no message that a webhook could have.
create or replace function provisioning.check_secret(challenge text) returns text
language plpgsql stable security definer set search_path = ''
as $$
declare
  secret text;
  key bytea;
begin
  select nullif(btrim(s.decrypted_secret, e' \t\r\n'), '') into secret
    from vault.decrypted_secrets s where s.name = 'provisioner_webhook_secret';
  if secret is null then
    return null;
  end if;
  begin
    key := decode(regexp_replace(secret, '^whsec_', ''), 'base64');
  exception
    when data_exception then
      return 'unreadable'; -- the error itself would quote part of the secret
  end;
  if length(key) = 0 then
    return 'unreadable';
  end if;
  return encode(
    extensions.hmac(
      convert_to(coalesce(challenge, ''), 'UTF8'),
      extensions.hmac(convert_to('vapi-provisioner check_secret', 'UTF8'), key, 'sha256'),
      'sha256'),
    'hex');
end
$$;
revoke execute on function provisioning.check_secret from public, anon, authenticated;
grant execute on function provisioning.check_secret to provisioner;

-- Whether the Vault's provisioner_url is this one; null when it has none.
create or replace function provisioning.check_url(url text) returns boolean
language plpgsql stable security definer set search_path = ''
as $$
declare
  kept text;
begin
  select nullif(rtrim(btrim(s.decrypted_secret, e' \t\r\n'), '/'), '') into kept
    from vault.decrypted_secrets s where s.name = 'provisioner_url';
  return case when kept is not null then coalesce(kept = rtrim(url, '/'), false) end;
end
$$;
revoke execute on function provisioning.check_url from public, anon, authenticated;
grant execute on function provisioning.check_url to provisioner;

-- What became of pg_net's requests in the last while, most recent first. pg_net does not keep whose
-- they were: those of the app's own are among them, and only an answer that bears our mark is known
-- to be ours. So no address, header or body is shown. status is null where there was no answer, and
-- for what still waits to be sent.
create or replace function provisioning.deliveries(since interval default '1 hour')
returns table (status integer, problem text, reason text, times bigint, latest timestamptz)
language plpgsql stable security definer set search_path = ''
as $$
begin
  if to_regclass('net._http_response') is null or to_regclass('net.http_request_queue') is null then
    return;
  end if;
  return query
    select r.status_code,
           substring(r.content from 'urn:vapi-provisioner:problem:([a-z-]+)'),
           case when r.timed_out then 'timed out'
                else left(regexp_replace(r.error_msg, '\s+', ' ', 'g'), 200) end,
           count(*), max(r.created)
      from net._http_response r
     where r.created > clock_timestamp() - since
     group by 1, 2, 3
    union all
    select null, null, 'waiting', count(*), null from net.http_request_queue having count(*) > 0
     order by 5 desc nulls last
     limit 20;
end
$$;
revoke execute on function provisioning.deliveries from public, anon, authenticated;
grant execute on function provisioning.deliveries to provisioner;

-- Whether pg_cron rings /reconcile; null without pg_cron.
create or replace function provisioning.is_scheduled() returns boolean
language plpgsql stable security definer set search_path = ''
as $$
begin
  if to_regclass('cron.job') is null then
    return null;
  end if;
  return exists (select from cron.job j where j.jobname = 'vapi-provisioner-reconcile' and j.active);
end
$$;
revoke execute on function provisioning.is_scheduled from public, anon, authenticated;
grant execute on function provisioning.is_scheduled to provisioner;
