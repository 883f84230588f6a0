package dev.provisioner.provision;

import java.util.ArrayList;
import java.util.List;

/** Whether the database is as the service needs it: objects there, rights granted. */
public final class SchemaCheck {
  private static final String MIGRATE = "apply migrations/*.sql";

  private final Database database;

  SchemaCheck(Database database) {
    this.database = database;
  }

  /** One thing that must hold, and the SQL that makes it so. */
  private record Need(String condition, String remedy) {}

  /** Without these, even asking whether a table is there is refused. */
  private static final List<Need> SCHEMAS =
      List.of(
          new Need("to_regnamespace('provisioning') is not null", MIGRATE),
          new Need(
              "has_schema_privilege('public', 'usage')",
              "grant usage on schema public to provisioner;"),
          new Need(
              "has_schema_privilege(to_regnamespace('provisioning')::oid, 'usage')",
              "grant usage on schema provisioning to provisioner;"));

  private static final List<Need> TABLES =
      List.of(
          new Need("to_regclass('public.pending_vapi_provision') is not null", MIGRATE),
          new Need("to_regclass('provisioning.installation') is not null", MIGRATE),
          new Need("to_regclass('provisioning.departed') is not null", MIGRATE),
          new Need("to_regclass('provisioning.user_assistant') is not null", MIGRATE));

  private static final List<Need> RIGHTS =
      List.of(
          table("public.pending_vapi_provision", "select"),
          table("public.pending_vapi_provision", "update"),
          table("provisioning.installation", "select"),
          table("provisioning.departed", "select"),
          table("provisioning.departed", "delete"),
          column("provisioning.departed", "confirm_at", "update"),
          table("provisioning.user_assistant", "select"),
          column("provisioning.user_assistant", "user_id", "insert"),
          column("provisioning.user_assistant", "vapi_assistant_id", "insert"),
          column("provisioning.user_assistant", "vapi_assistant_id", "update"),
          function("provisioning.bury(uuid, uuid, text, timestamptz, timestamptz)"),
          function("provisioning.enqueue_missing(integer, timestamptz)"),
          function("provisioning.missing_count(timestamptz)"),
          function("provisioning.requeue(uuid)"),
          function("provisioning.pin_organisation(text)"),
          new Need(
              """
              (select l.setting::bigint between 1 and d.setting::bigint - 1
                 from pg_settings l, pg_settings d
                where l.name = 'lock_timeout' and d.name = 'deadlock_timeout')\
              """,
              "alter role provisioner set lock_timeout = '500ms'; (and let the service log in as provisioner)"),
          new Need(
              """
              pg_has_role((select relowner from pg_class where oid = 'public.pending_vapi_provision'::regclass), 'usage')
                or not (select relrowsecurity from pg_class where oid = 'public.pending_vapi_provision'::regclass)
                or (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
                or exists (select from pg_policy where polrelid = 'public.pending_vapi_provision'::regclass
                             and polcmd = '*' and exists (select from unnest(polroles) r where pg_has_role(r, 'usage')))\
              """,
              """
              create policy "the provisioner works the queue" on public.pending_vapi_provision for all to provisioner using (true) with check (true);\
              """));

  /**
   * What is missing, each with the SQL that mends it; empty when all is well.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public List<String> problems() {
    for (List<Need> needs : List.of(SCHEMAS, TABLES, RIGHTS)) {
      List<String> missing = missing(needs);
      if (!missing.isEmpty()) {
        return missing;
      }
    }
    return List.of();
  }

  private List<String> missing(List<Need> needs) {
    return database.ask(handle -> {
      List<String> found = new ArrayList<>();
      String query =
          "select array["
              + String.join(
                  ", ",
                  needs.stream().map(need -> "coalesce((" + need.condition + "), false)").toList())
              + "]";
      Boolean[] holds = handle.createQuery(query).mapTo(Boolean[].class).one();
      for (int i = 0; i < holds.length; i++) {
        if (!holds[i] && !found.contains(needs.get(i).remedy)) {
          found.add(needs.get(i).remedy.strip());
        }
      }
      return List.copyOf(found);
    });
  }

  private static Need table(String table, String right) {
    return new Need(
        "has_table_privilege(to_regclass('%s')::oid, '%s')".formatted(table, right),
        "grant %s on %s to provisioner;".formatted(right, table));
  }

  private static Need column(String table, String column, String right) {
    return new Need(
        "has_column_privilege(to_regclass('%s')::oid, '%s', '%s')".formatted(table, column, right),
        "grant %s (%s) on %s to provisioner;".formatted(right, column, table));
  }

  private static Need function(String function) {
    return new Need(
        "has_function_privilege(to_regprocedure('%s')::oid, 'execute')".formatted(function),
        "grant execute on function %s to provisioner;".formatted(function));
  }
}
