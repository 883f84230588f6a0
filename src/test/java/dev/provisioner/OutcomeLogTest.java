package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** What whoever reads the log learns of an attempt. */
@ExtendWith(SharedSupabase.class)
@Isolated("It reads what the whole process logs.")
class OutcomeLogTest {
  private static final Logger OURS = (Logger) LoggerFactory.getLogger("dev.provisioner");

  private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> listener =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          event.getMDCPropertyMap(); // it belongs to this thread
          events.add(event);
        }
      };
  private final World world;

  OutcomeLogTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @BeforeEach
  void listen() {
    listener.start();
    OURS.addAppender(listener);
  }

  @AfterEach
  void end() {
    OURS.detachAppender(listener);
    world.close();
  }

  @Test
  void successIsOneLineWithItsFigures() {
    Person person = world.person();

    world.ring(person);

    Map<String, Object> fields = onlyOutcome();
    assertThat(fields)
        .containsOnlyKeys("provision_id", "user_id", "outcome", "attempt", "vapi_ms", "total_ms")
        .containsEntry("provision_id", person.provision())
        .containsEntry("user_id", person.user())
        .containsEntry("outcome", "created")
        .containsEntry("attempt", 1);
    assertThat((Long) requireNonNull(fields.get("vapi_ms")))
        .isBetween(0L, (Long) requireNonNull(fields.get("total_ms")));
    assertThat(outcomes().getFirst().getLevel()).isEqualTo(Level.INFO);
    assertThat(outcomes().getFirst().getFormattedMessage())
        .startsWith(
            "Provision %s of user %s: created at attempt 1, in "
                .formatted(person.provision(), person.user()));
  }

  @Test
  void failureHasItsCauseAndWhatComesNext() {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.dropAfterApplying());

    world.ring(person);

    assertThat(onlyOutcome())
        .containsEntry("outcome", "errored")
        .containsEntry("error_code", "unknown_outcome")
        .hasEntrySatisfying("next", next -> assertThat(next.toString()).matches("in \\d+ s"));
    ILoggingEvent event = outcomes().getFirst();
    assertThat(event.getLevel()).isEqualTo(Level.WARN);
    assertThat(event.getFormattedMessage())
        .contains("errored (unknown_outcome) at attempt 1")
        .contains("the next attempt looks for it first. Due again in ");
  }

  @Test
  void workersLogUnderTheRequestThatMadeThemWork() {
    world.person();
    world.person();
    Answer ring = world.ring(world.person());
    Answer reconcile = world.reconcile("{\"user_ids\": [\"" + world.person().user() + "\"]}");
    world.send(
        world
            .signed(
                world.request("/reconcile"), "{\"user_ids\": [\"" + world.person().user() + "\"]}")
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async")
            .header("X-Request-Id", "asked-for-by-a-test"));

    eventually("all are logged", () -> outcomes().size() == 3);
    assertThat(outcomes().stream().map(each -> each.getMDCPropertyMap().get("request_id")))
        .containsExactly(id(ring), id(reconcile), "asked-for-by-a-test");
  }

  @Test
  void healthChecksAreNoNews() {
    for (int i = 0; i < 5; i++) {
      world.get("/healthz");
      world.get("/readyz");
    }

    assertThat(events).noneMatch(each -> each.getLevel().isGreaterOrEqual(Level.INFO));
  }

  private static String id(Answer answer) {
    return answer.response().headers().firstValue("X-Request-Id").orElseThrow();
  }

  private List<ILoggingEvent> outcomes() {
    return events.stream().filter(each -> fields(each).containsKey("outcome")).toList();
  }

  private Map<String, Object> onlyOutcome() {
    assertThat(outcomes()).hasSize(1);
    return fields(outcomes().getFirst());
  }

  private static Map<String, Object> fields(ILoggingEvent event) {
    Map<String, Object> fields = new TreeMap<>();
    if (event.getKeyValuePairs() != null) {
      event.getKeyValuePairs().forEach(each -> fields.put(each.key, each.value));
    }
    return fields;
  }
}
