package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.Clinic.Examination;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.ClosedPort;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.PgNetWorker;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong in life is named as what it is, and is well again once it is mended. */
@ExtendWith(SharedSupabase.class)
class DoctorCausesTest {
  private static final String OTHER_SECRET = "whsec_b3RoZXItc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmc=";

  private final SupabaseServer supabase;
  private final Clinic clinic;
  private final World world;
  private final ClosedPort nobody;

  DoctorCausesTest(SupabaseServer supabase) throws IOException {
    this.nobody = new ClosedPort();
    this.supabase = supabase;
    this.clinic = Clinic.open(supabase);
    this.world = clinic.world;
  }

  @AfterEach
  void end() throws IOException {
    clinic.close();
    nobody.close();
  }

  @Test
  void templateThatVapiRejects() {
    world.vapi.onCreate().next(Fault.status(400, "{\"message\": [\"voice.voiceId is unknown\"]}"));
    Person person = quietly();
    world.ring(person);

    Examination sick = clinic.examine("--json");

    JsonNode line = sick.line("queue", "1 rows failed: Vapi rejects the template");
    assertThat(line.path("message").asText()).endsWith("voice.voiceId is unknown");
    assertThat(line.path("remedy").asText())
        .contains("ASSISTANT_TEMPLATE", world.uri("/reconcile").toString(), "include_failed");
    assertThat(sick.exit()).isEqualTo(2);
    world.reconcile("{\"include_failed\": true}");
    assertThat(clinic.examine().exit()).isZero();
  }

  @Test
  void keyThatWasRevoked() {
    world.vapi.revokeKeys();
    Person person = quietly();
    world.ring(person);

    Examination sick = clinic.examine("--json");

    assertThat(sick.checks("broken")).containsExactly("vapi");
    assertThat(sick.line("vapi", "Vapi refuses the key (401").path("remedy").asText())
        .startsWith("VAPI_API_KEY=");
    assertThat(sick.line("queue", "1 rows wait: Vapi refuses the account").path("status").asText())
        .isEqualTo("warning");
    world.vapi.acceptKey(World.API_KEY);
    world.elapse(Duration.ofMinutes(2));
    world.reconcile();
    assertThat(clinic.examine().exit()).isZero();
  }

