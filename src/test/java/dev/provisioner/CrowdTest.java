package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.provision.Doorbell;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** More webhooks at once than may wait for a slot. */
@ExtendWith(SharedSupabase.class)
class CrowdTest {
  private static final int BEYOND = 20;

  private final World world;

  CrowdTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_CONCURRENCY", "1").with("ACK_TIMEOUT", "10s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void thoseBeyondWhoMayWaitAreAnsweredAtOnceAndProvisionedLater() throws Exception {
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().next(hold);
    world.start();
    List<Person> people = world.people(1 + Doorbell.MOST_WAITING + BEYOND);

    List<Future<Answer>> answers = new ArrayList<>();
    people.forEach(each -> answers.add(world.ringInBackground(each)));

    eventually("those beyond are answered", () -> done(answers).size() == BEYOND);
    for (Future<Answer> each : done(answers)) {
      assertThat(each.get().status()).as("%s", each.get()).isEqualTo(202);
    }
    hold.release();
    for (Future<Answer> each : answers) {
      assertThat(each.get().status()).as("%s", each.get()).isIn(200, 202);
    }
    world.sql(
        "update public.pending_vapi_provision set next_attempt_at = now()"
            + " where status = 'pending'");
    eventually(
        "all are provisioned",
        Duration.ofSeconds(30),
        () -> {
          world.reconcile();
          return people.stream().allMatch(each -> world.row(each).status().equals("processed"));
        });
    assertThat(world.vapi.creates()).isEqualTo(people.size());
  }

  private static List<Future<Answer>> done(List<Future<Answer>> answers) {
    return answers.stream().filter(Future::isDone).toList();
  }
}
