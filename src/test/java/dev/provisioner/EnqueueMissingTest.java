package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verified users whom no trigger has seen, found and enqueued. */
@ExtendWith(SharedSupabase.class)
class EnqueueMissingTest {
  private final World world;

  EnqueueMissingTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void noMoreAreEnqueuedThanAskedFor() {
    world.unseen(5, "now()");

    assertThat(enqueueMissing("2")).isEqualTo(2);
    assertThat(enqueueMissing("2")).isEqualTo(2);
    assertThat(enqueueMissing("2")).isEqualTo(1);
    assertThat(enqueueMissing("2")).isZero();
    assertThat(world.count("select count(distinct user_id) from public.pending_vapi_provision"))
        .isEqualTo(5);
  }

  @Test
  void usersVerifiedEarlierAreLeftToThePersonWhoAsks() {
    world.unseen(3, "now() - interval '1 year'");
    world.unseen(1, "now()");

    assertThat(enqueueMissing("1000, now() - interval '1 day'")).isEqualTo(1);
    assertThat(enqueueMissing("")).isEqualTo(3);
  }

  @Test
  void unverifiedUsersAreNotEnqueued() {
    world.database.signUp("ada@example.com", "Ada");

    assertThat(enqueueMissing("")).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "status = 'pending'",
        "status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now()",
        "status = 'errored'",
        "status = 'failed', next_attempt_at = null",
      })
  void userWithARowUnderWayOrFailedIsLeftAlone(String open) {
    Person person = world.person();
    world.sql(
        "update public.pending_vapi_provision set " + open + " where id = ?", person.provision());

    assertThat(enqueueMissing("")).isZero();
  }

  @Test
  void userWithAnAssistantIsLeftAlone() {
    UUID user = world.unseen(1, "now()");
    world.sql("insert into public.user_settings values (?, 'the app made it')", user);

    assertThat(enqueueMissing("")).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "''"})
  void userWhoseAssistantWasTakenAwayIsEnqueuedAgain(String none) {
    Person person = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processed', processed_at = now(), next_attempt_at = null\
        """);
    world.sql("insert into public.user_settings values (?, " + none + ")", person.user());

    assertThat(enqueueMissing("")).isEqualTo(1);
    assertThat(world.provisionOf(person.user())).isNotEqualTo(person.provision());
  }

  @Test
  void sweepFindsThemByItself() {
    world.start();
    UUID before = world.unseen(1, "now() - interval '1 day'");
    UUID user = world.unseen(1, "now()");

    assertThat(world.reconcile().status()).isEqualTo(200);
    world.elapse(Duration.ofMinutes(2));
    assertThat(world.reconcile().number("created")).isEqualTo(1);

    assertThat(world.inUse(new Person(user, world.provisionOf(user)))).isNotNull();
    assertThat(
            world.count(
                "select count(*) from public.pending_vapi_provision where user_id = ?", before))
        .isZero();
  }

  private int enqueueMissing(String arguments) {
    return Integer.parseInt(
        String.valueOf(
            world.as("provisioner", "select provisioning.enqueue_missing(" + arguments + ")")));
  }
}
