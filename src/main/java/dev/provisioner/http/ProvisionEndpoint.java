package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.Doubt;
import dev.provisioner.provision.Page;
import dev.provisioner.provision.Provision;
import dev.provisioner.provision.QueueView;
import dev.provisioner.provision.Status;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /provisions} and {@code GET /provisions/{id}}: rows as they stand, without what is
 * personal.
 */
public final class ProvisionEndpoint {
  private static final Set<String> PARAMETERS =
      Set.of("status", "user_id", "needs_a_person", "limit", "cursor");
  private static final String STATUSES =
      Arrays.stream(Status.values()).map(Status::text).collect(Collectors.joining(", "));

  private final Authenticator authenticator;
  private final QueueView rows;

  public ProvisionEndpoint(Authenticator authenticator, QueueView rows) {
    this.authenticator = authenticator;
    this.rows = rows;
  }

  public List<Route> routes() {
    return List.of(Route.get("/provisions", this::list), Route.get("/provisions/{id}", this::show));
  }

  private void list(Context ctx) {
    authenticator.requireToken(ctx, Scope.OPERATE);
    QueryParameters parameters = QueryParameters.read(ctx, PARAMETERS);
    Page.Request request =
        new Page.Request(
            Set.copyOf(
                parameters.several(
                    "status", "must be one of " + STATUSES, ProvisionEndpoint::status)),
            parameters.optionalUuid("user_id"),
            parameters.optionalBoolean("needs_a_person"),
            parameters.optionalInt("limit", 50, 1, 500),
            parameters
                .single("cursor", "must be the next_cursor of an earlier answer", Cursor::read)
                .orElse(null));
    parameters.check();
    Page page = rows.page(request);
    ObjectNode json = Json.object();
    ArrayNode provisions = json.putArray("provisions");
    page.rows().forEach(each -> provisions.add(json(each)));
    Json.answer(
        ctx, 200, json.put("next_cursor", page.next() == null ? null : Cursor.of(page.next())));
  }

  private static Optional<Status> status(String text) {
    return Arrays.stream(Status.values()).filter(each -> each.text().equals(text)).findAny();
  }

  private void show(Context ctx) {
    authenticator.requireToken(ctx, Scope.OPERATE);
    UUID id = JsonBody.uuid(ctx.pathParam("id")).orElseThrow(() -> notAnId());
    Json.answer(ctx, 200, json(rows.find(id).orElseThrow(() -> noSuch(id))));
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
