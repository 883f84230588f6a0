package dev.provisioner.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.Secret;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;

/** Asks a service what is asked seldom: to reconcile, and for its metrics. */
final class Caller {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ALLOCATED = "jvm_gc_memory_allocated_bytes_total ";

  private final HttpClient http = HttpClient.newHttpClient();
  private final ServiceProcess service;

  Caller(ServiceProcess service) {
    this.service = service;
  }

  /**
   * Reconciles so many rows that are due.
   *
   * @throws IllegalStateException not every one of them was created
   */
  void reconcile(int rows) {
    Instant now = Instant.now();
    String token =
        Tokens.mint(
            new Secret(Site.JWT_SECRET), Scope.OPERATE, now, now.plus(Duration.ofMinutes(10)));
    String summary =
        ask(
            HttpRequest.newBuilder(uri(service.port(), "/reconcile"))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"limit\": %d, \"max_seconds\": 600}".formatted(rows))));
    try {
      JsonNode json = JSON.readTree(summary);
      if (json.path("created").asInt() != rows) {
        throw new IllegalStateException(rows + " rows were to be reconciled: " + summary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(summary, e);
    }
  }

  /** Bytes allocated so far, as of the last collection. */
  double allocated() {
    return ask(HttpRequest.newBuilder(uri(service.metricsPort(), "/metrics")))
        .lines()
        .filter(line -> line.startsWith(ALLOCATED))
        .mapToDouble(line -> Double.parseDouble(line.substring(ALLOCATED.length())))
        .sum();
  }

  private String ask(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(response + ": " + response.body());
      }
      return response.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static URI uri(int port, String path) {
    return URI.create("http://localhost:" + port + path);
  }
}
