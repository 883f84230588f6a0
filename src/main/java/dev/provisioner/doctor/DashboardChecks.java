package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.Secret;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.http.Tokens.Accepted;
import dev.provisioner.http.Tokens.Refused;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.Inspection.DashboardWebhook;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The other bell: Database Webhooks made in the dashboard, and whether their tokens are taken. */
final class DashboardChecks {
  private static final String PATH = "/webhooks/pending-vapi-provision";
  private static final Duration SOON = Duration.ofDays(30);

  private final @Nullable URI publicUrl;
  private final Tokens now;
  private final Tokens soon;
  private final Inspection inspection;

  DashboardChecks(Config.Draft draft, Inspection inspection, InstantSource clock) {
    List<Secret> secrets = draft.config().access().jwtSecrets();
    this.publicUrl = draft.config().publicUrl();
    this.now = new Tokens(secrets, clock);
    this.soon = new Tokens(secrets, () -> clock.instant().plus(SOON));
    this.inspection = inspection;
  }

  /** A line for each that is on our table; none where there are none. */
  List<Finding> findings() {
    return inspection.dashboardWebhooks().stream().map(this::finding).toList();
  }

  /** The names of those that ring on inserts. */
  static List<String> ringing(Inspection inspection) {
    return inspection.dashboardWebhooks().stream()
        .filter(DashboardWebhook::rings)
        .map(DashboardWebhook::name)
        .toList();
  }

  private Finding finding(DashboardWebhook hook) {
    String name = "the dashboard's webhook " + hook.name();
    if (!hook.rings()) {
      return Finding.warning(
          name + " does not ring: it is disabled, or not on inserts",
          "alter table public.pending_vapi_provision enable trigger \"%s\"; -- and in the dashboard, Database, Webhooks: on Insert"
              .formatted(hook.name().replace("\"", "\"\"")));
    }
    if (publicUrl != null ? !hook.url().equals(publicUrl + PATH) : !hook.url().endsWith(PATH)) {
      return Finding.warning(
          name + " rings elsewhere than at this service",
          "In the dashboard, Database, Webhooks, give it the URL "
              + (publicUrl == null ? "$URL" : publicUrl)
              + PATH);
    }
    Secret token = hook.token();
    String trouble = token == null ? "has no token" : trouble(token.value());
    return trouble == null
        ? Finding.ok(name + " rings, with a good token")
        : Finding.warning(
            name + " " + trouble,
            "In the dashboard, Database, Webhooks, give it the header Authorization: Bearer $(java"
                + " -jar target/app/vapi-provisioner.jar token --scope webhook --expires 365d)");
  }

  private @Nullable String trouble(String token) {
    if (!now.configured()) {
      return "has a token, but JWT_SECRETS is not set: it is refused (401)";
    }
    return switch (now.verify(token)) {
      case Accepted it when !it.scopes().contains(Scope.WEBHOOK) ->
          "has a token without the scope webhook: it is refused (403)";
      case Accepted it ->
          soon.verify(token) == Refused.EXPIRED ? "has a token that expires within 30 days" : null;
      case Refused.EXPIRED -> "has a token that has expired: it is refused (401)";
      case Refused.WRONG_SIGNATURE ->
          "has a token that is signed with none of JWT_SECRETS: it is refused (401)";
      case Refused it -> "has a token that is none of this service's: it is refused (401)";
    };
  }
}
