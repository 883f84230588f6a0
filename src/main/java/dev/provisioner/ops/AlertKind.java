package dev.provisioner.ops;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What somebody is told of, each with what to do about it. The names are these with hyphens. */
enum AlertKind {
  /** Rows have failed for good. Over when none is left. */
  ROW_FAILED(
      null,
      """
      Their users have no assistant. Which, and why:
      ```curl -sS --fail-with-body "<url>/provisions?status=failed" -H "Authorization: Bearer $TOKEN"```
      Once the cause is mended:
      ```curl -sS --fail-with-body -X POST <url>/reconcile -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"include_failed": true}'```\
      """,
      "No row is failed any more."),
  /** Vapi refuses the account. Over when it accepts a call again. */
  ACCOUNT_REFUSED(
      Duration.ofHours(1),
      """
      No assistants are made; rows wait, lose no attempts, and go on by themselves afterwards. Set VAPI_API_KEY, or VAPI_BASE_URL, to what Vapi accepts. What exactly is wrong, with the service's environment:
      ```java -jar vapi-provisioner.jar doctor```\
      """,
      "Vapi accepts the account again; rows that waited go on by themselves."),
  /** Rows have been due for too long. Over when none has. */
  ROWS_OVERDUE(
      Duration.ofHours(1),
      """
      Nobody works them off, or not fast enough. Is it Vapi, the database, or the sweep?
      ```curl -sS <url>/readyz```
      Work them off now, and see how they end:
      ```curl -sSN --fail-with-body -X POST <url>/reconcile -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/x-ndjson' -d '{"limit": 1000, "max_seconds": 600}'```\
      """,
      "No row has been due for that long any more."),
  /** Assistants that were made twice have been removed: over as it is told. */
  DUPLICATES_COLLECTED(
      null,
      """
      Vapi had made them although its answer was lost, or they were copied by hand. They are deleted, and the users keep the ones they have: nothing is to be done. When it happens often, VAPI_TIMEOUT may be too short; how many rows are still in doubt:
      ```curl -sS --fail-with-body <url>/stats -H "Authorization: Bearer $TOKEN"```\
      """,
      null);

  private final @Nullable Duration reminder;
  private final String remedy;
  private final @Nullable String over;

  AlertKind(@Nullable Duration reminder, String remedy, @Nullable String over) {
    this.reminder = reminder;
    this.remedy = remedy;
    this.over = over;
  }

  String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** How often it is told while it lasts and nothing new happens; null: then it is not. */
  @Nullable Duration reminder() {
    return reminder;
  }

  /** Whether somebody is told when it is over. */
  boolean ends() {
    return over != null;
  }

  /**
   * The message.
   *
   * @param what happened, in a sentence
   * @param url of this service, or what stands for it in a shell
   */
  String raised(String what, String url) {
    return "*vapi-provisioner, " + text() + "*: " + what + " " + remedy.replace("<url>", url);
  }

  String resolved() {
    return "*vapi-provisioner, " + text() + ", resolved*: " + over;
  }
}
