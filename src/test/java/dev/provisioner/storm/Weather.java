package dev.provisioner.storm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.sandbox.Call;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.Operation;
import dev.provisioner.sandbox.VapiSimulator;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What befalls calls at Vapi: the n-th create, listing, get and delete each have their fault, or
 * none, decided by the seed, whoever makes the call.
 */
final class Weather {
  /** Well after the next attempt has looked for it in vain, and created another. */
  private static final Duration LONGEST_HOLD = Duration.ofSeconds(45);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final long seed;
  private final Duration timeout;
  private final Tally tally;
  private final Map<Operation, Deck<Trouble>> decks = new EnumMap<>(Operation.class);
  private final Queue<Deletion> deletions = new ConcurrentLinkedQueue<>();
  private final Queue<Thread> held = new ConcurrentLinkedQueue<>();
  private final CountDownLatch calm = new CountDownLatch(1);

  /** Somebody has asked Vapi to delete an assistant, whether or not it came to that. */
  record Deletion(String assistant, Instant at) {}

  /**
   * @param users how many there will be
   * @param timeout after which the service gives a call up
   */
  Weather(long seed, int users, Duration timeout, Tally tally) {
    this.seed = seed;
    this.timeout = timeout;
    this.tally = tally;
    // The more there is to list, the more pages a listing takes; about half of them should succeed.
    Map<Operation, Integer> sizes =
        Map.of(
            Operation.CREATE, 36,
            Operation.LIST, Math.max(40, users / 20),
            Operation.GET, 12,
            Operation.DELETE, 10);
    sizes.forEach((operation, size) ->
        decks.put(
            operation, new Deck<>(Deck.seed(seed, operation.name()), size, Trouble.of(operation))));
  }

  /** From now on. */
  void over(VapiSimulator vapi) {
    vapi.onCreate().drawn(this::befall);
    vapi.onList().drawn(this::befall);
    vapi.onGet().drawn(this::befall);
    vapi.onDelete().drawn(this::befall);
  }

  /** No more faults. On return, whatever was held has been applied. */
  void calm() throws InterruptedException {
    calm.countDown();
    for (Thread each : held) {
      each.join();
    }
  }

  /** The requests to delete since the last call, in order. */
  @Nullable Deletion nextDeletion() {
    return deletions.poll();
  }

  private @Nullable Fault befall(int ordinal, Call call) {
    String last = call.path().substring(call.path().lastIndexOf('/') + 1);
    if (call.operation() == Operation.DELETE) {
      deletions.add(new Deletion(last, Instant.now()));
    }
    Deck<Trouble> deck = decks.get(call.operation());
    Trouble trouble = deck == null || calm.getCount() == 0 ? null : deck.card(ordinal);
    if (trouble == null) {
      return null;
    }
    switch (call.operation()) {
      case CREATE -> tally.cameTo(userOf(call), trouble);
      case GET, DELETE -> tally.cameToAssistant(last, trouble);
      default -> tally.came(trouble);
    }
    return fault(trouble, Deck.random(Deck.seed(seed, trouble.name()), ordinal));
  }

  private Fault fault(Trouble trouble, Random random) {
    return switch (trouble) {
      case CREATE_SLOW -> Fault.delay(Duration.ofMillis(random.nextLong(timeout.toMillis() / 2)));
      case CREATE_TOO_LATE, LIST_TOO_LATE, GET_TOO_LATE, DELETE_TOO_LATE ->
          Fault.delay(timeout.plusMillis(300 + random.nextInt(1_000)));
      case CREATE_HELD ->
          hold(timeout.plusMillis(random.nextLong(LONGEST_HOLD.minus(timeout).toMillis())));
      case CREATE_DROPPED, LIST_DROPPED, GET_DROPPED, DELETE_DROPPED -> Fault.dropBeforeApplying();
      case CREATE_ANSWER_DROPPED, DELETE_ANSWER_DROPPED -> Fault.dropAfterApplying();
      case CREATE_5XX -> Fault.status(503);
      case CREATE_APPLIED_5XX -> Fault.statusAfterApplying(502, "<html>Bad Gateway</html>");
      case CREATE_APPLIED_408 -> Fault.statusAfterApplying(408, "{\"message\": \"timed out\"}");
      case CREATE_409 -> Fault.status(409);
      case CREATE_THROTTLED, LIST_THROTTLED -> Fault.throttled(Duration.ofSeconds(1));
      case CREATE_CUT, LIST_CUT -> Fault.cutBody();
      case CREATE_STALLED -> Fault.stallBody();
      case CREATE_WITHOUT_ID -> Fault.withoutId();
      case LIST_FAILED, GET_FAILED, DELETE_FAILED -> Fault.status(500);
      default -> throw new IllegalArgumentException(trouble + " befalls no call to Vapi");
    };
  }

  /** Applied that much later, and answered to nobody. */
  private Fault hold(Duration time) {
    Hold hold = Hold.beforeApplying();
    held.add(
        Thread.startVirtualThread(() -> {
          try {
            calm.await(time.toMillis(), TimeUnit.MILLISECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          hold.release();
        }));
    return hold;
  }

  private static UUID userOf(Call create) {
    try {
      return UUID.fromString(
          JSON.readTree(create.body()).path("metadata").path("user_id").asText());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a create that is no JSON", e);
    }
  }
}
