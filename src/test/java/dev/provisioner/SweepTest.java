package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nobody calls, and everybody gets an assistant all the same. */
@ExtendWith(SharedSupabase.class)
class SweepTest {
  private static final Duration A_MINUTE = Duration.ofSeconds(61);

  private final World world;

  SweepTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("RECONCILE_INTERVAL", "1s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void dueRowIsProvisionedByItself() {
    Person person = world.person();
    world.elapse(A_MINUTE);

    world.start();

    eventually("the sweep comes by", () -> world.row(person).status().equals("processed"));
    assertThat(world.inUse(person)).isNotNull();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void sweepOutlivesADatabaseThatIsAway() {
    Person person = world.person();
    world.elapse(A_MINUTE);
    world.wire.cut();
    world.start();
    eventually("it is noticed", () -> world.get("/readyz").status() == 503);

    world.wire.restore();

    eventually("the sweep comes by", () -> world.row(person).status().equals("processed"));
  }

  @Test
  void verifiedUserWhoseRowIsMissingGetsOneUnlessFromBeforeTheInstallation() {
    Person oldTimer = world.person();
    world.sql("update provisioning.installation set installed_at = now()");
    Person swallowed = world.person();
    world.sql("delete from public.pending_vapi_provision");

    world.start();

    eventually("the user is enqueued", () -> rows(swallowed) == 1);
    assertThat(rows(oldTimer)).isZero();
    world.elapse(A_MINUTE);
    eventually("and provisioned", () -> world.inUse(swallowed) != null);
    assertThat(world.inUse(oldTimer)).isNull();
    assertThat(world.vapi.creates()).isEqualTo(1);
  }

  @Test
  void nobodyWhoHasAnAssistantIsEnqueuedAgain() {
    Person provided = world.person();
    world.sql(
        "insert into public.user_settings (user_id, vapi_assistant_id) values (?, 'the-apps-own')",
        provided.user());
    Person swallowed = world.person();
    world.sql("delete from public.pending_vapi_provision");

    world.start();

    eventually("the other is enqueued", () -> rows(swallowed) == 1);
    assertThat(rows(provided)).isZero();
  }

  private int rows(Person person) {
    return world.count(
        "select count(*) from public.pending_vapi_provision where user_id = ?", person.user());
  }
}
