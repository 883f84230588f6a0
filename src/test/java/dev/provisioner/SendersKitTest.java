package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.standardwebhooks.Webhook;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Delivery;
import dev.provisioner.sandbox.Installed;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The senders that the README and the contract show, to the letter: the service takes them. */
@ExtendWith(SharedSupabase.class)
class SendersKitTest {
  private final World world;
  private final Person person;

  SendersKitTest(SupabaseServer supabase) {
    world = World.serving(supabase);
    person = world.person();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void shellOfTheReadmeRingsTheBell() throws Exception {
    Installed.require(
        "the README's shell block", "bash openssl curl", "bash", "openssl", "curl", "od");

    String answer =
        Shell.run(
            Path.of("."),
            block("bash"),
            Map.of(
                "URL", world.uri("").toString(),
                "SECRET", World.WEBHOOK_SECRET,
                "PROVISION", person.provision().toString()));

    assertThat(answer).contains("\"outcome\":\"created\"");
    assertThat(world.row(person).status()).isEqualTo("processed");
  }

  @Test
  void sqlOfTheReadmeRingsTheBell() throws Exception {
    world.database.createVaultSecret("provisioner_url", world.uri("").toString());
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    try (PgNetWorker worker = PgNetWorker.start(world.database, Duration.ofMillis(5))) {
      try (Connection postgres = world.database.connect("postgres");
          Statement statement = postgres.createStatement()) {
        statement.execute(block("sql"));
      }

      eventually("both to be answered", () -> worker.deliveries().size() == 2);
      assertThat(worker.deliveries())
          .extracting(Delivery::url, Delivery::status)
          .containsExactlyInAnyOrder(
              tuple(world.uri("/webhooks/pending-vapi-provision").toString(), 200),
              tuple(world.uri("/reconcile").toString(), 200));
    }
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void exampleOfTheContractIsSignedAsTheLibrarySigns() throws Exception {
    String contract = Files.readString(Path.of("openapi.yaml"));
    String id = cell(contract, "`webhook-id`");
    long seconds = Long.parseLong(cell(contract, "`webhook-timestamp`"));

    String signature =
        new Webhook(cell(contract, "secret")).sign(id, seconds, cell(contract, "body"));

    assertThat(contract).contains("the signature `" + signature + "`");
    assertThat(contract).contains("example: " + signature);
  }

  /** The value that the table of the example has in this row. */
  private static String cell(String contract, String row) {
    Matcher matcher =
        Pattern.compile("(?m)^ *\\| " + Pattern.quote(row) + " \\| `([^`]+)` \\|$")
            .matcher(contract);
    assertThat(matcher.find()).as(row).isTrue();
    return matcher.group(1);
  }

  /** The one block of the sender's kit in this language. */
  private static String block(String language) throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String kit = readme.substring(readme.indexOf("### Ring it yourself"));
    Matcher matcher = Pattern.compile("(?s)```" + language + "\n(.*?)```").matcher(kit);
    assertThat(matcher.find()).as("a block of " + language).isTrue();
    return matcher.group(1);
  }
}
