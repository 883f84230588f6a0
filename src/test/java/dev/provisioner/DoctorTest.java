package dev.provisioner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.Clinic.Examination;
import dev.provisioner.http.Signatures;
import dev.provisioner.http.Signatures.Verdict;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is broken in the database has a line, and the remedy below it mends it. One world serves
 * all, on a server of its own: what is broken may be a role, which belongs to the whole server.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoctorTest {
  private final SupabaseServer supabase = SupabaseServer.start();
  private final Clinic clinic = Clinic.open(supabase);

  @AfterAll
  void end() {
    clinic.close();
    supabase.close();
  }

  @Test
  void nothingIsWrongWithAHealthyWorld() {
    Examination healthy = clinic.examine("--json", "--canary");

    assertThat(healthy.exit()).as(healthy.out()).isZero();
    assertThat(healthy.json().path("status").asText()).isEqualTo("ok");
    assertThat(healthy.checks("ok"))
        .containsExactly(
            "configuration",
            "database",
            "tls",
            "role",
            "schema",
            "settings",
            "triggers",
            "vault",
            "template",
            "pg_net",
            "schedule",
            "deliveries",
            "vapi",
            "public_url",
            "canary",
            "clock",
            "queue");
    assertThat(healthy.checks("skipped")).containsExactly("organisation");
    assertThat(healthy.err()).isEmpty();
  }

  @Test
  void textHasALineForEachCheckAndASummary() {
    Examination healthy = clinic.examine();

    List<String> lines = healthy.out().lines().toList();
    assertThat(lines).hasSize(20).last().isEqualTo("All is well.");
    assertThat(lines.get(1))
        .startsWith("✓ database      PostgreSQL 1")
        .endsWith("at localhost:" + clinic.world.wire.port() + ", direct connection");
    assertThat(lines).anyMatch(line -> line.startsWith("- canary        not asked for"));
  }

  @ParameterizedTest
  @MethodSource("dev.provisioner.Lacking#everything")
  void whatTheRoleLacksIsNamed(Lacking thing) {
    clinic.world.sql(thing.breaking());

    Examination broken = clinic.examine("--json");

    assertThat(broken.exit()).isEqualTo(2);
    assertThat(broken.checks("broken")).containsExactly("schema");
    assertThat(broken.lines("schema"))
        .singleElement()
        .satisfies(line -> {
          assertThat(line.path("message").asText()).isEqualTo(thing.what());
          assertThat(line.path("remedy").asText()).isEqualTo(thing.remedy());
        });
    clinic.follow(thing.remedy());
    assertThat(clinic.examine("--json").exit()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          alter role provisioner superuser | role | warning | provisioner, which is a superuser | alter role provisioner nosuperuser nobypassrls;
          alter role provisioner bypassrls | role | warning | bypasses row security | alter role provisioner nobypassrls;
          grant select on public.user_settings to provisioner | role | warning | may read public.user_settings | revoke all on public.user_settings from provisioner;
          grant usage on schema auth to provisioner; grant select (email) on auth.users to provisioner | role | warning | may read auth.users | revoke all on auth.users from provisioner;
          grant usage on schema vault to provisioner; grant select on vault.secrets to provisioner | role | warning | may read vault.secrets | revoke all on vault.secrets from provisioner;
          drop function provisioning.check_secret(text) | schema | broken | provisioning.check_secret(text) is not there | apply migrations/*.sql
          drop view provisioning.user_assistant | schema | broken | provisioning.user_assistant is not there | apply migrations/*.sql
          alter role provisioner reset lock_timeout | schema | broken | lock_timeout | alter role provisioner set lock_timeout = '500ms';
          alter table public.user_settings drop constraint user_settings_pkey | settings | broken | public.user_settings has no unique key | alter table public.user_settings add unique (user_id);
          alter table public.user_settings add column theme text not null | settings | warning | public.user_settings requires values for theme | alter table public.user_settings alter column theme drop not null;
          create or replace view provisioning.user_assistant as select distinct user_id, vapi_assistant_id from public.user_settings | settings | broken | cannot be written to | drop view provisioning.user_assistant;
          drop view provisioning.user_assistant; alter table public.user_settings alter column vapi_assistant_id type uuid using null; create view provisioning.user_assistant as select user_id, vapi_assistant_id from public.user_settings; alter view provisioning.user_assistant owner to postgres; grant select, insert, update on provisioning.user_assistant to provisioner | settings | broken | is not of type text | alter column vapi_assistant_id type text;
          drop trigger vapi_provisioner_user_verified on auth.users | triggers | broken | vapi_provisioner_user_verified on auth.users is missing | 000500_enqueue
          drop trigger vapi_provisioner_user_imported on auth.users | triggers | broken | vapi_provisioner_user_imported on auth.users is missing | 000500_enqueue
          drop trigger vapi_provisioner_user_deleted on auth.users | triggers | broken | vapi_provisioner_user_deleted on auth.users is missing | 000400_departed
          drop trigger vapi_provisioner_user_soft_deleted on auth.users | triggers | broken | vapi_provisioner_user_soft_deleted on auth.users is missing | 000400_departed
          drop trigger vapi_provisioner_provision_deleted on public.pending_vapi_provision | triggers | broken | vapi_provisioner_provision_deleted | 000400_departed
          drop trigger vapi_provisioner_provision_enqueued on public.pending_vapi_provision | triggers | broken | no webhook rings | 000600_signed
          alter table auth.users disable trigger vapi_provisioner_user_verified | triggers | broken | is disabled: users who verify their e-mail are not enqueued | 000500_enqueue
          alter table public.pending_vapi_provision enable replica trigger vapi_provisioner_provision_enqueued | triggers | broken | is disabled: no webhook rings | 000600_signed
          delete from vault.secrets where name = 'provisioner_webhook_secret' | vault | warning | has no provisioner_webhook_secret | select vault.create_secret('the first of WEBHOOK_SECRETS', 'provisioner_webhook_secret');
          delete from vault.secrets where name = 'provisioner_url' | vault | warning | has no provisioner_url | select vault.create_secret('http://localhost:
          select vault.update_secret(id, 'whsec_b3RoZXItc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmc=') from vault.secrets where name = 'provisioner_webhook_secret' | vault | broken | webhook secret mismatch | select vault.update_secret(
          select vault.update_secret(id, 'whsec_not base64!') from vault.secrets where name = 'provisioner_webhook_secret' | vault | broken | is not whsec_ and base64 | select vault.update_secret(
          select vault.update_secret(id, 'whsec_') from vault.secrets where name = 'provisioner_webhook_secret' | vault | broken | is not whsec_ and base64 | select vault.update_secret(
          select vault.update_secret(id, 'https://elsewhere.example.org') from vault.secrets where name = 'provisioner_url' | vault | warning | is not PUBLIC_URL | select vault.update_secret(
          """)
  void remedyMendsWhatIsNamed(
      String breaking, String check, String status, String message, String remedy) {
    clinic.world.sql(breaking);

    Examination sick = clinic.examine("--json");

    JsonNode line = sick.line(check, message);
    assertThat(line.path("status").asText()).isEqualTo(status);
    assertThat(line.path("remedy").asText()).contains(remedy);
    assertThat(sick.exit()).isEqualTo(status.equals("broken") ? 2 : 1);
    assertThat(sick.checks("broken").equals(List.of(check)))
        .as(sick.out())
        .isEqualTo(status.equals("broken"));
    clinic.follow(line.path("remedy").asText());
    Examination mended = clinic.examine("--json");
    assertThat(mended.exit()).as(mended.out()).isZero();
  }

  @Test
  void newerSecretMayBeAddedBeforeTheVaultHasIt() {
    Examination rotating =
        clinic.examine(
            Map.of(
                "WEBHOOK_SECRETS",
                "whsec_bmV3ZXItc2VjcmV0LW9mLTMyLWJ5dGVzLWxvbmchIQ==," + World.WEBHOOK_SECRET),
            "--json");

    assertThat(rotating.line("vault", "number 2 of the 2").path("status").asText()).isEqualTo("ok");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          401 | invalid-signature    | -                                | signed with another secret
          401 | signature-expired    | -                                | the clocks differ
          401 | unauthenticated      | -                                | has no good token
          403 | insufficient-scope   | -                                | has no good token
          404 | provision-not-found  | -                                | another database
          422 | wrong-table          | -                                | on another table
          503 | database-unavailable | -                                | wait for the sweep
          500 | internal-error       | -                                | (internal-error)
          404 | -                    | -                                | lost webhooks: 1 requests of pg_net were answered 404
          502 | -                    | -                                | lost webhooks: 1 requests of pg_net were answered 502
          -   | -                    | Couldn't connect to server       | lost webhooks: 1 requests of pg_net had no answer within the hour: Couldn't connect
          -   | -                    | timed out                        | lost webhooks: 1 requests of pg_net had no answer within the hour: timed out
          """)
  void failedDeliveryIsExplained(
      @Nullable Integer status, @Nullable String problem, @Nullable String error, String message) {
    clinic.world.sql(
        """
        insert into net._http_response (id, status_code, content, timed_out, error_msg)
        values (1, ?, ?, ?, ?)\
        """,
        status,
        problem == null
            ? "<html>ada@example.com</html>"
            : "{\"type\": \"urn:vapi-provisioner:problem:" + problem + "\"}",
        "timed out".equals(error),
        error);
    try {
      Examination sick = clinic.examine("--json");

      JsonNode line = sick.line("deliveries", message);
      assertThat(line.path("status").asText()).isEqualTo("warning");
      assertThat(line.path("remedy").asText()).isNotEmpty();
      assertThat(sick.exit()).isEqualTo(1);
    } finally {
      clinic.world.sql("delete from net._http_response");
    }
    assertThat(clinic.examine().exit()).isZero();
  }

  /**
   * Else whoever may ask for a proof could have webhooks signed: as it stands, or with an id that
   * begins with whatever label is put before a challenge.
   */
  @ParameterizedTest
  @ValueSource(strings = {"", "vapi-provisioner check_secret", "check_secret", "msg_"})
  void proofOfTheSecretIsNoSignature(String label) {
    String seconds = Long.toString(Instant.now().getEpochSecond());
    String body = World.announcement(UUID.randomUUID());
    Signatures service =
        new Signatures(List.of(new Secret(World.WEBHOOK_SECRET)), InstantSource.system());

    for (String challenge :
        List.of("x.%s.%s".formatted(seconds, body), ".%s.%s".formatted(seconds, body), body)) {
      String proof =
          clinic.world.as("provisioner", "select provisioning.check_secret(?)", challenge);

      assertThat(proof).hasSize(64);
      String signature =
          "v1,"
              + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(String.valueOf(proof)));
      for (String id : List.of(label + "x", label + "-", label + " x", label + ": x")) {
        assertThat(
                service.verify(
                    new Signatures.Headers(id, seconds, signature), body.getBytes(UTF_8)))
            .isEqualTo(Verdict.NO_MATCH);
      }
    }
  }

  @Test
  void examinationChangesNothing() {
    String before = clinic.world.dump();
    int calls = clinic.world.vapi.calls().size();

    clinic.examine("--canary");

    assertThat(clinic.world.dump()).isEqualTo(before);
    assertThat(clinic.world.vapi.calls().subList(calls, clinic.world.vapi.calls().size()))
        .singleElement()
        .satisfies(call -> assertThat(call.query()).isEqualTo("limit=1"));
    assertThat(clinic.world.vapi.created()).isZero();
  }
}
