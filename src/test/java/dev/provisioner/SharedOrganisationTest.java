package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Two installations in one Vapi organisation. The second is a clone of the first, as staging may
 * be: the ids of its rows are the same, and only the installation tells whose an assistant is.
 */
@ExtendWith(SharedSupabase.class)
class SharedOrganisationTest {
  private final World production;
  private final World staging;

  SharedOrganisationTest(SupabaseServer supabase) {
    production = World.serving(supabase);
    staging = production.staging(supabase);
    staging.start();
  }

  @AfterEach
  void end() {
    staging.close();
    production.close();
  }

  @Test
  void lostAnswerIsAdoptedByTheInstallationThatLostIt() {
    Person person = production.person();
    Person clone = cloneOf(person);
    production.vapi.onCreate().next(2, Fault.dropAfterApplying());
    assertThat(staging.ring(clone).status()).isEqualTo(202);
    assertThat(production.ring(person).status()).isEqualTo(202);

    elapse(Duration.ofSeconds(30));
    production.reconcile();
    staging.reconcile();

    assertThat(production.vapi.creates()).isEqualTo(2);
    assertThat(staging.inUse(clone)).isEqualTo(staging.vapi.assistants().getFirst().id());
    assertThat(production.inUse(person)).isEqualTo(production.vapi.assistants().getLast().id());
    assertThat(production.vapi.deleted()).isEmpty();
  }

  @Test
  void lostAnswerElsewhereIsNotAdoptedHere() {
    Person person = production.person();
    Person clone = cloneOf(person);
    production.vapi.onCreate().next(Fault.dropAfterApplying());
    production.ring(person);
    staging.doubt(clone);

    assertThat(staging.reconcile().number("created")).isEqualTo(1);

    assertThat(staging.inUse(clone)).isEqualTo(staging.vapi.assistants().getLast().id());
    assertThat(staging.vapi.creates()).isEqualTo(2);
  }

  @Test
  void looksDeleteOnlyTheirOwn() {
    Person person = production.person();
    Person clone = cloneOf(person);
    production.doubt(person);
    staging.doubt(clone);
    String left = production.vapi.seed(production.marks(person), ago(50)).id();
    String right = staging.vapi.seed(staging.marks(clone), ago(50)).id();
    String spareLeft = production.vapi.seed(production.marks(person), ago(40)).id();
    String spareRight = staging.vapi.seed(staging.marks(clone), ago(40)).id();
    production.reconcile();
    staging.reconcile();
    assertThat(production.inUse(person)).isEqualTo(left);
    assertThat(staging.inUse(clone)).isEqualTo(right);
    assertThat(production.vapi.deleted()).isEmpty();

    elapse(Duration.ofSeconds(3));
    production.reconcile();
    assertThat(production.vapi.deleted()).containsExactly(spareLeft);
    staging.reconcile();
    assertThat(production.vapi.deleted()).containsExactly(spareLeft, spareRight);

    elapse(Duration.ofHours(2));
    production.reconcile();
    staging.reconcile();
    assertThat(production.row(person).inDoubt()).isFalse();
    assertThat(staging.row(clone).inDoubt()).isFalse();
    assertThat(production.vapi.deleted()).hasSize(2);
    assertThat(production.vapi.creates()).isZero();
  }

  private Person cloneOf(Person person) {
    Person clone = staging.person();
    staging.sql(
        "update public.pending_vapi_provision set id = ? where id = ?",
        person.provision(),
        clone.provision());
    return new Person(clone.user(), person.provision());
  }

  /** Both databases, and their Vapi once. */
  private void elapse(Duration time) {
    production.elapse(time);
    staging.vapi.age(time.negated());
    staging.elapse(time);
  }

  private static Instant ago(long seconds) {
    return Instant.now().minusSeconds(seconds);
  }
}
