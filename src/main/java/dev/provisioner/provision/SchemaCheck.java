package dev.provisioner.provision;

import java.util.ArrayList;
import java.util.List;

/** Whether the database is as the service needs it: objects there, rights granted. */
public final class SchemaCheck {
  private static final String MIGRATE = "apply migrations/*.sql";

  private static final String BURY =
      "provisioning.bury(uuid, uuid, text, timestamptz, timestamptz)";
  private static final String ENQUEUE_MISSING =
      "provisioning.enqueue_missing(integer, timestamptz)";
  private static final String CHECK_SECRET = "provisioning.check_secret(text)";
  private static final String CHECK_URL = "provisioning.check_url(text)";
  private static final String DELIVERIES = "provisioning.deliveries(interval)";
  private static final String IS_SCHEDULED = "provisioning.is_scheduled()";

  private final Database database;

  SchemaCheck(Database database) {
    this.database = database;
  }

  /**
   * Something that the service needs and does not have.
   *
   * @param what for people
   * @param remedy the SQL that mends it, to be run as role {@code postgres}
   */
  public record Lack(String what, String remedy) {}

  /** One thing that must hold, and what is lacking where it does not. */
  private record Need(String condition, Lack otherwise) {
    Need(String condition, String what, String remedy) {
      this(condition, new Lack(what, remedy));
    }
  }

  /** Without these, even asking whether a table is there is refused. */
  private static final List<Need> SCHEMAS =
      List.of(
          new Need(
              "to_regnamespace('provisioning') is not null",
              "the schema provisioning is not there",
              MIGRATE),
          schema("public"),
          schema("provisioning"));

  private static final List<Need> TABLES =
      List.of(
          present("to_regclass", "public.pending_vapi_provision"),
          present("to_regclass", "provisioning.installation"),
          present("to_regclass", "provisioning.departed"),
          present("to_regclass", "provisioning.user_assistant"),
          present("to_regprocedure", BURY),
          present("to_regprocedure", ENQUEUE_MISSING),
          present("to_regprocedure", CHECK_SECRET),
          present("to_regprocedure", CHECK_URL),
          present("to_regprocedure", DELIVERIES),
          present("to_regprocedure", IS_SCHEDULED));

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
          function(BURY),
          function(ENQUEUE_MISSING),
          function(CHECK_SECRET),
          function(CHECK_URL),
          function(DELIVERIES),
          function(IS_SCHEDULED),
          function("provisioning.missing_count(timestamptz)"),
          function("provisioning.requeue(uuid)"),
          function("provisioning.pin_organisation(text)"),
          new Need(
              """
              (select l.setting::bigint between 1 and d.setting::bigint - 1
                 from pg_settings l, pg_settings d
                where l.name = 'lock_timeout' and d.name = 'deadlock_timeout')\
              """,
              "lock_timeout is not between 1 ms and deadlock_timeout: a user being deleted may have to wait for us",
              "alter role provisioner set lock_timeout = '500ms'; /* and let the service log in as provisioner */"),
          new Need(
              """
              pg_has_role((select relowner from pg_class where oid = 'public.pending_vapi_provision'::regclass), 'usage')
                or not (select relrowsecurity from pg_class where oid = 'public.pending_vapi_provision'::regclass)
                or (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)
                or exists (select from pg_policy where polrelid = 'public.pending_vapi_provision'::regclass
                             and polcmd = '*' and exists (select from unnest(polroles) r where pg_has_role(r, 'usage')))\
              """,
              "row security lets the role see no row of the queue",
              """
              create policy "the provisioner works the queue" on public.pending_vapi_provision for all to provisioner using (true) with check (true);\
              """));

  /**
   * What is lacking as the SQL that mends it; empty when all is well.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public List<String> problems() {
    return lacks().stream().map(Lack::remedy).distinct().toList();
  }

  /**
   * What is lacking; empty when all is well. What can only be asked once something else is there is
   * not asked before.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public List<Lack> lacks() {
    for (List<Need> needs : List.of(SCHEMAS, TABLES, RIGHTS)) {
      List<Lack> lacks = lacks(needs);
      if (!lacks.isEmpty()) {
        return lacks;
      }
    }
    return List.of();
  }

  private List<Lack> lacks(List<Need> needs) {
    return database.ask(handle -> {
      List<Lack> found = new ArrayList<>();
      String query =
          "select array["
              + String.join(
                  ", ",
                  needs.stream().map(need -> "coalesce((" + need.condition + "), false)").toList())
              + "]";
      Boolean[] holds = handle.createQuery(query).mapTo(Boolean[].class).one();
      for (int i = 0; i < holds.length; i++) {
        if (!holds[i]) {
          found.add(needs.get(i).otherwise);
        }
      }
      return List.copyOf(found);
    });
  }

  private static Need present(String lookup, String name) {
    return new Need(
        "%s('%s') is not null".formatted(lookup, name), name + " is not there", MIGRATE);
  }

  private static Need schema(String schema) {
    return right(
        "has_schema_privilege(to_regnamespace('%s')::oid, 'usage')".formatted(schema),
        "usage on schema " + schema);
  }

  private static Need table(String table, String right) {
    return right(
        "has_table_privilege(to_regclass('%s')::oid, '%s')".formatted(table, right),
        "%s on %s".formatted(right, table));
  }

  private static Need column(String table, String column, String right) {
    return right(
        "has_column_privilege(to_regclass('%s')::oid, '%s', '%s')".formatted(table, column, right),
        "%s (%s) on %s".formatted(right, column, table));
  }

  private static Need function(String function) {
    return right(
        "has_function_privilege(to_regprocedure('%s')::oid, 'execute')".formatted(function),
        "execute on function " + function);
  }

  private static Need right(String condition, String right) {
    return new Need(condition, "the role lacks " + right, "grant " + right + " to provisioner;");
  }
}
