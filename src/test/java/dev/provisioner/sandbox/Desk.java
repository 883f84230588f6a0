package dev.provisioner.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.provisioner.ConfigException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * What an operator has at hand besides the service itself, for a shell: the platform that sets a
 * variable and restarts ({@code /set}), Supabase's SQL editor ({@code /sql}), the channel in which
 * alerts appear ({@code /alerts}), and a Vapi that comes back when told ({@code /vapi-is-back}).
 */
final class Desk implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final PrintStream channel;

  /** Takes alerts at once, and the rest once it is {@linkplain #open open}. */
  Desk(PrintStream channel) {
    this.channel = channel;
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException("the operator's desk did not open", e);
    }
    answer("/alerts", this::alert);
    server.start();
  }

  /** What a person asked for, done; the text is for that person. */
  private interface Task {
    /**
     * @throws IllegalArgumentException if it was asked for wrongly; nothing has changed then
     */
    String done(String body) throws IOException;
  }

  String url() {
    return "http://localhost:" + server.getAddress().getPort();
  }

  /**
   * Begins to do what is asked.
   *
   * @param terminal a file that is written anew whenever a variable is set, to be read by a shell
   * @param more exported to that shell besides the service's own variables
   */
  void open(Stage stage, Runnable vapiIsBack, Path terminal, Map<String, String> more)
      throws IOException {
    answer(
        "/set",
        body -> {
          String decoded = URLDecoder.decode(body, UTF_8);
          int equals = decoded.indexOf('=');
          if (equals < 1) {
            throw new IllegalArgumentException("Not of the form NAME=value; nothing was set.");
          }
          String name = decoded.substring(0, equals);
          stage.deployment.set(name, decoded.substring(equals + 1));
          write(terminal, stage.deployment.variables(), more);
          return name + " is set, and the service has started anew.";
        });
    answer("/sql", body -> ran(body, stage.database));
    answer(
        "/vapi-is-back",
        body -> {
          vapiIsBack.run();
          return "Vapi answers again.";
        });
    write(terminal, stage.deployment.variables(), more);
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private String alert(String body) throws IOException {
    channel.printf("%n  ALERT  %s%n%n", JSON.readTree(body).path("text").asText(body));
    return "ok";
  }

  private static String ran(String sql, SupabaseDatabase database) {
    try (Connection postgres = database.connect("postgres");
        Statement statement = postgres.createStatement()) {
      statement.execute(sql);
      return "done";
    } catch (SQLException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** What the terminal needs that a platform's would have: variables, and its two commands. */
  private void write(Path terminal, Map<String, String> variables, Map<String, String> more)
      throws IOException {
    StringBuilder text = new StringBuilder("# Written by the sandbox; to be read with: . <file>\n");
    variables.forEach((name, value) -> text.append(export(name, value)));
    more.forEach((name, value) -> text.append(export(name, value)));
    text.append(
        """
        PATH='%1$s':$PATH
        set_variable() { curl -sS --fail-with-body %2$s/set --data-urlencode "$1" && . '%3$s'; }
        run_sql() { curl -sS --fail-with-body %2$s/sql --data-binary @-; }
        """
            .formatted(
                Path.of(System.getProperty("java.home"), "bin"), url(), terminal.toAbsolutePath()));
    Files.writeString(terminal, text);
  }

  private static String export(String name, String value) {
    return "export %s='%s'%n".formatted(name, value.replace("'", "'\\''"));
  }

  private void answer(String path, Task task) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            answer(exchange, task);
          }
        });
  }

  private static void answer(HttpExchange exchange, Task task) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    int status = 200;
    String text;
    try {
      text = task.done(body);
    } catch (ConfigException e) {
      status = 400;
      text = "The service would not start, so nothing was set. " + e.getMessage();
    } catch (IllegalArgumentException e) {
      status = 400;
      text = String.valueOf(e.getMessage());
    }
    byte[] bytes = (text + "\n").getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }
}
