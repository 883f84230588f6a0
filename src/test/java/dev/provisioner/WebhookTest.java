package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The main job: a row is announced, and its user gets exactly one assistant. */
@ExtendWith(SharedSupabase.class)
class WebhookTest {
  private final World world;

  WebhookTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void freshRowIsProvisioned() {
    Person person = world.person();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    assertThat(answer.field("outcome")).isEqualTo("created");
    assertThat(answer.field("status")).isEqualTo("processed");
    assertThat(answer.field("user_id")).isEqualTo(person.user().toString());
    assertThat(answer.field("assistant_id")).isEqualTo(world.inUse(person));
    assertThat(world.vapi.assistants()).hasSize(1);
    assertThat(world.vapi.assistants().getFirst().id()).isEqualTo(world.inUse(person));
    assertThat(world.vapi.assistants().getFirst().metadata())
        .containsEntry("provision_id", person.provision().toString())
        .containsEntry("user_id", person.user().toString())
        .containsEntry("installation", world.text("select id from provisioning.installation"))
        .containsEntry("provisioned_by", "vapi-provisioner");
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).attempts()).isEqualTo(1);
    assertThat(world.row(person).inDoubt()).isFalse();
  }

  @Test
  void sameWebhookAgainAsksVapiNothing() {
    Person person = world.person();
    world.ring(person);
    int calls = world.vapi.calls().size();

    Answer again = world.ring(person);

    assertThat(again.status()).isEqualTo(200);
    assertThat(again.field("outcome")).isEqualTo("already_provisioned");
    assertThat(again.field("assistant_id")).isEqualTo(world.inUse(person));
    assertThat(world.vapi.calls()).hasSize(calls);
  }

  @Test
  void rowBeingWorkedOnIsLeftToItsHolder() {
    Person person = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'processing', claim_token = gen_random_uuid(),
               next_attempt_at = now() + interval '1 minute',
               unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'\
        """);
    String before = world.dump();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void backoffIsNotJumped() {
    Person person = world.person();
    world.sql(
        """
        update public.pending_vapi_provision
           set status = 'errored', attempts = 3, error_code = 'unreachable', error = 'once',
               next_attempt_at = now() + interval '30 seconds'\
        """);
    String before = world.dump();

    Answer answer = world.ring(person);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertThat(world.dump()).isEqualTo(before);
    assertThat(world.vapi.calls()).isEmpty();
    world.elapse(Duration.ofSeconds(31));
    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
  }

  @Test
  void hundredCopiesAtOnceMakeOneAssistant() throws Exception {
    Person person = world.person();

    List<Future<Answer>> answers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      answers.add(world.ringInBackground(person));
    }

    for (Future<Answer> each : answers) {
      assertThat(each.get().status()).isIn(200, 202);
    }
    assertThat(world.vapi.creates()).isEqualTo(1);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(person).inDoubt()).isFalse();
  }
}
