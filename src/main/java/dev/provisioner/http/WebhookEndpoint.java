package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.Doorbell;
import dev.provisioner.provision.Doorbell.Ring;
import dev.provisioner.provision.Outcome;
import io.javalin.http.Context;
import java.util.UUID;

/** {@code POST /webhooks/pending-vapi-provision}: a new row is announced. */
public final class WebhookEndpoint {
  private static final String TABLE = "pending_vapi_provision";

  private final Authenticator authenticator;
  private final Doorbell doorbell;

  public WebhookEndpoint(Authenticator authenticator, Doorbell doorbell) {
    this.authenticator = authenticator;
    this.doorbell = doorbell;
  }

  public Route route() {
    return Route.post("/webhooks/pending-vapi-provision", this::announce);
  }

  private void announce(Context ctx) throws InterruptedException {
    byte[] bytes = ctx.bodyAsBytes();
    authenticator.requireSignatureOrToken(ctx, bytes, Scope.WEBHOOK);
    JsonBody body = JsonBody.read(ctx, bytes);
    String type = body.requiredText("/type");
    String table = body.requiredText("/table");
    body.check();
    if (!table.equals(TABLE)) {
      throw new ProblemException(
          ProblemType.WRONG_TABLE,
          "This webhook is for inserts into " + TABLE + "; point it at that table.");
    }
    if (!type.equals("INSERT")) {
      // Our own updates must not ring the bell again.
      Json.answer(ctx, 200, Json.object().put("outcome", "ignored"));
      return;
    }
    UUID id = body.requiredUuid("/record/id");
    body.check();
    answer(ctx, doorbell.ring(id));
  }

  private static void answer(Context ctx, Ring ring) {
    switch (ring) {
      case Ring.NoSuchProvision none -> throw ProvisionEndpoint.noSuch(none.id());
      case Ring.Underway it -> {
        ctx.header("Location", "/provisions/" + it.id());
        Json.answer(
            ctx, 202, Json.object().put("id", it.id().toString()).put("outcome", "underway"));
      }
      case Ring.Settled it -> Json.answer(ctx, 200, settled(it.outcome()));
    }
  }

  private static ObjectNode settled(Outcome outcome) {
    ObjectNode json =
        Json.object()
            .put("id", outcome.provisionId().toString())
            .put("user_id", outcome.userId().toString())
            .put("status", outcome.result() == Outcome.Result.FAILED ? "failed" : "processed")
            .put("outcome", outcome.result().text());
    if (outcome.assistantId() != null) {
      json.put("assistant_id", outcome.assistantId());
    }
    if (outcome.error() != null) {
      json.put("error", outcome.error());
    }
    return json;
  }
}
