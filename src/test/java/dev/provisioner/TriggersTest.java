package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Who is enqueued, and that nobody's sign-up ever fails or waits for long because of us. */
@ExtendWith(SharedSupabase.class)
class TriggersTest {
  /** The triggers wait for locks for half a second at most; the rest is for slow machines. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private final World world;

  TriggersTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void verifyingMakesOnePendingRow() {
    UUID user = world.database.signUp("ada@example.com", "Ada Lovelace");
    assertThat(rows(user)).isZero();

    world.database.confirm(user);

    assertThat(rows(user)).isEqualTo(1);
    assertThat(
            world.text(
                "select status || ' ' || attempts || ' ' || email || ' ' || display_name from public.pending_vapi_provision"))
        .isEqualTo("pending 0 ada@example.com Ada Lovelace");
    assertThat(world.text("select next_attempt_at - created_at from public.pending_vapi_provision"))
        .isEqualTo("00:01:00");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      nullValues = "-",
      textBlock =
          """
          {"full_name": "Ada", "name": "Countess"}   | Ada
          {"name": "Countess"}                       | Countess
          {"full_name": "  ", "name": " Countess "}  | Countess
          {"full_name": null, "name": "Countess"}    | Countess
          {"full_name": "", "name": ""}              | -
          {"full_name": {"first": "Ada"}}            | {"first": "Ada"}
          {}                                         | -
          []                                         | -
          "text"                                     | -
          null                                       | -
          -                                          | -
          """)
  void displayNameIsWhatTheUserCallsThemself(@Nullable String meta, @Nullable String name) {
    UUID user = imported("ada@example.com", meta, "null");
    world.database.confirm(user);

    assertThat(rows(user)).isEqualTo(1);
    assertThat(world.query("select display_name from public.pending_vapi_provision"))
        .isEqualTo(name);
  }

  @Test
  void longNameIsCut() {
    UUID user = world.database.signUp("ada@example.com", "ä".repeat(5000));
    world.database.confirm(user);

    assertThat(world.text("select display_name from public.pending_vapi_provision")).hasSize(200);
  }

  @Test
  void signUpThatIsConfirmedInTheSameTransactionIsEnqueuedOnce() {
    world.as(
        "supabase_auth_admin",
        """
        do $$
        begin
          insert into auth.users (id, email, raw_user_meta_data)
          values ('11111111-1111-1111-1111-111111111111', 'ada@example.com', '{"full_name": "Ada"}');
          update auth.users set email_confirmed_at = now();
          update auth.users set last_sign_in_at = now(), email_confirmed_at = now();
        end $$\
        """);

    assertThat(world.count("select count(*) from public.pending_vapi_provision")).isEqualTo(1);
  }

  @Test
  void importedUserWhoIsVerifiedAlreadyIsEnqueued() {
    UUID user = imported("ada@example.com", "{\"name\": \"Ada\"}", "now()");

    assertThat(rows(user)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      value = {"-", "''"},
      nullValues = "-")
  void userWithoutAnAddressIsNotEnqueued(@Nullable String email) {
    UUID user = imported(email, "{}", "now()");
    assertThat(rows(user)).isZero();
    assertThat(enqueueMissing()).isZero();
  }

  @Test
  void anonymousUserIsEnqueuedOnceTheyHaveVerifiedAnAddress() {
    UUID user = imported(null, "{}", "null");
    assertThat(rows(user)).isZero();

    world.as(
        "supabase_auth_admin",
        "update auth.users set email = 'ada@example.com', email_confirmed_at = now()");

    assertThat(rows(user)).isEqualTo(1);
  }

  @Test
  void userVerifiedTwiceHasOneOpenRow() {
    Person person = world.person();
    unverify(person.user());
    world.database.confirm(person.user());

    assertThat(rows(person.user())).isEqualTo(1);
  }

  @Test
  void userVerifiedAgainAfterwardsKeepsTheirAssistant() {
    world.start();
    Person person = world.person();
    world.ring(person);
    unverify(person.user());
    world.database.confirm(person.user());

    Person again = new Person(person.user(), world.provisionOf(person.user()));
    assertThat(again.provision()).isNotEqualTo(person.provision());
    assertThat(world.ring(again).field("outcome")).isEqualTo("already_provisioned");
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  /** What may be wrong with us, each with what mends it. */
  enum Trouble {
    QUEUE_RENAMED_AWAY(
        "alter table public.pending_vapi_provision rename to away",
        "alter table public.away rename to pending_vapi_provision"),
    QUEUE_HAS_ANOTHER_COLUMN(
        "alter table public.pending_vapi_provision add column theirs text not null",
        "alter table public.pending_vapi_provision drop column theirs"),
    QUEUE_REFUSES_THE_ROW(
        "alter table public.pending_vapi_provision add constraint theirs check (email = '')",
        "alter table public.pending_vapi_provision drop constraint theirs"),
    SCHEMA_RENAMED_AWAY(
        "alter schema provisioning rename to away", "alter schema away rename to provisioning");