  @Test
  void vapiThatAnswersWithErrors() {
    world.vapi.onCreate().next(Fault.status(503));
    world.vapi.onList().next(2, Fault.status(503));
    world.ring(quietly());

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("vapi", "Vapi is down").path("status").asText()).isEqualTo("broken");
    assertThat(sick.line("queue", "1 rows wait: Vapi is down, or was").path("status").asText())
        .isEqualTo("warning");
    assertThat(sick.exit()).isEqualTo(2);
  }

  @Test
  void vapiThatCannotBeReached() {
    Examination sick =
        clinic.examine(Map.of("VAPI_BASE_URL", "http://localhost:" + nobody.number()), "--json");

    assertThat(sick.checks("broken")).containsExactly("vapi");
    assertThat(sick.line("vapi", "Vapi is down or cannot be reached").path("message").asText())
        .endsWith("connection refused");
  }

  @ParameterizedTest
  @CsvSource({
    "404, broken, is not Vapi's API",
    "403, broken, refuses the key",
    "402, broken, refuses the account",
    "429, warning, asks for fewer calls"
  })
  void whatVapiAnswersIsExplained(int status, String health, String message) {
    world.vapi.onList().next(Fault.status(status));

    assertThat(clinic.examine("--json").line("vapi", message).path("status").asText())
        .isEqualTo(health);
  }

  @Test
  void vapiThatNeverEndsItsAnswerDoesNotHoldTheRestUp() {
    world.vapi.onList().next(Fault.stallBody());

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("vapi", "no complete answer").path("status").asText()).isEqualTo("broken");
    assertThat(sick.checks("broken")).containsExactly("vapi");
  }

  @Test
  void webhookSecretThatOnlyTheVaultKnows() {
    world.sql(
        "select vault.update_secret(id, ?) from vault.secrets where name = 'provisioner_webhook_secret'",
        OTHER_SECRET);
    try (PgNetWorker net = PgNetWorker.start(world.database)) {
      world.person();
      eventually("it is answered", () -> !net.deliveries().isEmpty() && answered());
    }

    Examination sick = clinic.examine("--json");

    assertThat(sick.checks("broken")).containsExactly("vault");
    JsonNode mismatch = sick.line("vault", "webhook secret mismatch");
    assertThat(sick.line("deliveries", "answered 401 by vapi-provisioner (invalid-signature)"))
        .isNotNull();
    clinic.follow(mismatch.path("remedy").asText());
    assertThat(clinic.examine("--json").lines("vault"))
        .allSatisfy(line -> assertThat(line.path("status").asText()).isEqualTo("ok"));
    assertThat(sick.out()).doesNotContain(OTHER_SECRET);
  }

  @Test
  void webhooksThatAreLost() {
    world.sql(
        "select vault.update_secret(id, ?) from vault.secrets where name = 'provisioner_url'",
        "http://localhost:" + nobody.number());
    try (PgNetWorker net = PgNetWorker.start(world.database)) {
      world.person();
      eventually("it is lost", () -> !net.deliveries().isEmpty() && answered());
    }

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("deliveries", "lost webhooks: 1 requests of pg_net had no answer"))
        .isNotNull();
    assertThat(sick.line("vault", "is not PUBLIC_URL").path("status").asText())
        .isEqualTo("warning");
    assertThat(sick.exit()).isEqualTo(1);
  }

  @Test
  void workerOfPgNetThatStandsStill() {
    world.person();

    JsonNode line = clinic.examine("--json").line("deliveries", "1 of pg_net's requests wait");

    assertThat(line.path("remedy").asText()).isEqualTo("select net.worker_restart();");
  }

  @Test
  void rowsThatNobodySweeps() {
    quietly();
    world.elapse(Duration.ofMinutes(12));

    Examination sick = clinic.examine("--json");

    JsonNode line = sick.line("queue", "a row has been due for 11 min: nobody sweeps");
    assertThat(line.path("remedy").asText()).contains("/reconcile");
    assertThat(sick.exit()).isEqualTo(1);
    world.reconcile();
    assertThat(clinic.examine().exit()).isZero();
  }

  @Test
  void settingsThatRefuse() {
    world.sql("alter table public.user_settings add column theme text not null");
    Person person = quietly();
    world.ring(person);

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("queue", "the app's settings table refuses").path("remedy").asText())
        .contains("see the line settings");
    clinic.follow(sick.line("settings", "requires values for theme").path("remedy").asText());
    world.elapse(Duration.ofMinutes(2));
    world.reconcile();
    assertThat(clinic.examine().exit()).isZero();
  }

  @Test
  void attemptsThatAreSpent() {
    Person person = quietly();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'failed', next_attempt_at = null, attempts = 12,
               error_code = 'attempts_spent', error = 'All 12 attempts are spent.'
         where id = ?\
        """,
        person.provision());

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("queue", "all attempts are spent").path("remedy").asText())
        .contains("include_failed");
    assertThat(sick.exit()).isEqualTo(2);
  }

  @Test
  void databaseThatIsAway() {
    world.wire.cut();

    Examination sick = clinic.examine("--json", "--canary");

    JsonNode line = sick.line("database", "no connection to localhost:" + world.wire.port());
    assertThat(line.path("remedy").asText()).contains("DATABASE_URL");
    assertThat(sick.checks("skipped"))
        .contains("tls", "role", "schema", "settings", "triggers", "vault", "pg_net", "queue");
    assertThat(sick.line("role", "mend database first")).isNotNull();
    assertThat(sick.line("queue", "mend database first")).isNotNull();
    assertThat(sick.line("canary", "cannot work now (database-unavailable)")).isNotNull();
    assertThat(sick.checks("ok")).contains("vapi", "template", "public_url");
    assertThat(sick.exit()).isEqualTo(2);
  }

  @Test
  void databaseThatIsSilentDoesNotHoldTheRestUp() {
    world.wire.freeze();

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("database", "no connection to").path("status").asText())
        .isEqualTo("broken");
    assertThat(sick.checks("ok")).contains("vapi", "public_url");
    world.wire.thaw();
  }

  @Test
  void databaseOfAnotherName() {
    Examination sick =
        clinic.examine(
            Map.of(
                "DATABASE_URL",
                "postgresql://provisioner:%s@localhost:%d/nowhere"
                    .formatted(Clinic.PASSWORD, world.wire.port())),
            "--json");

    assertThat(sick.line("database", "has no database of the name in DATABASE_URL")).isNotNull();
  }

  @Test
  void databaseThatMayBeOverheard() {
    // Leads to this machine as well, but who knows.
    String elsewhere = "postgresql://provisioner:%s@0.0.0.0:%d/%s%s";
    int port = world.wire.port();
    String name = world.database.name();

    Examination open =
        clinic.examine(
            Map.of("DATABASE_URL", elsewhere.formatted(Clinic.PASSWORD, port, name, "")), "--json");
    Examination insisting =
        clinic.examine(
            Map.of(
                "DATABASE_URL",
                elsewhere.formatted(Clinic.PASSWORD, port, name, "?sslmode=require")),
            "--json");

    assertThat(open.line("tls", "not insisted on").path("remedy").asText())
        .contains("sslmode=require");
    assertThat(open.exit()).isEqualTo(1);
    assertThat(insisting.line("database", "no connection to 0.0.0.0")).isNotNull();
  }

  @Test
  void databaseWithoutMigrations() {
    try (World bare = World.of(supabase, supabase.createDatabase())) {
      Examination sick =
          clinic.examine(
              Map.of(
                  "DATABASE_URL",
                  bare.database.databaseUrl("provisioner", Clinic.PASSWORD, bare.wire.port())),
              "--json");

      assertThat(
              sick.line("schema", "the schema provisioning is not there").path("remedy").asText())
          .isEqualTo("apply migrations/*.sql");
      assertThat(sick.checks("broken")).containsExactly("schema");
    }
  }

  @Test
  void roleOfSomebodyElse() {
    Examination sick =
        clinic.examine(
            Map.of(
                "DATABASE_URL",
                world.database.databaseUrl("postgres", Clinic.PASSWORD, world.wire.port())),
            "--json");

    assertThat(sick.line("role", "logs in as postgres, not as provisioner").path("remedy").asText())
        .startsWith("DATABASE_URL=postgresql://provisioner:");
    assertThat(sick.line("role", "may read auth.users")).isNotNull();
    assertThat(sick.line("role", "may read vault.decrypted_secrets")).isNotNull();
    assertThat(sick.line("role", "may read public.user_settings")).isNotNull();
  }

  @Test
  void everyProblemOfTheConfigurationAndTheRestGoesOn() {
    Examination sick =
        clinic.examine(
            Map.of("PORT", "x", "LEASE", "1s", "VAPI_API_KEY", "", "PUBLIC_URL", "http://a.b"),
            "--json");

    assertThat(sick.lines("configuration"))
        .extracting(line -> line.path("message").asText().split(" ", 2)[0])
        .containsExactlyInAnyOrder("PORT", "LEASE", "VAPI_API_KEY", "PUBLIC_URL");
    assertThat(sick.line("vapi", "not asked").path("status").asText()).isEqualTo("broken");
    assertThat(sick.line("public_url", "mend PUBLIC_URL first")).isNotNull();
    assertThat(sick.checks("ok")).contains("database", "schema", "vault", "queue");
    assertThat(sick.exit()).isEqualTo(2);
  }

  @Test
  void nothingIsConfigured() {
    Map<String, String> nothing = new HashMap<>(world.environment());
    nothing.replaceAll((name, value) -> "");

    Examination sick = clinic.examine(nothing, "--json");

    assertThat(sick.exit()).isEqualTo(2);
    assertThat(sick.line("configuration", "DATABASE_URL is not set")).isNotNull();
    assertThat(sick.line("template", "bundled demo")).isNotNull();
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void demoTemplate() {
    Examination sick = clinic.examine(Map.of("ASSISTANT_TEMPLATE", ""), "--json");

    JsonNode line = sick.line("template", "the bundled demo is in use");
    assertThat(line.path("remedy").asText()).startsWith("ASSISTANT_TEMPLATE=");
    assertThat(sick.exit()).isEqualTo(1);
  }

  @Test
  void templateThatVapiWouldReject() {
    clinic.template("{\"maxDurationSeconds\": 5, \"serverUrl\": \"https://a.example.org\"}");

    Examination sick = clinic.examine("--json");

    assertThat(sick.checks("broken")).containsExactly("template");
    assertThat(sick.line("template", "property serverUrl should not exist; it is server.url now"))
        .isNotNull();
    assertThat(sick.line("template", "maxDurationSeconds must be a number from 10 to 43200"))
        .isNotNull();
  }

  @Test
  void templateThatIsNone() {
    clinic.template("{\"name\": \"{{user.nmae}}\"}");

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("configuration", "unknown placeholder")).isNotNull();
    assertThat(sick.line("template", "mend ASSISTANT_TEMPLATE first").path("status").asText())
        .isEqualTo("skipped");
  }

  @Test
  void organisationThatIsNotTheOneThatWasPinned() {
    world.ring(quietly());
    String organisation =
        clinic.examine("--json").lines("organisation").getFirst().path("message").asText();
    assertThat(organisation).isNotEmpty();
    world.sql("alter table provisioning.installation add column if not exists organisation text");
    world.sql("update provisioning.installation set organisation = 'another-organisation'");

    Examination sick = clinic.examine("--json");

    JsonNode line = sick.line("organisation", "another-organisation");
    assertThat(line.path("status").asText()).isEqualTo("broken");
    assertThat(line.path("remedy").asText()).contains("VAPI_API_KEY", "set organisation");
    world.sql(line.path("remedy").asText().lines().reduce((first, last) -> last).orElseThrow());
    assertThat(clinic.examine().exit()).isZero();
  }

  @Test
  void clockThatIsAheadOfTheOthers() {
    Examination sick = clinic.examine(Duration.ofSeconds(30), Map.of(), "--json");

    assertThat(sick.lines("clock"))
        .allSatisfy(line -> assertThat(line.path("status").asText()).isEqualTo("warning"));
    assertThat(sick.line("clock", "ahead of the database's")).isNotNull();
    assertThat(sick.line("clock", "ahead of Vapi's").path("remedy").asText()).contains("set-ntp");
    assertThat(sick.exit()).isEqualTo(1);
  }

  @Test
  void clockThatIsTooFarBehindToSign() {
    Examination sick = clinic.examine(Duration.ofMinutes(-10), Map.of(), "--json", "--canary");

    assertThat(sick.checks("broken")).containsExactly("canary", "clock");
    assertThat(sick.line("clock", "behind the database's")).isNotNull();
    assertThat(sick.line("canary", "the clocks differ by minutes")).isNotNull();
  }

  @Test
  void clockOfVapi() {
    world.vapi.dateAnswersAhead(Duration.ofSeconds(20));

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("clock", "agrees with the database's")).isNotNull();
    assertThat(sick.line("clock", "behind Vapi's").path("status").asText()).isEqualTo("warning");
  }

  @Test
  void publicUrlWhereNobodyIs() {
    Examination sick =
        clinic.examine(
            Map.of("PUBLIC_URL", "http://localhost:" + nobody.number()), "--json", "--canary");

    assertThat(sick.checks("broken")).containsExactly("public_url");
    assertThat(sick.line("public_url", "cannot be reached").path("remedy").asText())
        .startsWith("curl -v http://localhost:");
    assertThat(sick.line("canary", "mend public_url first")).isNotNull();
  }

  @Test
  void publicUrlWhereSomebodyElseIs() {
    Examination sick =
        clinic.examine(Map.of("PUBLIC_URL", world.vapi.baseUrl()), "--json", "--canary");

    assertThat(sick.line("public_url", "not as vapi-provisioner does").path("status").asText())
        .isEqualTo("broken");
  }

  @Test
  void canaryThatTheServiceDoesNotRecognise() {
    Examination sick =
        clinic.examine(Map.of("WEBHOOK_SECRETS", OTHER_SECRET), "--json", "--canary");

    assertThat(sick.checks("broken")).containsExactly("vault", "canary");
    assertThat(sick.line("canary", "webhook secret mismatch")).isNotNull();
  }

  @Test
  void canaryThatHasNowhereToGo() {
    Examination sick = clinic.examine(Map.of("PUBLIC_URL", ""), "--json", "--canary");

    assertThat(sick.line("public_url", "the Vault has an address").path("status").asText())
        .isEqualTo("skipped");
    assertThat(sick.line("canary", "nothing was sent").path("remedy").asText())
        .contains("provisioner_url", "PUBLIC_URL=");
    assertThat(sick.exit()).isEqualTo(1);
  }

  @Test
  void canaryThatNobodyCanSign() {
    Examination sick = clinic.examine(Map.of("WEBHOOK_SECRETS", ""), "--json", "--canary");

    assertThat(sick.line("canary", "there is no WEBHOOK_SECRETS")).isNotNull();
    assertThat(sick.line("vault", "but WEBHOOK_SECRETS is not set").path("status").asText())
        .isEqualTo("broken");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void scheduleThatIsMissing(boolean pgCron) {
    if (pgCron) {
      world.sql("create schema cron; create table cron.job (jobname text, active boolean)");
      world.sql("grant usage on schema cron to postgres; grant select on cron.job to postgres");
      world.sql("insert into cron.job values ('vapi-provisioner-reconcile', false)");
    }
    Map<String, String> asleep = Map.of("RECONCILE_INTERVAL", "0");

    Examination sick = clinic.examine(asleep, "--json");

    JsonNode line = sick.line("schedule", "waits for ever");
    assertThat(line.path("remedy").asText()).contains("migrations/20260901000700_schedule.sql");
    assertThat(line.path("remedy").asText().contains("create extension pg_cron"))
        .isEqualTo(!pgCron);
    assertThat(sick.exit()).isEqualTo(1);
    if (pgCron) {
      world.sql("update cron.job set active = true");
      assertThat(clinic.examine(asleep).exit()).isZero();
    }
  }

  @Test
  void databaseWithoutVaultAndPgNet() {
    world.sql("drop schema vault cascade; drop schema net cascade");

    Examination sick = clinic.examine("--json");

    assertThat(sick.line("vault", "there is no Vault")).isNotNull();
    assertThat(sick.line("pg_net", "is not enabled").path("remedy").asText())
        .isEqualTo("create extension pg_net;");
    assertThat(sick.checks("broken")).isEmpty();
    assertThat(sick.exit()).isEqualTo(1);
  }

  @Test
  void wordsThatDoctorDoesNotKnow() {
    Examination mistaken = clinic.examine("--jsn");

    assertThat(mistaken.exit()).isEqualTo(2);
    assertThat(mistaken.out()).isEmpty();
    assertThat(mistaken.err()).startsWith("Unknown option: --jsn").contains("Usage:");
    assertThat(clinic.examine("--help").out()).startsWith("Usage:");
  }

  /** A user has verified their e-mail, and the bell was silent. */
  private Person quietly() {
    Person person = world.person();
    world.sql("delete from net.http_request_queue");
    return person;
  }

  private boolean answered() {
    return world.count("select count(*) from net._http_response") > 0;
  }
}
