package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.contract.Contract;
import dev.provisioner.http.Scope;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** A reconcile that is read line by line while it goes on. */
final class Lines implements AutoCloseable {
  private static final String SCHEMA =
      "/paths/~1reconcile/post/responses/200/content/application~1x-ndjson/schema";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final World world;
  private final HttpClient http = HttpClient.newHttpClient();
  private final InputStream stream;
  private final BufferedReader reader;
  private int empty;

  /** Returns when the first line is on its way. */
  Lines(World world, String body) throws IOException, InterruptedException {
    this.world = world;
    HttpResponse<InputStream> response =
        http.send(
            world
                .request("/reconcile")
                .header("Authorization", "Bearer " + World.token(Scope.OPERATE))
                .header("Content-Type", "application/json")
                .header("Accept", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-ndjson");
    stream = response.body();
    reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
  }

  /** The next line that says something. */
  JsonNode next() throws Exception {
    while (true) {
      String line = world.inBackground(reader::readLine).get(20, TimeUnit.SECONDS);
      if (line == null) {
        throw new AssertionError("the stream ended");
      }
      if (line.isEmpty()) {
        empty++;
        continue;
      }
      JsonNode json = JSON.readTree(line);
      assertThat(Contract.served().document().violations(SCHEMA, json)).as(line).isEmpty();
      return json;
    }
  }

  /** Waits for an empty line. */
  void awaitBeat() throws Exception {
    String line = world.inBackground(reader::readLine).get(20, TimeUnit.SECONDS);
    assertThat(line).as("a heartbeat").isEmpty();
    empty++;
  }

  /** How many empty lines have come. */
  int beats() {
    return empty;
  }

  boolean atEnd() throws Exception {
    return world.inBackground(reader::readLine).get(20, TimeUnit.SECONDS) == null;
  }

  /** Goes away, whatever is still to come. */
  @Override
  public void close() throws IOException {
    stream.close();
    http.shutdownNow();
  }
}