    private final String trouble;
    private final String remedy;

    Trouble(String trouble, String remedy) {
      this.trouble = trouble;
      this.remedy = remedy;
    }
  }

  @ParameterizedTest
  @EnumSource
  void signUpSucceedsWhateverIsWrongWithUsAndIsEnqueuedLater(Trouble its) {
    UUID before = world.database.signUp("before@example.com", "Before");
    world.sql(its.trouble);

    world.database.confirm(before);
    UUID meanwhile = world.database.signUp("meanwhile@example.com", "Meanwhile");
    world.database.confirm(meanwhile);
    world.sql(its.remedy);

    assertThat(rows(before) + rows(meanwhile)).isZero();
    assertThat(enqueueMissing()).isEqualTo(2);
    assertThat(rows(before)).isEqualTo(1);
    assertThat(rows(meanwhile)).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"access exclusive", "share row exclusive"})
  void signUpDoesNotWaitForALockedQueue(String mode) throws Exception {
    UUID user = world.database.signUp("ada@example.com", "Ada");
    Duration wait =
        Session.during(
            world.database,
            "lock table public.pending_vapi_provision in " + mode + " mode",
            () -> {
              long begin = System.nanoTime();
              world.database.confirm(user);
              return Duration.ofNanos(System.nanoTime() - begin);
            });

    assertThat(wait).isLessThan(SOON);
    assertThat(rows(user)).isZero();
    assertThat(enqueueMissing()).isEqualTo(1);
  }

  /** What may be wrong with the bell alone: the row is there, and waits for reconcile. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          drop function net.http_post
          drop schema net cascade
          drop view vault.decrypted_secrets
          drop schema vault cascade
          alter function extensions.hmac(bytea, bytea, text) rename to away
          update vault.secrets set secret = encode('whsec_&&&', 'base64') where name = 'provisioner_webhook_secret'
          update vault.secrets set secret = encode('no secret at all', 'base64') where name = 'provisioner_webhook_secret'
          update vault.secrets set secret = 'unreadable'
          delete from vault.secrets where name = 'provisioner_url'
          delete from vault.secrets where name = 'provisioner_webhook_secret'
          delete from vault.secrets
          """)
  void brokenBellCostsNoRow(String trouble) {
    world.database.createVaultSecret("provisioner_url", "http://localhost:1");
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    world.sql(trouble);

    UUID user = world.database.signUp("ada@example.com", "Ada");
    world.database.confirm(user);

    assertThat(rows(user)).isEqualTo(1);
    if (world.query("select to_regclass('net.http_request_queue')") != null) {
      assertThat(world.count("select count(*) from net.http_request_queue")).isZero();
    }
  }

  private UUID imported(@Nullable String email, @Nullable String meta, String confirmedAt) {
    UUID user = UUID.randomUUID();
    world.as(
        "supabase_auth_admin",
        "insert into auth.users (id, email, raw_user_meta_data, email_confirmed_at) values (?, ?, ?::jsonb, "
            + confirmedAt
            + ")",
        user,
        email,
        meta);
    return user;
  }

  private void unverify(UUID user) {
    world.as(
        "supabase_auth_admin",
        "update auth.users set email_confirmed_at = null where id = ?",
        user);
  }

  private int rows(UUID user) {
    return world.count(
        "select count(*) from public.pending_vapi_provision where user_id = ?", user);
  }

  private int enqueueMissing() {
    return Integer.parseInt(
        String.valueOf(world.as("provisioner", "select provisioning.enqueue_missing()")));
  }
}
