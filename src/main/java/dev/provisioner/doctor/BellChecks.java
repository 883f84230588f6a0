package dev.provisioner.doctor;

import static dev.provisioner.doctor.Remedies.createSecret;
import static dev.provisioner.doctor.Remedies.showSecret;
import static dev.provisioner.doctor.Remedies.updateSecret;

import dev.provisioner.Config;
import dev.provisioner.Secret;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.Inspection.Delivery;
import dev.provisioner.provision.StatementRefusedException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Does the database ring, with a secret that we know, at our door, and what does it hear. */
final class BellChecks {
  private static final String OUR_SECRET = "the first of WEBHOOK_SECRETS";
  private static final String EXAMPLE_URL = "https://your-service.example.com";

  private final List<Secret> secrets;
  private final @Nullable URI publicUrl;
  private final boolean sweeps;
  private final Inspection inspection;
  private final DashboardChecks dashboard;

  BellChecks(Config.Draft draft, Inspection inspection, InstantSource clock) {
    this.dashboard = new DashboardChecks(draft, inspection, clock);
    Config config = draft.config();
    this.secrets = config.access().webhookSecrets();
    this.publicUrl = config.publicUrl();
    this.sweeps = !config.provisioning().reconcileInterval().isZero();
    this.inspection = inspection;
  }

  List<Finding> vault() {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String challenge = HexFormat.of().formatHex(random);
    Optional<String> answer;
    Optional<Boolean> ours;
    try {
      answer = inspection.secretsAnswer(challenge);
      ours = inspection.rings(publicUrl == null ? null : publicUrl.toString());
    } catch (StatementRefusedException e) {
      return List.of(withoutVault(e));
    }
    List<String> others = DashboardChecks.ringing(inspection);
    if (!others.isEmpty() && (answer.isEmpty() || ours.isEmpty())) {
      return List.of(
          Finding.ok(
              "it has no provisioner_webhook_secret or no provisioner_url: our own bell is silent, and the dashboard's webhook %s rings"
                  .formatted(String.join(", ", others))));
    }
    List<Finding> findings = new ArrayList<>();
    findings.add(secret(challenge, answer.orElse(null)));
    findings.add(url(ours.orElse(null)));
    return findings;
  }

  private static Finding withoutVault(StatementRefusedException e) {
    return switch (e.sqlState()) {
      case "42P01" ->
          Finding.warning(
              "there is no Vault in this database: nothing rings, and rows wait for the sweep",
              "create extension supabase_vault cascade;");
      case "42883" ->
          Finding.broken(
              "pgcrypto is not in the schema extensions: webhooks cannot be signed",
              "create extension if not exists pgcrypto with schema extensions; alter extension"
                  + " pgcrypto set schema extensions;");
      default -> throw e;
    };
  }

  private Finding secret(String challenge, @Nullable String answer) {
    if (answer == null) {
      return Finding.warning(
          "the Vault has no provisioner_webhook_secret: nothing rings, and rows wait for the sweep",
          createSecret(Remedies.SECRET, OUR_SECRET));
    }
    if (answer.equals("unreadable")) {
      return Finding.broken(
          "the Vault's provisioner_webhook_secret is not whsec_ and base64: no webhook can be signed",
          updateSecret(Remedies.SECRET, OUR_SECRET));
    }
    for (int i = 0; i < secrets.size(); i++) {
      if (new SecretProof(secrets.get(i)).answer(challenge).equals(answer)) {
        return Finding.ok(
            "its webhook secret is number %d of the %d in WEBHOOK_SECRETS"
                .formatted(i + 1, secrets.size()));
      }
    }
    return secrets.isEmpty()
        ? Finding.broken(
            "the Vault signs webhooks, but WEBHOOK_SECRETS is not set: they are refused (401)",
            showSecret(Remedies.SECRET) + " -- then WEBHOOK_SECRETS=that")
        : Finding.broken(
            "webhook secret mismatch: the Vault's provisioner_webhook_secret is none of"
                + " WEBHOOK_SECRETS, so that webhooks are refused (401)",
            updateSecret(Remedies.SECRET, OUR_SECRET));
  }

  private Finding url(@Nullable Boolean ours) {
    String url = publicUrl == null ? EXAMPLE_URL : publicUrl.toString();
    if (ours == null) {
      return Finding.warning(
          "the Vault has no provisioner_url: nothing rings, and rows wait for the sweep",
          createSecret(Remedies.URL, url));
    }
    if (publicUrl == null) {
      return Finding.ok(
          "its provisioner_url is set; with PUBLIC_URL it would be compared with that");
    }
    return ours
        ? Finding.ok("its provisioner_url is PUBLIC_URL")
        : Finding.warning(
            "the Vault's provisioner_url is not PUBLIC_URL: webhooks go elsewhere",
            updateSecret(Remedies.URL, url));
  }

  List<Finding> pgNet() {
    List<Finding> findings = new ArrayList<>();
    findings.add(
        inspection.has("net", "http_post")
            ? Finding.ok("there")
            : Finding.warning(
                "pg_net is not enabled: nothing rings, and rows wait for the sweep",
                "create extension pg_net;"));
    findings.addAll(dashboard.findings());
    return findings;
  }

