package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.Clinic.Examination;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.sandbox.Delivery;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The other bell: the dashboard's Database Webhook, with a token instead of a signature. */
@ExtendWith(SharedSupabase.class)
class DashboardWebhookTest {
  private static final String PATH = "/webhooks/pending-vapi-provision";
  private static final Duration YEAR = Duration.ofDays(365);

  private final Clinic clinic;
  private final World world;
  private final PgNetWorker worker;

  DashboardWebhookTest(SupabaseServer supabase) {
    clinic = Clinic.open(supabase);
    world = clinic.world;
    worker = PgNetWorker.start(world.database, Duration.ofMillis(5));
  }

  @AfterEach
  void end() {
    worker.close();
    clinic.close();
  }

  @Test
  void userIsProvisionedThroughItAlone() throws IOException {
    world.sql("delete from vault.secrets");
    webhook(token(Scope.WEBHOOK, YEAR));

    Person person = world.person("ada@example.com", "Zoë \"O'Neill\" \\ 👩‍💻");
    eventually("an assistant", () -> world.inUse(person) != null);

    eventually("an answer", () -> worker.deliveries().size() == 1);
    Delivery delivery = worker.deliveries().getFirst();
    assertThat(delivery.status()).isEqualTo(200);
    assertThat(delivery.headers()).containsOnlyKeys("Content-type", "Authorization");
    JsonNode body = new ObjectMapper().readTree(delivery.body());
    assertThat(body.properties())
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("type", "table", "schema", "record", "old_record");
    assertThat(body.at("/record/id").asText()).isEqualTo(person.provision().toString());
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.count("select count(*) from supabase_functions.hooks")).isEqualTo(1);
  }

  @Test
  void bothBellsMakeOneAssistant() {
    webhook(token(Scope.WEBHOOK, YEAR));

    List<Person> people = List.of(world.person(), world.person(), world.person());

    eventually("every answer", () -> worker.deliveries().size() == 6);
    eventually("assistants", () -> people.stream().allMatch(each -> world.inUse(each) != null));
    assertThat(worker.deliveries()).extracting(Delivery::status).containsOnly(200, 202);
    assertThat(world.vapi.creates()).isEqualTo(3);
    Examination both = clinic.examine("--json");
    assertThat(both.exit()).as(both.out()).isZero();
    assertThat(both.line("pg_net", "with a good token")).isNotNull();
    assertThat(both.line("vault", "number 1 of the 1")).isNotNull();
  }

  @Test
  void doctorIsContentWithItAlone() {
    world.sql("delete from vault.secrets");
    webhook(token(Scope.WEBHOOK, YEAR));

    Examination healthy = clinic.examine("--json");

    assertThat(healthy.exit()).as(healthy.out()).isZero();
    assertThat(healthy.line("vault", "the dashboard's webhook ring_vapi_provisioner rings"))
        .isNotNull();
  }

  @Test
  void scheduleThatCannotSignIsNamed() {
    world.database.enablePgCron();
    world.database.applyMigrations();
    webhook(token(Scope.WEBHOOK, YEAR));
    world.sql("delete from vault.secrets where name = 'provisioner_webhook_secret'");

    Examination sleeping = clinic.examine(Map.of("RECONCILE_INTERVAL", "0"), "--json");
    JsonNode line = sleeping.line("schedule", "cannot ring /reconcile");
    assertThat(line.path("status").asText()).isEqualTo("warning");
    assertThat(line.path("remedy").asText()).contains("vault.create_secret");
    assertThat(clinic.examine("--json").line("schedule", "need not").path("status").asText())
        .isEqualTo("ok");
  }

  @ParameterizedTest
  @ValueSource(strings = {"expired", "of another secret", "operate", "none", "not configured"})
  void tokenThatIsRefusedIsSeenBeforeAndAfter(String its) {
    webhook(
        switch (its) {
          case "expired" ->
              Tokens.mint(
                  new Secret(World.JWT_SECRET),
                  Scope.WEBHOOK,
                  Instant.now().minusSeconds(7200),
                  Instant.now().minusSeconds(3600));
          case "of another secret" ->
              Tokens.mint(
                  new Secret("another-secret-of-more-than-thirty-two-bytes"),
                  Scope.WEBHOOK,
                  Instant.now(),
                  Instant.now().plusSeconds(3600));
          case "operate" -> token(Scope.OPERATE, Duration.ofHours(1));
          case "none" -> "";
          default -> token(Scope.WEBHOOK, YEAR);
        });
    Map<String, String> changes =
        its.equals("not configured") ? Map.of("JWT_SECRETS", "") : Map.of();

    Examination before = clinic.examine(changes, "--json");

    String message =
        switch (its) {
          case "expired" -> "has a token that has expired";
          case "of another secret" -> "signed with none of JWT_SECRETS";
          case "operate" -> "without the scope webhook";
          case "none" -> "has no token";
          default -> "JWT_SECRETS is not set";
        };
    JsonNode line = before.line("pg_net", message);
    assertThat(line.path("status").asText()).isEqualTo("warning");
    assertThat(line.path("remedy").asText()).contains("--scope webhook --expires 365d");
    if (changes.isEmpty()) {
      world.sql("delete from vault.secrets");
      Person person = world.person();
      eventually("an answer", () -> world.count("select count(*) from net._http_response") == 1);
      Examination after = clinic.examine("--json");
      assertThat(after.line("deliveries", "a webhook of the dashboard's has no good token"))
          .isNotNull();
      assertThat(world.row(person).status()).isEqualTo("pending");
      webhook(token(Scope.WEBHOOK, YEAR));
      Person next = world.person();
      eventually("an assistant", () -> world.inUse(next) != null);
    }
  }

  @Test
  void tokenThatIsAboutToExpireIsNamedInTime() {
    webhook(token(Scope.WEBHOOK, Duration.ofDays(29)));
    assertThat(clinic.examine("--json").line("pg_net", "expires within 30 days")).isNotNull();

    webhook(token(Scope.WEBHOOK, Duration.ofDays(31)));
    assertThat(clinic.examine("--json").exit()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          alter table public.pending_vapi_provision disable trigger ring_vapi_provisioner | does not ring
          drop trigger ring_vapi_provisioner on public.pending_vapi_provision; create trigger ring_vapi_provisioner after update on public.pending_vapi_provision for each row execute function supabase_functions.http_request('http://localhost:1/x', 'POST', '{}', '{}', '5000') | does not ring
          drop trigger ring_vapi_provisioner on public.pending_vapi_provision; create trigger ring_vapi_provisioner after insert on public.pending_vapi_provision for each row execute function supabase_functions.http_request('http://localhost:1/x', 'POST', '{}', '{}', '5000') | rings elsewhere
          """)
  void webhookThatDoesNotReachUsIsNamed(String mistake, String message) {
    webhook(token(Scope.WEBHOOK, YEAR));
    world.sql(mistake);

    assertThat(clinic.examine("--json").line("pg_net", message)).isNotNull();
  }

  /** Unlike ours it catches nothing: an error takes the row with it, and never the sign-up. */
  @Test
  void webhookThatFailsCostsTheRowUntilTheSweepAndNoSignUp() {
    webhook(token(Scope.WEBHOOK, YEAR));
    world.sql("alter function net.http_post rename to away");

    UUID user = world.database.signUp("ada@example.com", "Ada");
    world.database.confirm(user);

    String rows = "select count(*) from public.pending_vapi_provision";
    assertThat(world.count(rows)).isZero();
    world.sql("alter function net.away rename to http_post");
    world.reconcile();
    assertThat(world.count(rows)).isEqualTo(1);
  }

  @Test
  void silencedImportRingsItAllTheSame() {
    webhook(token(Scope.WEBHOOK, YEAR));
    world.unseen(1, "now()");

    world.sql(
        "begin; set local provisioning.silent = 'on'; select provisioning.enqueue_missing(); commit");

    eventually("an assistant", () -> world.vapi.created() == 1);
    eventually("an answer", () -> worker.deliveries().size() == 1);
    assertThat(worker.deliveries().getFirst().headers()).containsKey("Authorization");
  }

  private void webhook(String token) {
    world.database.createDashboardWebhook(
        "public.pending_vapi_provision",
        "ring_vapi_provisioner",
        world.uri(PATH).toString(),
        token);
  }

  private static String token(Scope scope, Duration expires) {
    Instant now = Instant.now();
    return Tokens.mint(new Secret(World.JWT_SECRET), scope, now, now.plus(expires));
  }
}
