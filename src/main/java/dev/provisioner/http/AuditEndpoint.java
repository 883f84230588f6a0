package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.Audit;
import dev.provisioner.provision.AuditRefusal;
import dev.provisioner.provision.AuditReport;
import dev.provisioner.provision.AuditReport.Dangling;
import dev.provisioner.provision.AuditReport.Deletion;
import dev.provisioner.provision.AuditReport.Findings;
import dev.provisioner.provision.AuditReport.Kind;
import dev.provisioner.provision.AuditReport.Requeueing;
import dev.provisioner.provision.AuditReport.Stray;
import io.javalin.http.Context;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code POST /audit}: compare the queue, the settings and Vapi; mend on request. */
public final class AuditEndpoint {
  private static final Set<String> FIELDS = Set.of("apply", "installation", "force");

  /** In each list; the counts are exact. */
  private static final int MOST_LISTED = 1000;

  private final Authenticator authenticator;
  private final Audit audit;

  public AuditEndpoint(Authenticator authenticator, Audit audit) {
    this.authenticator = authenticator;
    this.audit = audit;
  }

  public Route route() {
    return Route.post("/audit", this::audit);
  }

  private void audit(Context ctx) {
    authenticator.requireToken(ctx, Scope.OPERATE);
    JsonBody body = JsonBody.readOrEmpty(ctx, ctx.bodyAsBytes());
    body.onlyFields(FIELDS);
    Audit.Request request =
        new Audit.Request(
            body.optionalBoolean("/apply", false),
            body.optionalText("/installation"),
            body.optionalBoolean("/force", false));
    body.check();
    switch (audit.audit(request)) {
      case AuditReport report -> Json.answer(ctx, 200, json(report));
      case AuditRefusal refusal -> throw problem(refusal);
    }
  }

  private static ProblemException problem(AuditRefusal refusal) {
    ProblemException problem =
        new ProblemException(
            switch (refusal.reason()) {
              case RUNNING -> ProblemType.AUDIT_RUNNING;
              case DATABASE_UNFIT -> ProblemType.DATABASE_UNFIT;
              case OTHER_INSTALLATION -> ProblemType.OTHER_INSTALLATION;
              case OTHER_ORGANISATION -> ProblemType.OTHER_ORGANISATION;
              case TOO_MUCH_TO_MEND -> ProblemType.TOO_MUCH_TO_MEND;
              case VAPI_UNAVAILABLE -> ProblemType.VAPI_UNAVAILABLE;
              case SHUTTING_DOWN -> ProblemType.DRAINING;
            },
            refusal.detail());
    return refusal.retryAfter() == null ? problem : problem.retryAfter(refusal.retryAfter());
  }

  private static ObjectNode json(AuditReport report) {
    ObjectNode json =
        Json.object()
            .put("installation", report.installation())
            .put("organisation", report.organisation())
            .put("applied", report.applied())
            .put("force", report.force());
    Findings found = report.findings();
    List<Stray> orphans = found.strays(Kind.ORPHAN);
    List<Stray> duplicates = found.strays(Kind.DUPLICATE);
    List<Stray> heldBack = found.strays(Kind.HELD_BACK);
    json.putObject("counts")
        .put("assistants", found.assistants())
        .put("in_use", found.inUse())
        .put("unmarked", found.unmarked())
        .put("in_use_of_others", found.others())
        .put("orphans", orphans.size())
        .put("duplicates", duplicates.size())
        .put("held_back", heldBack.size())
        .put("dangling", found.dangling().size())
        .put("missing", found.missing())
        .put("missing_before_installation", found.missingBefore())
        .put("to_mend", report.toMend())
        .put("limit", found.limit())
        .put("deleted", found.count(Deletion.DELETED))
        .put("requeued", found.count(Requeueing.REQUEUED))
        .put("enqueued", report.enqueued());
    strays(json.putArray("orphans"), orphans);
    strays(json.putArray("duplicates"), duplicates);
    strays(json.putArray("held_back"), heldBack);
    dangling(json.putArray("dangling"), found.dangling());
    return json.put("duration_ms", report.duration().toMillis());
  }

  private static void strays(ArrayNode list, List<Stray> strays) {
    strays.stream()
        .limit(MOST_LISTED)
        .forEach(each ->
            list.addObject()
                .put("assistant_id", each.assistantId())
                .put("provision_id", each.provisionId().toString())
                .put("user_id", each.userId().toString())
                .put("created_at", each.createdAt().toString())
                .put("assistant_in_use", each.inUse())
                .put("outcome", each.outcome().name().toLowerCase(Locale.ROOT)));
  }

  private static void dangling(ArrayNode list, List<Dangling> dangling) {
    for (Dangling each : dangling.stream().limit(MOST_LISTED).toList()) {
      ObjectNode json =
          list.addObject()
              .put("user_id", each.userId().toString())
              .put("provision_id", each.provisionId().toString())
              .put("assistant_id", each.assistantId())
              .put("outcome", each.outcome().name().toLowerCase(Locale.ROOT));
      if (each.newProvisionId() != null) {
        json.put("new_provision_id", each.newProvisionId().toString());
      }
    }
  }
}
