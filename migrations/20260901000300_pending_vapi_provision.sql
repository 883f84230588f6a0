-- The queue: one row per user to be given an assistant. The row is the truth; webhooks only ring.

do $$
begin
  if to_regclass('public.pending_vapi_provision') is not null
     and not exists (select from pg_attribute
                      where attrelid = to_regclass('public.pending_vapi_provision') and attname = 'claim_token') then
    raise exception 'public.pending_vapi_provision exists already and is not the table of vapi-provisioner'
      using detail = 'Stop whatever works it, rename it, then apply this file again:
alter table public.pending_vapi_provision rename to pending_vapi_provision_old;
Once all is applied, "Coming from a queue of your own" in the README has the rest.';
  end if;
end
$$;

create table if not exists public.pending_vapi_provision (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  email text,
  display_name text,
  created_at timestamptz not null default now(),
  processed_at timestamptz,
  error text,
  error_code text,
  status text not null default 'pending',
  attempts integer not null default 0,
  -- When the row is next due, whatever the cause. A fresh row waits a minute for its webhook.
  next_attempt_at timestamptz default now() + interval '1 minute',
  -- Who holds the row: whoever knows the token may settle it, nobody else.
  claim_token uuid,
  -- Doubt: a create of ours, begun in this span, may exist at Vapi unrecorded.
  unconfirmed_since timestamptz,
  unconfirmed_until timestamptz,
  -- When a settled row in doubt is next looked at.
  confirm_at timestamptz,
  assistant_id text,

  constraint status_is_known
    check (status in ('pending', 'processing', 'processed', 'errored', 'failed')),
  constraint attempts_are_counted
    check (attempts >= 0),
  constraint processed_rows_say_when
    check ((status = 'processed') = (processed_at is not null)),
  constraint open_rows_have_a_clock
    check ((status in ('pending', 'processing', 'errored')) = (next_attempt_at is not null)),
  constraint claimed_rows_have_a_token
    check ((status = 'processing') = (claim_token is not null)),
  constraint claimed_rows_are_in_doubt
    check (status <> 'processing' or unconfirmed_since is not null),
  constraint doubt_is_a_span
    check ((unconfirmed_since is null) = (unconfirmed_until is null) and unconfirmed_since <= unconfirmed_until),
  constraint settled_rows_in_doubt_are_looked_at
    check ((status in ('processed', 'failed') and unconfirmed_since is not null) = (confirm_at is not null))
);

-- Serves the promise: at most one row per user that is not processed.
create unique index if not exists pending_vapi_provision_one_open_per_user
  on public.pending_vapi_provision (user_id) where status <> 'processed';
-- Serves the foreign key: deleting a user finds all of its rows.
create index if not exists pending_vapi_provision_user_id
  on public.pending_vapi_provision (user_id);
-- Serves the claim of due rows; as small as the backlog, however long the history.
create index if not exists pending_vapi_provision_due
  on public.pending_vapi_provision (next_attempt_at) where next_attempt_at is not null;
-- Serves the looks; nearly always empty.
create index if not exists pending_vapi_provision_confirm
  on public.pending_vapi_provision (confirm_at) where confirm_at is not null;
-- Serves GET /provisions: newest first, each status by itself.
create index if not exists pending_vapi_provision_newest
  on public.pending_vapi_provision (status, created_at, id);
-- Serves GET /stats: the last hour. Its size is the estimate of how many rows are processed.
create index if not exists pending_vapi_provision_processed
  on public.pending_vapi_provision (processed_at) where processed_at is not null;

alter table public.pending_vapi_provision enable row level security;
revoke all on public.pending_vapi_provision from public, anon, authenticated, service_role;
-- Whose row it is, and what the user is called, is not for the service to change.
grant select,
  update (status, attempts, next_attempt_at, claim_token, processed_at, assistant_id, error, error_code,
          unconfirmed_since, unconfirmed_until, confirm_at)
  on public.pending_vapi_provision to provisioner;
-- The app's own server may show users how far they are. It passes row security, so its rights alone
-- keep it from forging rows, or changing them, which could break the promise.
grant select on public.pending_vapi_provision to service_role;

drop policy if exists "the provisioner works the queue" on public.pending_vapi_provision;
create policy "the provisioner works the queue" on public.pending_vapi_provision
  for all to provisioner using (true) with check (true);

comment on table public.pending_vapi_provision is
  'vapi-provisioner: users who are to be given a voice assistant, and what became of it';
