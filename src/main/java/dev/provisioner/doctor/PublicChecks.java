package dev.provisioner.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import dev.provisioner.Config;
import dev.provisioner.Secret;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.StatementRefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Is the service there, as the outside sees it, and does a webhook get through to the queue. */
final class PublicChecks {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int ENOUGH = 256 * 1024;
  private static final Pattern VERSION = Pattern.compile("(?m)^  version: ([0-9A-Za-z.+-]+)$");
  private static final Pattern PROBLEM =
      Pattern.compile("urn:vapi-provisioner:problem:(?<slug>[a-z-]+)");
  private static final Pattern ALIVE = Pattern.compile("\"status\"\\s*:\\s*\"alive\"");

  private final Config.Draft draft;
  private final @Nullable URI url;
  private final List<Secret> secrets;
  private final Inspection inspection;
  private final HttpClient http;
  private final InstantSource clock;
  private final boolean canary;

  PublicChecks(Doctor.Surroundings its) {
    this.draft = its.draft();
    this.url = its.draft().config().publicUrl();
    this.secrets = its.draft().config().access().webhookSecrets();
    this.inspection = its.inspection();
    this.http = its.http();
    this.clock = its.clock();
    this.canary = its.canary();
  }

  private record Reply(int status, String body) {
    String problem() {
      Matcher matcher = PROBLEM.matcher(body);
      return matcher.find() ? matcher.group("slug") : "";
    }
  }

  List<Finding> reach() throws InterruptedException {
    if (url == null) {
      return List.of(Finding.skipped(whyNone()));
    }
    Reply reply;
    Reply contract;
    try {
      reply = send(request("/healthz").GET().build());
      contract = send(request("/openapi.yaml").GET().build());
    } catch (IOException e) {
      return List.of(unreachable(url, e));
    }
    if (reply.status() / 100 == 3) {
      return List.of(
          Finding.broken(
              "%s redirects: pg_net would follow, and turn each webhook into a GET".formatted(url),
              "Set PUBLIC_URL and the Vault's provisioner_url to the address it redirects to."));
    }
    if (reply.status() != 200 || !ALIVE.matcher(reply.body()).find()) {
      return List.of(
          Finding.broken(
              "%s/healthz answers %d, and not as vapi-provisioner does"
                  .formatted(url, reply.status()),
              "Is the service running there? Look at its log; correct PUBLIC_URL if it is elsewhere."));
    }
    Matcher version = VERSION.matcher(contract.body());
    return List.of(
        Finding.ok(
            "%s is alive, version %s"
                .formatted(url, version.find() ? version.group(1) : "unknown")));
  }

  private String whyNone() {
    if (!draft.usable("PUBLIC_URL")) {
      return "not looked at: mend PUBLIC_URL first";
    }
    return "PUBLIC_URL is not set"
        + (vaultKnows() ? "; the Vault has an address: set PUBLIC_URL to that" : "");
  }

  private boolean vaultKnows() {
    try {
      return draft.usable("DATABASE_URL") && inspection.rings(null).isPresent();
    } catch (QueueUnavailableException | StatementRefusedException e) {
      return false; // said by the lines database and vault
    }
  }

  private static Finding unreachable(URI url, IOException e) {
    return Finding.broken(
        e instanceof SSLException
            ? "%s has no certificate that can be trusted".formatted(url)
            : "%s cannot be reached: no answer".formatted(url),
        "curl -v %s/healthz # is the service running there, and does its name resolve?"
            .formatted(url));
  }

  List<Finding> canary() throws InterruptedException {
    if (!canary) {
      return List.of(
          Finding.skipped("not asked for: --canary sends one webhook through PUBLIC_URL"));
    }
    if (url == null) {
      return List.of(
          Finding.warning(
              "nothing was sent: " + whyNone(),
              vaultKnows()
                  ? Remedies.showSecret(Remedies.URL) + " -- then PUBLIC_URL=that"
                  : "PUBLIC_URL=https://your-service.example.com"));
    }
    if (secrets.isEmpty()) {
      return List.of(
          Finding.warning(
              "nothing was sent: there is no WEBHOOK_SECRETS to sign with",
              "WEBHOOK_SECRETS=\"whsec_$(openssl rand -base64 32)\" # here and at the service"));
    }
    Reply reply;
    try {
      reply = send(webhook(UUID.randomUUID()));
    } catch (IOException e) {
      return List.of(unreachable(url, e));
    }
    return List.of(answered(url, reply));
  }

  private static Finding answered(URI url, Reply reply) {
    String problem = reply.problem();
    return switch (problem) {
      case "provision-not-found" ->
          Finding.ok("a signed webhook went all the way: verified, looked up, and no such row");
      case "invalid-signature", "unauthenticated" ->
          Finding.broken(
              "webhook secret mismatch: the service at %s does not know the first of this WEBHOOK_SECRETS"
                  .formatted(url),
              "Give the service the same WEBHOOK_SECRETS as here, then restart it.");
      case "signature-expired" ->
          Finding.broken(
              "the service at %s finds the signature too old or too new: the clocks differ by minutes"
                  .formatted(url),
              "timedatectl set-ntp true # on the machine whose clock is wrong");
      case "database-unavailable", "draining" ->
          Finding.broken(
              "the service at %s takes webhooks, but cannot work now (%s)".formatted(url, problem),
              "curl -sS %s/readyz".formatted(url));
      default ->
          Finding.broken(
              "%s answers %d to a webhook%s"
                  .formatted(
                      url,
                      reply.status(),
                      problem.isEmpty()
                          ? ", and not as vapi-provisioner does: something stands in front of it"
                          : " (" + problem + ")"),
              "curl -sS -X POST %s/webhooks/pending-vapi-provision # 401 from the service itself is right"
                  .formatted(url));
    };
  }

  private HttpRequest webhook(UUID nobody) {
    String body =
        """
        {"type": "INSERT", "table": "pending_vapi_provision", "schema": "public", "record": {"id": "%s"}, "old_record": null}\
        """
            .formatted(nobody);
    String id = "msg_" + UUID.randomUUID();
    long seconds = clock.instant().getEpochSecond();
    try {
      return request("/webhooks/pending-vapi-provision")
          .header("Content-Type", "application/json")
          .header("webhook-id", id)
          .header("webhook-timestamp", Long.toString(seconds))
          .header(
              "webhook-signature", new Webhook(secrets.getFirst().value()).sign(id, seconds, body))
          .POST(HttpRequest.BodyPublishers.ofString(body))
          .build();
    } catch (EmptyWebhookSecretException | WebhookSigningException e) {
      throw new IllegalStateException("a secret that was read can sign", e);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + path)).timeout(TIMEOUT);
  }

  private Reply send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      return new Reply(response.statusCode(), new String(body.readNBytes(ENOUGH), UTF_8));
    }
  }
}
