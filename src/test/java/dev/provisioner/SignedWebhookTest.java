package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.standardwebhooks.Webhook;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Delivery;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole way: a user is verified, the database rings, the service answers the door. */
@ExtendWith(SharedSupabase.class)
class SignedWebhookTest {
  private static final String NEWER_SECRET = "whsec_bmV3ZXItc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmchISE=";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final World world;
  private final PgNetWorker worker;
  private final UUID url;
  private final UUID secret;

  SignedWebhookTest(SupabaseServer supabase) {
    world =
        World.empty(supabase).with("WEBHOOK_SECRETS", NEWER_SECRET + "," + World.WEBHOOK_SECRET);
    Service service = world.start();
    url = world.database.createVaultSecret("provisioner_url", World.uri(service, "").toString());
    secret = world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    worker = PgNetWorker.start(world.database, Duration.ofMillis(5));
  }

  @AfterEach
  void end() {
    worker.close();
    world.close();
  }

  @Test
  void verifiedUserHasAnAssistantWithoutAnybodyElsesDoing() {
    Person person = world.person();

    eventually("an assistant", () -> world.inUse(person) != null);

    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.assistants().getFirst().id()).isEqualTo(world.inUse(person));
    Delivery delivery = onlyDelivery();
    assertThat(delivery.status()).isEqualTo(200);
    assertThat(delivery.url()).isEqualTo(world.uri("/webhooks/pending-vapi-provision").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Zoë Größer-Łukasiewicz",
        "O'Neill \"the\" Backslash \\ \\n \\u0041 \\\\",
        "名前 имя שם اسم",
        "👩‍💻🎉 \uD83C\uDDEA\uD83C\uDDFA",
        "{{user.email}} </script> %00 $1 \t tab",
        "line\nbreak\r\nand \u2028 \u0001",
      })
  void signatureIsGoodWhateverTheUserIsCalled(String name) throws Exception {
    UUID user = world.database.signUp("ada@exämple.com", name);
    world.database.confirm(user);
    Person person = new Person(user, world.provisionOf(user));

    eventually("an assistant", () -> world.inUse(person) != null);

    Delivery delivery = onlyDelivery();
    assertThatCode(() -> verify(delivery, World.WEBHOOK_SECRET)).doesNotThrowAnyException();
    assertThat(JSON.readTree(delivery.body()).at("/record/display_name").asText())
        .isEqualTo(name.strip());
  }

  @Test
  void bodyHasTheShapeOfSupabasesOwnWebhooks() throws IOException {
    Person person = world.person();
    eventually("a webhook", () -> worker.deliveries().size() == 1);

    JsonNode body = JSON.readTree(onlyDelivery().body());
    assertThat(body.properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("type", "table", "record", "schema", "old_record");
    assertThat(body.path("type").asText()).isEqualTo("INSERT");
    assertThat(body.path("table").asText()).isEqualTo("pending_vapi_provision");
    assertThat(body.path("schema").asText()).isEqualTo("public");
    assertThat(body.path("old_record").isNull()).isTrue();
    assertThat(body.at("/record/id").asText()).isEqualTo(person.provision().toString());
    assertThat(body.at("/record/user_id").asText()).isEqualTo(person.user().toString());
    assertThat(body.at("/record/status").asText()).isEqualTo("pending");
    assertThat(onlyDelivery().headers())
        .containsEntry("Content-Type", "application/json")
        .containsKeys("webhook-id", "webhook-timestamp", "webhook-signature");
  }

  @Test
  void rolledBackSignUpRingsNobody() throws Exception {
    Session.during(
        world.database,
        """
        insert into auth.users (id, email, email_confirmed_at)
        values (gen_random_uuid(), 'ada@example.com', now())\
        """,
        () -> true);
    Person person = world.person();

    eventually("an assistant", () -> world.inUse(person) != null);
    assertThat(onlyDelivery().body()).contains(person.provision().toString());
  }

  @Test
  void secretsRotateWithoutALostWebhook() {
    Person before = world.person();
    eventually("an assistant", () -> world.inUse(before) != null);

    keep(secret, NEWER_SECRET);
    Person after = world.person();

    eventually("another", () -> world.inUse(after) != null);
    eventually("both answers", () -> worker.deliveries().size() == 2);
    assertThat(worker.deliveries()).extracting(Delivery::status).containsExactly(200, 200);
  }

  @Test
  void unknownSecretOpensNothing() {
    keep(secret, "whsec_b25lIHRoYXQgbm9ib2R5IGtub3dzLCAzMiBieXRlcyE=");
    Person person = world.person();

    eventually("a refusal", () -> worker.deliveries().size() == 1);
    assertThat(onlyDelivery().status()).isEqualTo(401);
    assertThat(world.row(person).status()).isEqualTo("pending");
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void slashAndBlanksAroundTheSecretsDoNoHarm() {
    keep(url, " " + world.uri("/") + "\n");
    keep(secret, " " + World.WEBHOOK_SECRET + "\n");
    Person person = world.person();

    eventually("an assistant", () -> world.inUse(person) != null);
  }

  @Test
  void bulkImportMaySilenceTheBell() {
    world.as(
        "supabase_auth_admin",
        """
        do $$
        begin
          set local provisioning.silent = 'on';
          insert into auth.users (id, email, email_confirmed_at)
          select gen_random_uuid(), n || '@example.com', now() from generate_series(1, 20) n;
        end $$\
        """);
    Person loud = world.person();
    eventually("the loud one", () -> world.inUse(loud) != null);

    assertThat(onlyDelivery().body()).contains(loud.provision().toString());
    world.elapse(Duration.ofMinutes(2));
    assertThat(requestReconcile()).isNotNull();
    eventually("everybody's assistant", () -> world.vapi.created() == 21);
  }

  @Test
  void nothingIsRequestedWhenNothingIsDue() {
    assertThat(requestReconcile()).isNull();
    Person person = world.person();
    eventually("an assistant", () -> world.inUse(person) != null);
    assertThat(requestReconcile()).isNull();
    worker.pause();
    world.person();
    assertThat(requestReconcile()).as("a fresh row waits for its webhook").isNull();
  }

  @Test
  void reconcileIsRequestedForALostWebhook() {
    worker.pause();
    Person person = world.person();
    assertThat(worker.lose()).isEqualTo(1);
    world.elapse(Duration.ofMinutes(2));

    assertThat(requestReconcile()).isNotNull();
    worker.resume();

    eventually("an assistant", () -> world.inUse(person) != null);
    assertThat(onlyDelivery().url()).isEqualTo(world.uri("/reconcile").toString());
    assertThat(onlyDelivery().headers()).containsEntry("Prefer", "respond-async");
    assertThat(onlyDelivery().body()).isEqualTo("{}");
    assertThat(onlyDelivery().status()).isEqualTo(202);
  }

  @Test
  void reconcileIsRequestedForALookThatIsDue() {
    world.vapi.onCreate().next(Fault.dropAfterApplying());
    Person person = world.person();
    eventually("doubt", () -> world.row(person).status().equals("errored"));
    world.elapse(Duration.ofMinutes(2));
    assertThat(world.reconcile().number("adopted")).isEqualTo(1);
    assertThat(world.row(person).inDoubt()).isTrue();
    assertThat(requestReconcile()).isNull();

    world.elapse(Duration.ofHours(3));

    assertThat(requestReconcile()).isNotNull();
    eventually("the end of doubt", () -> !world.row(person).inDoubt());
    assertThat(world.vapi.assistants()).hasSize(1);
  }

  @Test
  void reconcileIsRequestedForADepartedUser() {
    Person person = world.person();
    eventually("an assistant", () -> world.inUse(person) != null);

    world.delete(person);

    assertThat(requestReconcile()).isNotNull();
    eventually("no assistant", () -> world.vapi.assistants().isEmpty());
    eventually(
        "no tombstone", () -> world.count("select count(*) from provisioning.departed") == 0);
    assertThat(requestReconcile()).isNull();
  }

  private Delivery onlyDelivery() {
    eventually("an answer", () -> !worker.deliveries().isEmpty());
    assertThat(worker.deliveries()).hasSize(1);
    return worker.deliveries().getFirst();
  }

  private @Nullable String requestReconcile() {
    return world.as("postgres", "select provisioning.request_reconcile()");
  }

  private void keep(UUID id, String value) {
    world.as("postgres", "select vault.update_secret(?, ?)", id, value);
  }

  private static void verify(Delivery delivery, String secret) throws Exception {
    Map<String, List<String>> headers = new HashMap<>();
    delivery.headers().forEach((name, value) -> headers.put(name, List.of(value)));
    new Webhook(secret).verify(delivery.body(), headers);
  }
}
