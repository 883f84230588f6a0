package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What Supabase's auth server does to a user, as its own role and in its own statements, and what
 * that means for their assistant: the README's table, line by line.
 */
@ExtendWith(SharedSupabase.class)
class UserEventsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String AUTH = "supabase_auth_admin";

  private final World world;

  UserEventsTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void authServerHasNoRightsOfOurs() {
    assertThat(
            world.query(
                """
                select string_agg(distinct c.oid::regclass::text, ', ')
                  from pg_class c
                 where (c.relnamespace = 'provisioning'::regnamespace
                        or c.oid in ('public.pending_vapi_provision'::regclass, 'public.user_settings'::regclass))
                   and c.relkind in ('r', 'v')
                   and has_table_privilege('supabase_auth_admin', c.oid, 'select, insert, update, delete')\
                """))
        .isNull();
    assertThat(
            world.text(
                "select has_schema_privilege('supabase_auth_admin', 'provisioning', 'usage')"))
        .isEqualTo("f");
  }

  @Test
  void newAddressBeforeProvisioningChangesNothing() {
    Person person = world.person("old@example.com", "Ada");
    changeAddress(person, "new@example.com");

    assertThat(rows(person.user())).isEqualTo(1);
    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void newAddressDuringTheCreateChangesNothing() throws Exception {
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    changeAddress(person, "new@example.com");
    hold.release();

    assertThat(ring.get().field("outcome")).isEqualTo("created");
    assertOneAssistant(person);
  }

  @Test
  void newAddressAfterwardsChangesNothing() {
    Person person = world.provisioned();
    String assistant = world.inUse(person);
    changeAddress(person, "new@example.com");
    world.elapse(Duration.ofMinutes(11));
    world.reconcile();

    assertThat(rows(person.user())).isEqualTo(1);
    assertThat(world.inUse(person)).isEqualTo(assistant);
    assertOneAssistant(person);
  }

  @Test
  void userUnverifiedWhileTheyWaitIsProvisionedOnce() {
    Person person = world.person();
    update(person.user(), "email_confirmed_at = null");
    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
    update(person.user(), "email_confirmed_at = now()");

    Person again = new Person(person.user(), world.provisionOf(person.user()));
    assertThat(world.ring(again).field("outcome")).isEqualTo("already_provisioned");
    assertOneAssistant(person);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anonymousUserWhoGetsAnAddressIsProvisionedOnce(boolean inOneUpdate) {
    UUID user = insert("is_anonymous", "true");
    assertThat(rows(user)).isZero();
    world.reconcile();
    assertThat(rows(user)).isZero();

    if (inOneUpdate) {
      update(user, "email = 'ada@example.com', email_confirmed_at = now(), is_anonymous = false");
    } else {
      update(user, "email = 'ada@example.com'");
      assertThat(rows(user)).isZero();
      update(user, "email_confirmed_at = now(), is_anonymous = false");
    }

    assertThat(provisioned(user).field("outcome")).isEqualTo("created");
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  /** As linkIdentity may do it: confirmed before there is anything that could be. */
  @Test
  void addressThatComesAfterItsConfirmationIsFoundByTheSweep() {
    UUID user = insert("is_anonymous, email_confirmed_at", "true, now()");
    assertThat(rows(user)).isZero();
    update(user, "email = 'ada@example.com', is_anonymous = false");

    world.reconcile();

    assertThat(provisioned(user).field("outcome")).isEqualTo("created");
  }

  @Test
  void importedVerifiedUserIsProvisionedAndAnUnverifiedOneWaits() {
    UUID verified = insert("email, email_confirmed_at", "'a@example.com', now()");
    UUID unverified = insert("email", "'b@example.com'");

    assertThat(provisioned(verified).field("outcome")).isEqualTo("created");
    assertThat(rows(unverified)).isZero();
    update(unverified, "email_confirmed_at = now()");
    assertThat(provisioned(unverified).field("outcome")).isEqualTo("created");
  }

  @ParameterizedTest
  @ValueSource(strings = {"full_name", "name"})
  void userOfAnOauthProviderIsProvisionedUnderTheirName(String field) {
    UUID user = UUID.randomUUID();
    world.as(
        AUTH,
        """
        do $$
        begin
          insert into auth.users (id, email, raw_user_meta_data)
          values ('%1$s', 'ada@example.com', '{"%2$s": "Ada Lovelace", "iss": "https://accounts.google.com"}');
          update auth.users set email_confirmed_at = now() where id = '%1$s';
          update auth.users set last_sign_in_at = now() where id = '%1$s';
        end $$\
        """
            .formatted(user, field));

    assertThat(world.text("select display_name from public.pending_vapi_provision"))
        .isEqualTo("Ada Lovelace");
    assertThat(provisioned(user).field("outcome")).isEqualTo("created");
  }

  @Test
  void userOfAPhoneAloneGetsNoneUntilTheyVerifyAnAddress() {
    UUID user = insert("phone, phone_confirmed_at", "'41790000000', now()");
    world.reconcile();
    assertThat(rows(user)).isZero();

    update(user, "email = 'ada@example.com', email_confirmed_at = now()");

    assertThat(provisioned(user).field("outcome")).isEqualTo("created");
  }

  @Test
  void ssoUsersOfTheSameAddressAreEachAUser() {
    UUID one = insert("email, email_confirmed_at, is_sso_user", "'ada@example.com', now(), true");
    UUID two = insert("email, email_confirmed_at, is_sso_user", "'ada@example.com', now(), true");

    assertThat(provisioned(one).field("outcome")).isEqualTo("created");
    assertThat(provisioned(two).field("outcome")).isEqualTo("created");
    assertThat(world.vapi.creates()).isEqualTo(2);
  }

  @Test
  void assistantThatTheAppMakesDuringOursIsKeptAndOursRemoved() throws Exception {
    Person person = world.person();
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);
    String theirs = world.vapi.seed(Map.of("made_by", "the app"), Instant.now()).id();
    world.use(person, theirs);
    hold.release();

    assertThat(ring.get().field("outcome")).isEqualTo("already_provisioned");
    assertThat(world.inUse(person)).isEqualTo(theirs);
    world.elapse(Duration.ofHours(3));
    world.reconcile();
    assertThat(world.vapi.assistants()).extracting(SimulatedAssistant::id).containsExactly(theirs);
  }

  @Test
  void userWhoComesBackUnderTheSameAddressIsANewOne() {
    Person before = world.person("ada@example.com", "Ada");
    world.ring(before);
    String first = world.inUse(before);
    world.delete(before);
    Person after = world.person("ada@example.com", "Ada");
    assertThat(world.ring(after).field("outcome")).isEqualTo("created");
    world.reconcile();

    assertThat(world.vapi.assistants())
        .extracting(SimulatedAssistant::id)
        .containsExactly(world.inUse(after))
        .doesNotContain(first);
  }

  @Test
  void userWhoseIdTheAppClearsGetsAnotherByTheSweep() {
    Person person = world.provisioned();
    world.use(person, null);
    world.elapse(Duration.ofMinutes(11));
    world.reconcile();

    assertThat(provisioned(person.user()).field("outcome")).isEqualTo("created");
    assertThat(world.audit().json().toString()).contains("orphans");
    assertThat(world.vapi.assistants()).hasSize(2);
  }

  @Test
  void softDeletedUserIsDeletedForUs() {
    Person person = world.provisioned();

    softDelete(person);
    assertThat(rows(person.user())).as("nothing personal is left").isZero();
    assertThat(world.inUse(person)).isNull();
    world.reconcile();
    world.elapse(Duration.ofHours(3));
    world.reconcile();

    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(rows(person.user())).isZero();
    assertThat(world.count("select count(*) from provisioning.departed")).isZero();
    update(person.user(), "email_confirmed_at = null");
    update(person.user(), "email_confirmed_at = now()");
    assertThat(rows(person.user())).isZero();
  }

  @Test
  void softDeletionDuringTheCreateLeavesNoAssistant() throws Exception {
    Person person = world.person();
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    Future<Answer> ring = world.ringInBackground(person);
    hold.awaitArrived(PATIENCE);

    softDelete(person);
    hold.release();

    assertThat(ring.get().status()).isEqualTo(202);
    world.elapse(Duration.ofHours(3));
    world.reconcile();
    assertThat(world.vapi.assistants()).isEmpty();
    assertThat(world.inUse(person)).isNull();
  }

  @Test
  void softDeletedUserKeepsWhatTheAppMade() {
    SimulatedAssistant theirs = world.vapi.seed(Map.of("made_by", "the app"), Instant.now());
    Person person = world.person();
    world.use(person, theirs.id());
    world.ring(person);

    softDelete(person);
    world.reconcile();

    assertThat(world.inUse(person)).isEqualTo(theirs.id());
    assertThat(world.vapi.assistants()).hasSize(1);
  }

  @Test
  void softDeletionIsNeverRefused() throws Exception {
    Person person = world.provisioned();

    Session.during(
        world.database,
        "lock table public.pending_vapi_provision in access exclusive mode",
        () -> {
          softDelete(person);
          return true;
        });

    assertThat(world.text("select deleted_at is not null from auth.users")).isEqualTo("t");
    assertThat(rows(person.user())).as("as its warning says").isEqualTo(1);
    world.sql("delete from public.pending_vapi_provision");
    world.reconcile();
    assertThat(world.vapi.assistants()).isEmpty();
  }

  private Answer provisioned(UUID user) {
    assertThat(rows(user)).isPositive();
    return world.ring(new Person(user, world.provisionOf(user)));
  }

  private void assertOneAssistant(Person person) {
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.vapi.assistants())
        .extracting(SimulatedAssistant::id)
        .containsExactly(String.valueOf(world.inUse(person)));
  }

  private void changeAddress(Person person, String email) {
    update(person.user(), "email = '" + email + "', updated_at = now()");
  }

  /** What {@code auth.admin.deleteUser(id, true)} writes. */
  private void softDelete(Person person) {
    update(
        person.user(),
        """
        email = encode(sha256(convert_to(email, 'UTF8')), 'base64'), phone = '', encrypted_password = '',
        raw_user_meta_data = '{}', raw_app_meta_data = '{}', deleted_at = now(), updated_at = now()\
        """);
  }

  private UUID insert(String columns, String values) {
    UUID user = UUID.randomUUID();
    world.as(AUTH, "insert into auth.users (id, " + columns + ") values (?, " + values + ")", user);
    return user;
  }

  private void update(UUID user, String changes) {
    world.as(AUTH, "update auth.users set " + changes + " where id = ?", user);
  }

  private int rows(UUID user) {
    return world.count(
        "select count(*) from public.pending_vapi_provision where user_id = ?", user);
  }
}
