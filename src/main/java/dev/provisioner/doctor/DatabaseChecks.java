package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.DatabaseUrl;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.Inspection.Server;
import dev.provisioner.provision.Inspection.Settings;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.SchemaCheck.Lack;
import dev.provisioner.provision.StatementRefusedException;
import dev.provisioner.provision.Unreachable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Is the database there, may we do what we must and no more, is everything in place. */
final class DatabaseChecks {
  private static final String ROLE = "provisioner";

  /** What a trigger does, and which migration makes it; one that is made again fires again. */
  private record Expected(String trigger, String table, String otherwise, String migration) {}

  private static final List<Expected> TRIGGERS =
      List.of(
          new Expected(
              "vapi_provisioner_user_verified",
              "auth.users",
              "users who verify their e-mail are not enqueued",
              "20260901000500_enqueue_verified_users.sql"),
          new Expected(
              "vapi_provisioner_user_imported",
              "auth.users",
              "users imported as verified are not enqueued",
              "20260901000500_enqueue_verified_users.sql"),
          new Expected(
              "vapi_provisioner_user_deleted",
              "auth.users",
              "assistants of deleted users stay at Vapi",
              "20260901000400_departed.sql"),
          new Expected(
              "vapi_provisioner_user_soft_deleted",
              "auth.users",
              "assistants of soft-deleted users stay at Vapi",
              "20260901000400_departed.sql"),
          new Expected(
              "vapi_provisioner_provision_deleted",
              "public.pending_vapi_provision",
              "assistants of deleted users may stay at Vapi",
              "20260901000400_departed.sql"),
          new Expected(
              "vapi_provisioner_provision_enqueued",
              "public.pending_vapi_provision",
              "no webhook rings, and rows wait for the sweep",
              "20260901000600_signed_webhook.sql"));

  private final Config.Draft draft;
  private final DatabaseUrl url;
  private final Inspection inspection;
  private @Nullable Server server;

  DatabaseChecks(Config.Draft draft, Inspection inspection) {
    this.draft = draft;
    this.url = draft.config().database();
    this.inspection = inspection;
  }

  List<Finding> reach() {
    if (!draft.usable("DATABASE_URL")) {
      return List.of(
          new Finding(Health.BROKEN, "not looked for: DATABASE_URL cannot be used", null));
    }
    try {
      Server found = inspection.server();
      server = found;
      return List.of(
          Finding.ok(
              "PostgreSQL %s at %s, %s"
                  .formatted(found.version(), url.hosts(), url.mode().text())));
    } catch (QueueUnavailableException e) {
      return List.of(unreachable(e));
    }
  }

  private Finding unreachable(QueueUnavailableException e) {
    Unreachable why = Unreachable.of(e);
    return Finding.broken(
        "no connection to %s: %s".formatted(url.hosts(), why.reason()), why.remedy());
  }

  List<Finding> tls() {
    if (url.requiresTls()) {
      return List.of(Finding.ok("in use, and insisted on"));
    }
    if (url.local()) {
      return List.of(Finding.ok("not needed: the database is on this machine"));
    }
    boolean seen = url.mode() == DatabaseUrl.Mode.DIRECT && found().tls();
    return List.of(
        Finding.warning(
            seen
                ? "in use, but the connection would also do without"
                : "not insisted on: passwords and rows may be read on the way",
            "DATABASE_URL=…?sslmode=require"));
  }

  List<Finding> role() {
    Server role = found();
    List<Finding> findings = new ArrayList<>();
    if (role.superuser() || role.bypassesRowSecurity()) {
      findings.add(
          Finding.warning(
              "the service logs in as %s, which %s: far more than it needs"
                  .formatted(
                      role.role(), role.superuser() ? "is a superuser" : "bypasses row security"),
              role.role().equals(ROLE)
                  ? "alter role provisioner %s;"
                      .formatted(role.superuser() ? "nosuperuser nobypassrls" : "nobypassrls")
                  : logInAsProvisioner()));
    } else if (!role.role().equals(ROLE)) {
      findings.add(
          Finding.warning(
              "the service logs in as %s, not as provisioner".formatted(role.role()),
              logInAsProvisioner()));
    }
    if (!role.superuser()) {
      for (String table : role.readable()) {
        findings.add(
            Finding.warning(
                "%s may read %s, which it need not".formatted(role.role(), table),
                "revoke all on %s from %s;".formatted(table, role.role())));
      }
    }
    return findings.isEmpty()
        ? List.of(Finding.ok("provisioner, without rights beyond its work"))
        : findings;
  }

