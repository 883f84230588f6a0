package dev.provisioner.storm;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import dev.provisioner.contract.Contract;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Sends signed requests, and keeps an eye on the answers. */
final class Post implements AutoCloseable {
  static final String SECRET = "whsec_c2FuZGJveC1zZWNyZXQtb2YtMzItYnl0ZXMtbG9uZyE=";

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final Map<String, Integer> answers = new TreeMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  /** A body with its signature: sending it again is a replay. */
  record Message(String path, String body, String id, long seconds, String signature) {
    static Message sign(String path, String body) {
      String id = "msg_" + UUID.randomUUID();
      long seconds = Instant.now().getEpochSecond();
      try {
        return new Message(path, body, id, seconds, new Webhook(SECRET).sign(id, seconds, body));
      } catch (EmptyWebhookSecretException | WebhookSigningException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * Sends it, and judges the answer by the contract.
   *
   * @param expected the only statuses that are right
   * @return null where nobody answers
   */
  @Nullable HttpResponse<String> send(
      Instance to, Message message, Set<Integer> expected, String... headers)
      throws InterruptedException {
    URI uri = to.uri(message.path());
    if (uri == null) {
      note("nobody there");
      return null;
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .header("webhook-id", message.id())
            .header("webhook-timestamp", Long.toString(message.seconds()))
            .header("webhook-signature", message.signature())
            .POST(HttpRequest.BodyPublishers.ofString(message.body()));
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<String> response;
    try {
      response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      note("no answer");
      return null;
    }
    note(Integer.toString(response.statusCode()));
    try {
      Contract.served().judge(response);
    } catch (AssertionError e) {
      wrong.add(String.valueOf(e.getMessage()));
    }
    if (!expected.contains(response.statusCode())) {
      wrong.add(
          "%s %s was answered %d %s"
              .formatted(message.path(), message.body(), response.statusCode(), response.body()));
    }
    return response;
  }

  /** How often each status came. */
  synchronized Map<String, Integer> answers() {
    return new TreeMap<>(answers);
  }

  /** The answers that should never have been given. */
  List<String> wrong() {
    return List.copyOf(wrong);
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
  }

  private synchronized void note(String answer) {
    answers.merge(answer, 1, Integer::sum);
  }
}
