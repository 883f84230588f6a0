package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.Doubt;
import dev.provisioner.provision.Provision;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code GET /provisions/{id}}: one row as it stands, without what is personal. */
public final class ProvisionEndpoint {
  private final Authenticator authenticator;
  private final Function<UUID, Optional<Provision>> rows;

  public ProvisionEndpoint(Authenticator authenticator, Function<UUID, Optional<Provision>> rows) {
    this.authenticator = authenticator;
    this.rows = rows;
  }

  public Route route() {
    return Route.get("/provisions/{id}", this::show);
  }

  private void show(Context ctx) {
    authenticator.requireToken(ctx, Scope.OPERATE);
    UUID id = JsonBody.uuid(ctx.pathParam("id")).orElseThrow(() -> notAnId());
    Json.answer(ctx, 200, json(rows.apply(id).orElseThrow(() -> noSuch(id))));
  }

  static ProblemException noSuch(UUID id) {
    return new ProblemException(
        ProblemType.PROVISION_NOT_FOUND,
        "public.pending_vapi_provision has no row "
            + id
            + ". It may have been deleted with its user.");
  }

  private static ProblemException notAnId() {
    return new ProblemException(
        ProblemType.INVALID_REQUEST, "The id of a provision is a UUID; see the path.");
  }

  private static ObjectNode json(Provision row) {
    ObjectNode json =
        Json.object()
            .put("id", row.id().toString())
            .put("user_id", row.userId().toString())
            .put("status", row.status().text())
            .put("attempts", row.attempts())
            .put("created_at", row.createdAt().toString());
    put(json, "next_attempt_at", row.nextAttemptAt());
    put(json, "processed_at", row.processedAt());
    json.put("error_code", row.errorCode()).put("error", row.error());
    Doubt doubt = row.unconfirmed();
    put(json, "unconfirmed_since", doubt == null ? null : doubt.since());
    put(json, "unconfirmed_until", doubt == null ? null : doubt.until());
    put(json, "confirm_at", row.confirmAt());
    return json.put("assistant_id", row.assistantId()).put("assistant_in_use", row.inUse());
  }

  private static void put(ObjectNode json, String name, @Nullable Instant time) {
    json.put(name, time == null ? null : time.toString());
  }
}