  List<Finding> schedule() {
    String apply = "psql \"$POSTGRES_URL\" -f migrations/20260901000700_schedule.sql";
    Optional<Boolean> scheduled = inspection.scheduled();
    if (scheduled.isPresent() && scheduled.get() && (sweeps || canRing())) {
      return List.of(
          Finding.ok(
              canRing()
                  ? "pg_cron rings /reconcile every minute when something is due"
                  : "pg_cron cannot ring without the Vault's two secrets, and need not: the service sweeps by itself"));
    }
    if (sweeps) {
      return List.of(
          Finding.ok("none in the database, and none needed: the service sweeps by itself"));
    }
    if (scheduled.isPresent() && scheduled.get()) {
      return List.of(
          Finding.warning(
              "RECONCILE_INTERVAL is 0 and pg_cron cannot ring /reconcile without the Vault's two secrets: what is lost or errored waits for ever",
              createSecret(Remedies.SECRET, OUR_SECRET)
                  + " "
                  + createSecret(
                      Remedies.URL, publicUrl == null ? EXAMPLE_URL : publicUrl.toString())
                  + " -- whichever is missing"));
    }
    return List.of(
        scheduled.isEmpty()
            ? Finding.warning(
                "RECONCILE_INTERVAL is 0 and pg_cron is not enabled: what is lost or errored waits for ever",
                "create extension pg_cron; -- then " + apply)
            : Finding.warning(
                "RECONCILE_INTERVAL is 0 and no job of pg_cron rings /reconcile: what is lost or errored waits for ever",
                apply));
  }

  /** Whether the Vault has both of what a signed request needs. */
  private boolean canRing() {
    try {
      return inspection.secretsAnswer("").isPresent() && inspection.rings(null).isPresent();
    } catch (StatementRefusedException e) {
      return false;
    }
  }

  List<Finding> deliveries() {
    List<Delivery> deliveries;
    try {
      deliveries = inspection.deliveries();
    } catch (StatementRefusedException e) {
      return List.of(
          Finding.warning(
              "pg_net's answers may not be read (%s)".formatted(e.reason()),
              "select status_code, error_msg, created from net._http_response order by created desc"
                  + " limit 20; -- as postgres"));
    }
    List<Finding> findings = new ArrayList<>();
    long delivered = 0;
    for (Delivery each : deliveries) {
      Integer status = each.status();
      if (status != null && status / 100 == 2) {
        delivered += each.times();
      } else if (each.latest() != null) {
        findings.add(failure(each));
      } else if (deliveries.size() == 1) {
        findings.add(
            Finding.warning(
                "lost webhooks: %d of pg_net's requests wait and none was sent within the hour, so its worker seems to stand still"
                    .formatted(each.times()),
                "select net.worker_restart();"));
      }
    }
    return findings.isEmpty()
        ? List.of(
            Finding.ok("within the hour pg_net delivered %d, and lost none".formatted(delivered)))
        : findings;
  }

  private Finding failure(Delivery failed) {
    return failed.problem() == null ? lost(failed) : refused(failed, failed.problem());
  }

  /** Answers of this service. */
  private Finding refused(Delivery it, String problem) {
    String said =
        "%d webhooks within the hour were answered %d by vapi-provisioner (%s): "
            .formatted(it.times(), it.status(), problem);
    return switch (problem) {
      case "invalid-signature" ->
          Finding.warning(
              said + "they were signed with another secret than WEBHOOK_SECRETS",
              updateSecret(Remedies.SECRET, OUR_SECRET));
      case "signature-expired" ->
          Finding.warning(
              said + "the clocks differ by minutes",
              "See the line clock; set the clock of the machine that serves.");
      case "unauthenticated", "invalid-token", "insufficient-scope" ->
          Finding.warning(
              said + "a webhook of the dashboard's has no good token",
              "Give it the header Authorization: Bearer $(java -jar target/app/vapi-provisioner.jar"
                  + " token --scope webhook --expires 365d)");
      case "provision-not-found" ->
          Finding.warning(
              said + "the service looks into another database than the one that rings",
              "Compare DATABASE_URL of the service with this database, or correct the address: "
                  + showSecret(Remedies.URL));
      case "wrong-table" ->
          Finding.warning(
              said + "a webhook of the dashboard's is on another table",
              "Put it on inserts into public.pending_vapi_provision.");
      case "database-unavailable", "draining" ->
          Finding.warning(
              said + "their rows wait for the sweep", "Nothing, if it has stopped by now.");
      default -> Finding.warning(said + "see its log", "curl -sS $URL/readyz");
    };
  }

  /** Answers of somebody else, or none. */
  private Finding lost(Delivery it) {
    String address = publicUrl == null ? "$URL" : publicUrl.toString();
    String remedy =
        "curl -sS --fail-with-body %s/healthz # is it up? And is it what rings: %s"
            .formatted(address, showSecret(Remedies.URL));
    String whose = " (some may be the app's own: pg_net does not tell)";
    Integer status = it.status();
    if (status != null) {
      return Finding.warning(
          "lost webhooks: %d requests of pg_net were answered %d within the hour, not by vapi-provisioner%s"
              .formatted(it.times(), status, whose),
          remedy);
    }
    return Finding.warning(
        "lost webhooks: %d requests of pg_net had no answer within the hour: %s%s"
            .formatted(it.times(), it.reason() == null ? "no reason given" : it.reason(), whose),
        remedy);
  }
}
