package dev.provisioner.ops;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Posts messages to an incoming webhook as Slack has them. Its address is a secret. */
final class AlertChannel implements AutoCloseable {
  private static final Duration LONGEST_CONNECT = Duration.ofSeconds(5);

  private final URI address;
  private final Duration timeout;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .connectTimeout(LONGEST_CONNECT)
          .build();

  /**
   * @param timeout for a whole message
   */
  AlertChannel(URI address, Duration timeout) {
    this.address = address;
    this.timeout = timeout;
  }

  /**
   * Sends once.
   *
   * @return why it has not arrived, without the address; null: it has
   */
  @Nullable String post(String message) throws InterruptedException {
    String body = JsonNodeFactory.instance.objectNode().put("text", escaped(message)).toString();
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    CompletableFuture<HttpResponse<Void>> sent =
        http.sendAsync(request, HttpResponse.BodyHandlers.discarding());
    try {
      int status = sent.get(timeout.toMillis(), TimeUnit.MILLISECONDS).statusCode();
      return status / 100 == 2 ? null : "it answers HTTP " + status;
    } catch (TimeoutException e) {
      return "it does not answer within " + timeout.toSeconds() + " s";
    } catch (ExecutionException e) {
      // Its message may have the address.
      Throwable cause = e.getCause();
      return "it cannot be reached: " + (cause == null ? e : cause).getClass().getSimpleName();
    } finally {
      sent.cancel(true);
    }
  }

  @Override
  public void close() {
    http.shutdownNow();
  }

  /** As Slack asks for. */
  private static String escaped(String message) {
    return message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
