-- pg_cron as seen from SQL, for a project that has enabled it. Run by the superuser; a driver outside runs the jobs.
-- postgres may schedule and look, but not write to the table of jobs, as at Supabase.
create schema cron;
grant usage on schema cron to postgres;

create table cron.job (
  jobid bigserial primary key,
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default 5432,
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);
create table cron.job_run_details (
  jobid bigint,
  runid bigserial primary key,
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
grant select on cron.job, cron.job_run_details to postgres;

-- A row of each user's own.
alter table cron.job enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
alter table cron.job_run_details enable row level security;
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);

-- A name that is there already keeps its id, and gets the new schedule and command.
create function cron.schedule(job_name text, schedule text, command text) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  id bigint;
begin
  if array_length(regexp_split_to_array(btrim(schedule), ' +'), 1) <> 5 then
    raise exception 'invalid schedule: %', schedule;
  end if;
  insert into cron.job as j (jobname, schedule, command, username)
  values ($1, $2, $3, session_user)
  on conflict on constraint jobname_username_uniq do update
     set schedule = excluded.schedule, command = excluded.command
  returning j.jobid into id;
  return id;
end
$$;

create function cron.unschedule(job_name text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from cron.job where jobname = job_name and username = session_user;
  if not found then
    raise exception 'could not find valid entry for job %', quote_literal(job_name);
  end if;
  return true;
end
$$;
revoke execute on all functions in schema cron from public;
grant execute on all functions in schema cron to postgres;

-- The extension itself cannot be had here; its name in the catalog can.
set allow_system_table_mods = on;
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
values (99999, 'pg_cron', 10, 'cron'::regnamespace, false, '1.6');
reset allow_system_table_mods;