  private static String logInAsProvisioner() {
    return "DATABASE_URL=postgresql://provisioner:password@host:5432/postgres (at a pooler the"
        + " user is provisioner.<project ref>)";
  }

  List<Finding> schema() {
    List<Lack> lacks = inspection.schemaCheck().lacks();
    return lacks.isEmpty()
        ? List.of(Finding.ok("migrations applied, every right granted"))
        : lacks.stream().map(lack -> Finding.broken(lack.what(), lack.remedy())).toList();
  }

  List<Finding> settings() {
    Optional<Settings> found = inspection.settings();
    if (found.isEmpty()) {
      return List.of(
          Finding.broken(
              "the view provisioning.user_assistant shows no table",
              """
              drop view provisioning.user_assistant;
              -- then apply migrations/20260901000200_user_assistant.sql\
              """));
    }
    Settings table = found.get();
    try {
      inspection.planSettle();
    } catch (StatementRefusedException e) {
      return List.of(unusable(table, e));
    }
    if (!table.required().isEmpty()) {
      return List.of(
          Finding.warning(
              "%s requires values for %s, which vapi-provisioner cannot know: where the app has not made the row before, provisions end as settings_refused"
                  .formatted(table.name(), String.join(", ", table.required())),
              String.join(
                  "\n",
                  table.required().stream()
                      .map(column ->
                          "alter table %s alter column %s drop not null; -- or set default …"
                              .formatted(table.name(), column))
                      .toList())));
    }
    return List.of(Finding.ok("assistants are written to " + table.name()));
  }

  private static Finding unusable(Settings table, StatementRefusedException refused) {
    String key = table.key();
    return switch (refused.sqlState()) {
      case "42P10" ->
          Finding.broken(
              "%s has no unique key on its user, so a user could have two assistants"
                  .formatted(table.name()),
              key == null
                  ? "Add a unique column user_id uuid to " + table.name() + "."
                  : "alter table %s add unique (%s);".formatted(table.name(), key));
      case "42804" ->
          Finding.broken(
              "the assistant's column of %s is not of type text".formatted(table.name()),
              """
              begin;
              drop view provisioning.user_assistant;
              alter table %1$s alter column vapi_assistant_id type text;
              commit;
              -- then apply migrations/20260901000200_user_assistant.sql\
              """
                  .formatted(table.name()));
      case "55000", "0A000" ->
          Finding.broken(
              "the view provisioning.user_assistant cannot be written to (%s)"
                  .formatted(refused.reason()),
              """
              drop view provisioning.user_assistant;
              -- then apply migrations/20260901000200_user_assistant.sql, or make it a plain select from one table\
              """);
      default ->
          Finding.broken(
              "%s would not take an assistant (%s)".formatted(table.name(), refused.reason()),
              "Apply migrations/20260901000200_user_assistant.sql as the owner of "
                  + table.name()
                  + ".");
    };
  }

  List<Finding> triggers() {
    Map<String, Boolean> found = inspection.triggers();
    List<Finding> findings = new ArrayList<>();
    for (Expected each : TRIGGERS) {
      Boolean fires = found.get(each.trigger());
      if (fires == null || !fires) {
        findings.add(
            Finding.broken(
                "the trigger %s on %s is %s: %s"
                    .formatted(
                        each.trigger(),
                        each.table(),
                        fires == null ? "missing" : "disabled",
                        each.otherwise()),
                "psql \"$POSTGRES_URL\" -f migrations/" + each.migration()));
      }
    }
    return findings.isEmpty()
        ? List.of(Finding.ok("all %d are there and fire".formatted(TRIGGERS.size())))
        : findings;
  }

  private Server found() {
    Server known = server;
    if (known == null) {
      throw new IllegalStateException("asked before the database was reached");
    }
    return known;
  }
}
