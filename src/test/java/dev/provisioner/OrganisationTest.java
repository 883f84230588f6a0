package dev.provisioner;

import static dev.provisioner.AuditTest.counts;
import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.provision.Organisation;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** The Vapi organisation is remembered at first contact; another one is noticed. */
@ExtendWith(SharedSupabase.class)
@Isolated("It reads what the whole process logs.")
class OrganisationTest {
  private static final String OTHER = "another-organisation";
  private static final Duration MORE_THAN_A_MINUTE = Duration.ofSeconds(61);

  private final World world;

  OrganisationTest(SupabaseServer supabase) {
    world = World.empty(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void firstCreatePinsIt() {
    world.start();
    assertThat(pinned()).isNull();

    world.ring(world.person());

    eventually("it is pinned", () -> organisation().equals(pinned()));
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  @Test
  void whatIsPinnedStaysPinned() {
    pin(OTHER);
    world.start();

    world.ring(world.person());

    eventually("it is noticed", () -> degraded() != null);
    assertThat(pinned()).isEqualTo(OTHER);
  }

  @Test
  void anotherOneIsSaidOnceAndProvisioningGoesOn() {
    Logger logger = (Logger) LoggerFactory.getLogger(Organisation.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.ERROR);
    logger.setAdditive(false);
    try {
      pin(OTHER);
      world.start();

      Person person = world.person();
      assertThat(world.ring(person).field("outcome")).isEqualTo("created");
      eventually("it is noticed", () -> degraded() != null);
      world.elapseMonotonically(MORE_THAN_A_MINUTE);
      assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
      world.audit();

      assertThat(degraded())
          .contains(OTHER, organisation(), "VAPI_API_KEY", "organisation = null")
          .doesNotContain(World.API_KEY);
      assertThat(world.get("/readyz").status()).isEqualTo(200);
      assertThat(List.copyOf(log.list))
          .singleElement()
          .satisfies(each ->
              assertThat(each.getFormattedMessage())
                  .contains(OTHER, organisation())
                  .doesNotContain("@", World.API_KEY));
    } finally {
      logger.setLevel(null);
      logger.setAdditive(true);
      logger.detachAppender(log);
    }
  }

  @Test
  void otherOrganisationIsNotAudited() {
    world.start();
    Person person = world.person();
    world.ring(person);
    eventually("it is pinned", () -> pinned() != null);
    pin(OTHER);
    world.vapi.deleteByHand(String.valueOf(world.inUse(person)));
    Person other = world.person();
    world.ring(other);
    String before = world.dump();

    Answer report = world.audit();
    Answer applied = world.applyAudit();

    for (Answer each : List.of(report, applied)) {
      assertThat(each.status()).as("%s", each).isEqualTo(409);
      assertThat(each.field("type")).endsWith(":other-organisation");
      assertThat(each.field("detail")).contains(OTHER, organisation());
    }
    assertThat(world.dump()).isEqualTo(before);
  }

  /** An empty account does not say whose it is; to it, everything looks gone. */
  @Test
  void accountThatDoesNotShowWhichItIsIsNotAudited() {
    Service first = world.start();
    Person person = world.person();
    world.ring(person);
    eventually("it is pinned", () -> pinned() != null);
    world.vapi.deleteByHand(String.valueOf(world.inUse(person)));
    String before = world.dump();
    Service second = world.start();

    Answer blind = world.audit(second);

    assertThat(blind.status()).as("%s", blind).isEqualTo(409);
    assertThat(blind.field("type")).endsWith(":other-organisation");
    assertThat(blind.field("detail")).contains("lists nothing at all", String.valueOf(pinned()));
    assertThat(world.dump()).isEqualTo(before);
    assertThat(counts(world.audit(first))).as("this one has seen it").containsEntry("dangling", 1);
  }

  @Test
  void moveThatIsMeantIsPinnedAnew() {
    pin(OTHER);
    world.start();
    world.ring(world.person());
    eventually("it is noticed", () -> degraded() != null);

    pin(null);
    world.elapseMonotonically(MORE_THAN_A_MINUTE);
    world.ring(world.person());

    eventually("it is well again", () -> degraded() == null);
    assertThat(pinned()).isEqualTo(organisation());
    assertThat(world.audit().field("organisation")).isEqualTo(organisation());
  }

  @Test
  void databaseThatCannotBeAskedAsideFailsNoProvision() {
    world.start();
    world.sql("revoke execute on function provisioning.pin_organisation(text) from provisioner");

    Person person = world.person();
    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
    world.vapi.onCreate().next(Fault.status(500));
    world.ring(world.person());

    assertThat(pinned()).isNull();
    world.sql("grant execute on function provisioning.pin_organisation(text) to provisioner");
    world.elapseMonotonically(MORE_THAN_A_MINUTE);
    world.ring(world.person());
    eventually("it is pinned after all", () -> organisation().equals(pinned()));
  }

  private String organisation() {
    return world.vapi.assistants().getFirst().json().path("orgId").asText();
  }

  private @Nullable String pinned() {
    return world.query("select organisation from provisioning.installation");
  }

  private void pin(@Nullable String organisation) {
    world.sql("update provisioning.installation set organisation = ?", organisation);
  }

  /** Why Vapi is not well; null when it is. */
  private @Nullable String degraded() {
    return world.get("/readyz").json().at("/checks/vapi/reason").textValue();
  }
}
