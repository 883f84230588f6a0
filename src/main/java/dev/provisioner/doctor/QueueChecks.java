package dev.provisioner.doctor;

import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.Inspection.Open;
import dev.provisioner.provision.Status;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which rows need a person, and for what. */
final class QueueChecks {
  private static final Duration OVERDUE = Duration.ofMinutes(10);

  private final @Nullable URI publicUrl;
  private final Inspection inspection;

  QueueChecks(@Nullable URI publicUrl, Inspection inspection) {
    this.publicUrl = publicUrl;
    this.inspection = inspection;
  }

  List<Finding> findings() {
    List<Open> open = inspection.open();
    List<Finding> findings = new ArrayList<>();
    for (Open each : open) {
      switch (each.status()) {
        case FAILED -> findings.add(failed(each));
        case ERRORED -> errored(each).ifPresent(findings::add);
        case PENDING, PROCESSING, PROCESSED -> {}
      }
    }
    Optional<Long> due = inspection.longestDue();
    if (due.isPresent() && due.get() > OVERDUE.toSeconds()) {
      findings.add(
          Finding.warning(
              "a row has been due for %d min: nobody sweeps. No instance runs, or RECONCILE_INTERVAL is 0 and nothing rings /reconcile"
                  .formatted(due.get() / 60),
              Remedies.reconcile(publicUrl, "{}")));
    }
    return findings.isEmpty() ? List.of(Finding.ok(summary(open))) : findings;
  }

  private Finding failed(Open rows) {
    String again = Remedies.reconcile(publicUrl, "{\"include_failed\": true}");
    String code = rows.code() == null ? "unknown" : rows.code();
    return switch (code) {
      case "rejected" ->
          Finding.broken(
              "%d rows failed: Vapi rejects the template%s".formatted(rows.rows(), example(rows)),
              "# mend the file that ASSISTANT_TEMPLATE names, restart the service, then\n" + again);
      case "attempts_spent", "unknown_outcome", "unreachable", "could_not_look" ->
          Finding.broken(
              "%d rows failed: all attempts are spent, Vapi was away for too long (%s)%s"
                  .formatted(rows.rows(), code, example(rows)),
              again);
      default ->
          Finding.broken(
              "%d rows failed (%s)%s".formatted(rows.rows(), code, example(rows)), again);
    };
  }

  private Optional<Finding> errored(Open rows) {
    String code = rows.code() == null ? "unknown" : rows.code();
    return switch (code) {
      case "account_refused" ->
          Optional.of(
              Finding.warning(
                  "%d rows wait: Vapi refuses the account%s".formatted(rows.rows(), example(rows)),
                  "VAPI_API_KEY=<the private key of dashboard.vapi.ai>, then restart the service; the"
                      + " rows go on by themselves within some two minutes"));
      case "settings_refused" ->
          Optional.of(
              Finding.broken(
                  "%d rows wait: the app's settings table refuses the assistant's id%s"
                      .formatted(rows.rows(), example(rows)),
                  "# mend the table, see the line settings, then\n"
                      + Remedies.reconcile(publicUrl, "{}")));
      case "unreachable", "unknown_outcome", "could_not_look" ->
          Optional.of(
              Finding.warning(
                  "%d rows wait: Vapi is down, or was when they were tried (%s)%s"
                      .formatted(rows.rows(), code, example(rows)),
                  "Nothing: they are tried again by themselves. See the line vapi for how it is now."));
      case "throttled", "interrupted" -> Optional.empty();
      default ->
          Optional.of(
              Finding.warning(
                  "%d rows wait to be tried again (%s)%s"
                      .formatted(rows.rows(), code, example(rows)),
                  "Nothing: they are tried again by themselves."));
    };
  }

  private static String example(Open rows) {
    String error = rows.error();
    return error == null || error.isBlank() ? "" : ". One says: " + error;
  }

  private static String summary(List<Open> open) {
    String counts =
        open.stream()
            .collect(
                Collectors.groupingBy(
                    Open::status,
                    () -> new EnumMap<Status, Long>(Status.class),
                    Collectors.summingLong(Open::rows)))
            .entrySet()
            .stream()
            .map(each -> each.getValue() + " " + each.getKey().text())
            .collect(Collectors.joining(", "));
    return counts.isEmpty() ? "nobody waits" : "no row needs a person: " + counts;
  }
}
