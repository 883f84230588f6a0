package dev.provisioner.provision;

import java.util.List;
import java.util.stream.Stream;

/**
 * A right of the service's role, in the words of SQL's GRANT. {@link #ALL} is every right that the
 * migrations give it: it needs each, and has no other.
 *
 * @param right {@code select}, {@code update (confirm_at)}
 * @param object {@code public.pending_vapi_provision}, {@code function provisioning.requeue(uuid)}
 * @param subject what must be there for it, for people: a column, or the object
 * @param present SQL that is true where that is there
 * @param held SQL that is true where the current user has the right, by whatever way
 */
public record Grant(String right, String object, String subject, String present, String held) {
  /** Without these, even asking whether a table is there is refused. */
  static final List<Grant> OF_SCHEMAS = List.of(usage("public"), usage("provisioning"));

  static final List<Grant> OF_TABLES =
      Stream.of(
              Stream.of(table("public.pending_vapi_provision", "select")),
              columns(
                  "public.pending_vapi_provision",
                  "update",
                  "status",
                  "attempts",
                  "next_attempt_at",
                  "claim_token",
                  "processed_at",
                  "assistant_id",
                  "error",
                  "error_code",
                  "unconfirmed_since",
                  "unconfirmed_until",
                  "confirm_at"),
              Stream.of(
                  table("provisioning.installation", "select"),
                  table("provisioning.departed", "select"),
                  table("provisioning.departed", "delete")),
              columns("provisioning.departed", "update", "confirm_at"),
              Stream.of(table("provisioning.user_assistant", "select")),
              columns("provisioning.user_assistant", "insert", "user_id", "vapi_assistant_id"),
              columns("provisioning.user_assistant", "update", "vapi_assistant_id"))
          .flatMap(each -> each)
          .toList();

  static final List<Grant> OF_FUNCTIONS =
      Stream.of(
              "bury(uuid, uuid, text, timestamptz, timestamptz)",
              "enqueue_missing(integer, timestamptz)",
              "missing_count(timestamptz)",
              "requeue(uuid)",
              "pin_organisation(text)",
              "check_secret(text)",
              "check_url(text)",
              "deliveries(interval)",
              "is_scheduled()")
          .map(each -> execute("provisioning." + each))
          .toList();

  /** Every one of them. */
  public static final List<Grant> ALL =
      Stream.of(OF_SCHEMAS, OF_TABLES, OF_FUNCTIONS).flatMap(List::stream).toList();

  /** The right and what it is on. */
  public String text() {
    return right + " on " + object;
  }

  /** What gives it to the role, to be run as {@code postgres}. */
  public String sql() {
    return "grant " + text() + " to provisioner;";
  }

  private static Grant usage(String schema) {
    return new Grant(
        "usage",
        "schema " + schema,
        "the schema " + schema,
        "to_regnamespace('%s') is not null".formatted(schema),
        "has_schema_privilege(to_regnamespace('%s')::oid, 'usage')".formatted(schema));
  }

  private static Grant table(String table, String right) {
    return new Grant(
        right,
        table,
        table,
        "to_regclass('%s') is not null".formatted(table),
        "has_table_privilege(to_regclass('%s')::oid, '%s')".formatted(table, right));
  }

  private static Stream<Grant> columns(String table, String right, String... columns) {
    return Stream.of(columns)
        .map(column ->
            new Grant(
                "%s (%s)".formatted(right, column),
                table,
                "the column %s of %s".formatted(column, table),
                "exists (select from pg_attribute where attrelid = to_regclass('%s') and attname = '%s')"
                    .formatted(table, column),
                "has_column_privilege(to_regclass('%s')::oid, '%s', '%s')"
                    .formatted(table, column, right)));
  }

  private static Grant execute(String function) {
    return new Grant(
        "execute",
        "function " + function,
        function,
        "to_regprocedure('%s') is not null".formatted(function),
        "has_function_privilege(to_regprocedure('%s')::oid, 'execute')".formatted(function));
  }
}
