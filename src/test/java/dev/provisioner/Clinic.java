package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** A world in which nothing is wrong, and the doctor that looks at it. */
final class Clinic implements AutoCloseable {
  static final String PASSWORD = "the-password-of-the-database";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern FILE =
      Pattern.compile("psql \"\\$POSTGRES_URL\" -f (migrations/\\S+\\.sql)");

  final World world;
  private final Path template;

  private Clinic(World world) throws IOException {
    this.world = world;
    template = Files.createTempFile("template", ".json");
    template("{\"name\": \"For {{user.name}}\", \"firstMessage\": \"Hello.\"}");
    world
        .with("ASSISTANT_TEMPLATE", template.toString())
        .with(
            "DATABASE_URL", world.database.databaseUrl("provisioner", PASSWORD, world.wire.port()));
    world.start();
    String url = world.uri("").toString();
    world.with("PUBLIC_URL", url).with("RECONCILE_INTERVAL", "1h");
    world.database.createVaultSecret("provisioner_url", url + "/");
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
  }

  static Clinic open(SupabaseServer server) {
    try {
      return new Clinic(World.empty(server));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** For examinations to come; the instance that runs keeps what it has. */
  void template(String json) {
    try {
      Files.writeString(template, json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Examination examine(String... options) {
    return examine(Map.of(), options);
  }

  /** With other variables than the world's; an empty one counts as unset. */
  Examination examine(Map<String, String> changes, String... options) {
    return examine(Duration.ZERO, changes, options);
  }

  /** On a machine whose clock is that much ahead. Whatever is said holds nothing it must not. */
  Examination examine(Duration ahead, Map<String, String> changes, String... options) {
    Map<String, String> environment = new HashMap<>(world.environment());
    environment.putAll(changes);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit;
    try {
      exit =
          DoctorCommand.run(
              List.of(options),
              environment,
              new PrintStream(out, true, UTF_8),
              new PrintStream(err, true, UTF_8),
              () -> Instant.now().plus(ahead));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    String said = out.toString(UTF_8);
    assertThat(said + err)
        .doesNotContain(PASSWORD, World.API_KEY, World.JWT_SECRET, World.WEBHOOK_SECRET)
        .doesNotContain("@example.com", "Person ", "\tat ");
    return new Examination(exit, said, err.toString(UTF_8));
  }

  /** What one run has said. */
  record Examination(int exit, String out, String err) {
    JsonNode json() {
      try {
        return JSON.readTree(out);
      } catch (IOException e) {
        throw new UncheckedIOException(out, e);
      }
    }

    /** Of one check. */
    List<JsonNode> lines(String check) {
      return StreamSupport.stream(json().path("checks").spliterator(), false)
          .filter(line -> line.path("name").asText().equals(check))
          .toList();
    }

    JsonNode line(String check, String message) {
      return lines(check).stream()
          .filter(line -> line.path("message").asText().contains(message))
          .findFirst()
          .orElseThrow(
              () -> new AssertionError("no line %s: …%s… in %s".formatted(check, message, out)));
    }

    /** Names of the checks with this status, once each. */
    List<String> checks(String status) {
      return StreamSupport.stream(json().path("checks").spliterator(), false)
          .filter(line -> line.path("status").asText().equals(status))
          .map(line -> line.path("name").asText())
          .distinct()
          .toList();
    }
  }

  /** Does what a remedy says, word for word, with the values that it leaves to the reader. */
  void follow(String remedy) {
    Matcher file = FILE.matcher(remedy);
    if (file.find()) {
      sqlAsPostgres(read(Path.of(file.group(1))));
      return;
    }
    if (!remedy.equals("apply migrations/*.sql")) {
      String sql = remedy.replace("the first of WEBHOOK_SECRETS", World.WEBHOOK_SECRET);
      if (ofThePlatform(sql)) {
        world.sql(sql);
      } else {
        sqlAsPostgres(sql);
      }
    }
    if (remedy.contains("apply migrations/")) {
      world.database.applyMigrations();
    }
  }

  /** In the sandbox, unlike at Supabase, these are nothing that postgres may change. */
  private static boolean ofThePlatform(String sql) {
    return sql.contains("auth.users")
        || sql.contains("vault.secrets from")
        || sql.contains("nosuperuser")
        || sql.contains("nobypassrls");
  }

  private void sqlAsPostgres(String sql) {
    try (Connection postgres = world.database.connect("postgres");
        Statement statement = postgres.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    world.close();
    try {
      Files.deleteIfExists(template);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
