package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** From what goes wrong in a running service to the message in the chat, and back. */
@ExtendWith(SharedSupabase.class)
class AlertTest {
  private static final String EMAIL = "countess.ada@private.example";
  private static final String NAME = "Ada Augusta Lovelace";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final World world;
  private final MockWebServer chat = new MockWebServer();
  private final List<String> said = new CopyOnWriteArrayList<>();

  AlertTest(SupabaseServer supabase) throws IOException {
    chat.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            said.add(text(requireNonNull(request.getBody()).utf8()));
            return new MockResponse.Builder().body("ok").build();
          }
        });
    chat.start();
    world = World.empty(supabase).with("ALERT_WEBHOOK_URL", chat.url("/services/hush").toString());
  }

  @AfterEach
  void end() {
    world.close();
    chat.close();
    assertThat(String.join("\n", said))
        .doesNotContain("countess", "private.example", "@", "Lovelace")
        .doesNotContain(World.API_KEY, World.JWT_SECRET, "hush");
  }

  @Test
  void failedRowIsToldAndItsReprocessingToo() {
    world.start();
    Person ada = world.person(EMAIL, NAME);
    world
        .vapi
        .onCreate()
        .next(Fault.status(400, "{\"message\": [\"no " + NAME + " " + EMAIL + "\"]}"));
    world.ring(ada);
    world.elapse(Duration.ofSeconds(10));
    eventually("it is told", () -> said.size() == 1);
    assertThat(said.getFirst())
        .contains("row-failed", "1 row failed for good (1 rejected)")
        .contains("curl -sS --fail-with-body \"$URL/provisions?status=failed\"");

    assertThat(world.reconcile("{\"include_failed\": true}").number("created")).isEqualTo(1);
    world.elapse(Duration.ofMinutes(1));

    eventually("its end is told", () -> said.size() == 2);
    assertThat(said.getLast()).contains("row-failed, resolved");
  }

  @Test
  void overdueRowIsToldWithTheAddressWhereItIsKnown() {
    world.with("PUBLIC_URL", "https://provisioner.example.com").start();
    world.person(EMAIL, NAME);
    world.elapse(Duration.ofMinutes(15));
    eventually("it is told", () -> said.size() == 1);
    assertThat(said.getFirst())
        .contains("rows-overdue", "1 row due, the oldest for 1")
        .contains("-X POST https://provisioner.example.com/reconcile");

    // Nothing is known while the database is away, so nothing is over.
    world.wire.cut();
    world.elapse(Duration.ofMinutes(1));
    world.get("/readyz");
    world.wire.restore();
    world.reconcile();
    world.elapse(Duration.ofMinutes(1));

    eventually("its end is told", () -> said.size() == 2);
    assertThat(said.getLast()).contains("rows-overdue, resolved");
  }

  @Test
  void refusedAccountAndDuplicateAreTold() {
    world.start();
    Person twice = world.person();
    world.settleInDoubt(twice, Duration.ofHours(2));
    world.use(twice, "asst-another");
    world.vapi.seed(world.marks(twice), Instant.now().minus(Duration.ofHours(2)));
    world.reconcile();
    world.elapse(Duration.ofSeconds(10));
    eventually("the duplicate is told", () -> said.size() == 1);
    assertThat(said.getFirst()).contains("duplicates-collected", "1 assistant too many");

    world.vapi.onCreate().next(Fault.status(401, "{\"message\": \"" + World.API_KEY + "\"}"));
    Person ada = world.person(EMAIL, NAME);
    world.ring(ada);

    eventually("the refusal is told", () -> said.size() == 2);
    assertThat(said.getLast()).contains("account-refused", "HTTP 401");
    world.elapse(Duration.ofMinutes(2));
    world.reconcile();
    eventually("its end is told", () -> said.size() == 3);
    assertThat(said.getLast()).contains("account-refused, resolved");
  }

  @Test
  void chatThatIsAwayIsInNobodysWay() {
    chat.close();
    world.start();
    world.vapi.onCreate().next(Fault.status(400));

    assertThat(world.ring(world.person()).field("outcome")).isEqualTo("failed");
    world.elapse(Duration.ofMinutes(1));
    assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
  }

  private static String text(String json) {
    try {
      return JSON.readTree(json).path("text").asText();
    } catch (JsonProcessingException e) {
      return "no JSON: " + json;
    }
  }
}
