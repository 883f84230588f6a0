package dev.provisioner.provision;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Whether the database is as the service needs it: objects there, rights granted. */
public final class SchemaCheck {
  private static final String MIGRATE = "apply migrations/*.sql";

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

  /**
   * One thing that must hold.
   *
   * @param remedy SQL that is null where it holds; else the remedy
   * @param what is lacking where it does not
   */
  private record Need(String remedy, String what) {
    static Need that(String condition, String what, String remedy) {
      return new Need(
          "case when not coalesce((%s), false) then '%s' end"
              .formatted(condition, remedy.replace("'", "''")),
          what);
    }

    static Need there(Grant grant) {
      return that(grant.present(), grant.subject() + " is not there", MIGRATE);
    }

    static Need granted(Grant grant) {
      return that(grant.held(), "the role lacks " + grant.text(), grant.sql());
    }
  }

  private static final Need LOCK_TIMEOUT =
      Need.that(
          """
          (select l.setting::bigint between 1 and d.setting::bigint - 1
             from pg_settings l, pg_settings d
            where l.name = 'lock_timeout' and d.name = 'deadlock_timeout')\
          """,
          "lock_timeout is not between 1 ms and deadlock_timeout: a user being deleted may have to wait for us",
          "alter role provisioner set lock_timeout = '500ms'; /* and let the service log in as provisioner */");

  private static final List<List<Need>> NEEDS =
      List.of(
          List.of(
              Need.that(
                  "to_regnamespace('provisioning') is not null",
                  "the schema provisioning is not there",
                  MIGRATE)),
          Grant.OF_SCHEMAS.stream().map(Need::granted).toList(),
          Stream.of(Grant.OF_TABLES, Grant.OF_FUNCTIONS)
              .flatMap(List::stream)
              .map(Need::there)
              .distinct()
              .toList(),
          Stream.of(
                  Stream.of(Grant.OF_TABLES, Grant.OF_FUNCTIONS)
                      .flatMap(List::stream)
                      .map(Need::granted),
                  Stream.of(LOCK_TIMEOUT),
                  policies(
                      "public.pending_vapi_provision",
                      "all",
                      "the provisioner works the queue",
                      "rw"),
                  policies(
                      "provisioning.installation",
                      "select",
                      "the provisioner reads the installation",
                      "r"),
                  policies(
                      "provisioning.departed",
                      "all",
                      "the provisioner works off the tombstones",
                      "rwd"))
              .flatMap(each -> each)
              .toList());

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
    for (List<Need> needs : NEEDS) {
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
          "select array[" + String.join(", ", needs.stream().map(Need::remedy).toList()) + "]";
      String[] remedies = handle.createQuery(query).mapTo(String[].class).one();
      for (int i = 0; i < remedies.length; i++) {
        if (remedies[i] != null) {
          found.add(new Lack(needs.get(i).what, remedies[i]));
        }
      }
      return List.copyOf(found);
    });
  }

  /**
   * That row security, where it binds us at all, keeps no row from us: a policy for all rows in
   * each of the ways that we touch them, and none that takes some of them away again.
   *
   * @param ways as pg_policy has them: r(ead), w(rite), d(elete)
   */
  private static Stream<Need> policies(String table, String commands, String policy, String ways) {
    String ofUs =
        """
        polrelid = to_regclass('%s')
          and exists (select from unnest(polroles) r where r = 0 or pg_has_role(r, 'usage'))\
        """
            .formatted(table);
    String everyRow =
        """
        coalesce(pg_get_expr(polqual, polrelid), '') = 'true'
          and coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true'\
        """;
    return Stream.of(
        Need.that(
            """
            not row_security_active(to_regclass('%1$s')::oid)
              or not exists (
                select from string_to_table('%2$s', null) way
                 where not exists (select from pg_policy where %3$s and polpermissive
                                      and polcmd in ('*', way) and %4$s))\
            """
                .formatted(table, ways, ofUs, everyRow),
            "row security keeps rows of %s from the role".formatted(table),
            "drop policy if exists \"%1$s\" on %2$s; create policy \"%1$s\" on %2$s for %3$s to provisioner using (true)%4$s;"
                .formatted(
                    policy,
                    table,
                    commands,
                    commands.equals("select") ? "" : " with check (true)")),
        new Need(
            """
            (select string_agg(format('drop policy %%I on %1$s;', polname), ' ' order by polname)
               from pg_policy
              where row_security_active(to_regclass('%1$s')::oid)
                and %2$s and not polpermissive and not (%3$s))\
            """
                .formatted(table, ofUs, everyRow),
            "a restrictive policy keeps rows of %s from the role".formatted(table)));
  }
}
