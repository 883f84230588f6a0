package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stands in for Fly.io: {@code POST /deploy} with the secrets starts the packaged service with
 * these, with the variables and the files of {@code fly.toml}, and nothing else. Only the ports are
 * its own.
 */
final class Platform implements AutoCloseable {
  /** Below those that the system gives to whoever asks for any: it stays free until then. */
  private static final int LOWEST_PORT = 20_000;

  private static final int PORTS = 10_000;
  private static final Pattern SECRET = Pattern.compile("(?m)^([A-Z_]+)=(.*)$");

  private final Path folder;
  private final int port = LOWEST_PORT + new Random().nextInt(PORTS);
  private final HttpServer server;
  private final AtomicReference<@Nullable Packaged> machine = new AtomicReference<>();

  /**
   * @param folder where {@code fly.toml} is
   */
  Platform(Path folder) throws IOException {
    this.folder = folder;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/deploy", this::deploy);
    server.start();
  }

  /** Where orders are taken. */
  String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  /** Where the service is to be, once it is deployed. */
  String publicUrl() {
    return "http://localhost:" + port;
  }

  private void deploy(HttpExchange exchange) throws IOException {
    try (exchange) {
      String secrets = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
      JsonNode fly = new TomlMapper().readTree(Files.readString(folder.resolve("fly.toml")));
      Map<String, String> environment = new HashMap<>();
      fly.path("env")
          .properties()
          .forEach(each -> environment.put(each.getKey(), each.getValue().asText()));
      SECRET
          .matcher(secrets)
          .results()
          .forEach(each -> environment.put(each.group(1), each.group(2)));
      for (JsonNode file : fly.path("files")) {
        String local = folder.resolve(file.path("local_path").asText()).toString();
        environment.replaceAll(
            (name, value) -> value.equals(file.path("guest_path").asText()) ? local : value);
      }
      environment.put("PORT", Integer.toString(port));
      environment.put("METRICS_PORT", "0");
      Packaged service = Packaged.run(environment);
      machine.set(service);
      byte[] said = "Visit your newly deployed app\n".getBytes(UTF_8);
      service.uri("/");
      exchange.sendResponseHeaders(200, said.length);
      exchange.getResponseBody().write(said);
    } catch (AssertionError e) {
      byte[] why = String.valueOf(e.getMessage()).getBytes(UTF_8);
      exchange.sendResponseHeaders(500, why.length);
      exchange.getResponseBody().write(why);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    Packaged deployed = machine.get();
    if (deployed != null) {
      deployed.close();
    }
  }
}
