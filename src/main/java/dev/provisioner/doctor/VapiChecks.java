package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.provision.Inspection;
import dev.provisioner.vapi.Account;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.VapiClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Does Vapi know us, and is it the organisation that we mean. */
final class VapiChecks {
  private static final String KEY =
      "VAPI_API_KEY=<the private key of dashboard.vapi.ai>, then restart the service";
  private static final String ADDRESS =
      "VAPI_BASE_URL=https://api.vapi.ai (https://api.eu.vapi.ai for organisations in the EU), then"
          + " restart the service";

  private final Config.Draft draft;
  private final Inspection inspection;
  private final VapiClient vapi;
  private final InstantSource clock;
  private @Nullable Account account;
  private @Nullable Skew skew;

  VapiChecks(Doctor.Surroundings its) {
    this.draft = its.draft();
    this.inspection = its.inspection();
    this.vapi = its.vapi();
    this.clock = its.clock();
  }

  List<Finding> account() {
    if (!draft.usable("VAPI_API_KEY", "VAPI_BASE_URL")) {
      return List.of(
          new Finding(
              Health.BROKEN, "not asked: VAPI_API_KEY or VAPI_BASE_URL cannot be used", null));
    }
    Instant before = clock.instant();
    Answer<Account> answer = vapi.account();
    return List.of(
        switch (answer) {
          case Answer.Ok<Account>(Account found) -> {
            account = found;
            if (found.date() != null) {
              // The header is cut to the second.
              skew =
                  Skew.between(
                      before,
                      found.date(),
                      found.date().plus(Duration.ofSeconds(1)),
                      clock.instant());
            }
            yield Finding.ok("%s accepts the key".formatted(draft.config().vapi().baseUrl()));
          }
          case Answer.Refused<Account> no when no.status() == 401 || no.status() == 403 ->
              Finding.broken(
                  "Vapi refuses the key (%d: %s)".formatted(no.status(), no.message()), KEY);
          case Answer.Refused<Account> no when no.status() == 402 ->
              Finding.broken(
                  "Vapi refuses the account (402: %s)".formatted(no.message()),
                  "See Billing at dashboard.vapi.ai.");
          case Answer.Refused<Account> no ->
              Finding.broken(
                  "%s is not Vapi's API (%d: %s)"
                      .formatted(draft.config().vapi().baseUrl(), no.status(), no.message()),
                  ADDRESS);
          case Answer.Throttled<Account> no ->
              Finding.warning(
                  "Vapi asks for fewer calls (429)", "Nothing: calls go on by themselves.");
          case Answer.NotSent<Account> no ->
              Finding.broken(
                  "Vapi is down or cannot be reached at %s: %s"
                      .formatted(draft.config().vapi().baseUrl(), no.reason()),
                  "See https://status.vapi.ai, and VAPI_BASE_URL. Rows wait, and go on by themselves.");
          case Answer.Unknown<Account> no ->
              Finding.broken(
                  "Vapi is down, or answers what nobody understands: " + no.reason(),
                  "See https://status.vapi.ai. Rows wait, and go on by themselves.");
          case Answer.Rejected<Account> no -> unexpected(no.status(), no.message());
          case Answer.Ambiguous<Account> no -> unexpected(no.status(), no.message());
          case Answer.Missing<Account> no -> unexpected(404, "no such thing");
        });
  }

  private static Finding unexpected(int status, String message) {
    return Finding.broken("Vapi answers %d: %s".formatted(status, message), ADDRESS);
  }

  List<Finding> organisation() {
    Account found = account;
    if (found == null || found.organisation() == null) {
      return List.of(Finding.skipped("there is no assistant yet to tell the organisation by"));
    }
    String now = found.organisation();
    Optional<String> pinned = inspection.organisation();
    if (pinned.isPresent() && !pinned.get().equals(now)) {
      return List.of(
          Finding.broken(
              "the key is of organisation %s, but this installation's assistants are in %s"
                  .formatted(now, pinned.get()),
              """
              VAPI_API_KEY=<the private key of organisation %s>
              -- or, if the move is meant:
              update provisioning.installation set organisation = '%s';\
              """
                  .formatted(pinned.get(), now.replace("'", "''"))));
    }
    return List.of(Finding.ok(now));
  }

  /** Of Vapi's clock; null when it was not seen. */
  @Nullable Skew skew() {
    return skew;
  }
}
