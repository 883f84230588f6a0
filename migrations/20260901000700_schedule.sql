-- Optional: a schedule inside the database, for machines that scale to zero. Without pg_cron this
-- file does nothing; enable the extension and apply it again when you want it.

do $$
begin
  if not exists (select from pg_extension where extname = 'pg_cron') then
    raise notice 'pg_cron is not enabled: no schedule installed. The service sweeps by itself every RECONCILE_INTERVAL.';
    return;
  end if;
  perform cron.schedule('vapi-provisioner-reconcile', '* * * * *',
    'select provisioning.request_reconcile()');
  -- Heals sign-ups whose trigger failed, in quiet times too, when nothing is due and nobody is rung.
  perform cron.schedule('vapi-provisioner-enqueue-missing', '17 * * * *',
    'select provisioning.enqueue_missing(1000, (select installed_at from provisioning.installation))');
end
$$;
