package dev.provisioner.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import java.time.Instant;

/** A webhook as pg_net sends what our trigger announces, signed, in bytes. */
final class Webhook {
  private final String head;
  private final com.standardwebhooks.Webhook signer;

  Webhook(int port, String secret) {
    head =
        """
        POST /webhooks/pending-vapi-provision HTTP/1.1
        Host: localhost:%d
        User-Agent: pg_net
        Content-Type: application/json
        """
            .formatted(port);
    try {
      signer = new com.standardwebhooks.Webhook(secret);
    } catch (EmptyWebhookSecretException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** For the next five minutes. */
  byte[] of(String provision) {
    String body =
        """
        {"type": "INSERT", "table": "pending_vapi_provision", "record": {"id": "%s", "email": \
        "somebody@example.com", "error": null, "status": "pending", "user_id": "%1$s", "attempts": 0, \
        "confirm_at": null, "created_at": "2026-01-01T00:00:00.000000+00:00", "error_code": null, \
        "claim_token": null, "assistant_id": null, "display_name": "Some Body", "processed_at": null, \
        "next_attempt_at": "2026-01-01T00:01:00.000000+00:00", "unconfirmed_since": null, \
        "unconfirmed_until": null}, "schema": "public", "old_record": null}\
        """
            .formatted(provision);
    String id = "msg_" + provision;
    long seconds = Instant.now().getEpochSecond();
    try {
      return (head.replace("\n", "\r\n")
              + "webhook-id: %s\r\nwebhook-timestamp: %d\r\nwebhook-signature: %s\r\n"
                  .formatted(id, seconds, signer.sign(id, seconds, body))
              + "Content-Length: %d\r\n\r\n%s".formatted(body.getBytes(UTF_8).length, body))
          .getBytes(UTF_8);
    } catch (WebhookSigningException e) {
      throw new IllegalStateException(e);
    }
  }
}
