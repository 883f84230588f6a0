package dev.provisioner;

/** A stand-in for pg_cron: the extension cannot be had here, its name in the catalog can. */
final class Cron {
  private Cron() {}

  static void enable(World world) {
    world.sql("create schema cron authorization postgres");
    world.sql("create table cron.job (jobname text primary key, schedule text, command text)");
    world.sql("alter table cron.job owner to postgres");
    world.sql(
        """
        create function cron.schedule(job_name text, schedule text, command text) returns bigint
        language sql as $$
          insert into cron.job values (job_name, schedule, command)
          on conflict (jobname) do update set command = excluded.command
          returning 1::bigint
        $$\
        """);
    world.sql(
        """
        create function cron.unschedule(job_name text) returns boolean
        language sql as $$
          delete from cron.job where jobname = job_name returning true
        $$\
        """);
    world.sql("set allow_system_table_mods = on");
    world.sql(
        """
        insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        values (99999, 'pg_cron', 10, 'cron'::regnamespace, false, '1.6')\
        """);
  }
}
