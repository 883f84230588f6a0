package dev.provisioner.provision;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.Doorbell.Ring;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import dev.provisioner.vapi.AssistantTemplate;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who may wait for a slot. Nobody's patience ends meanwhile, so that no machine is too slow. */
@ExtendWith(SharedSupabase.class)
class DoorbellTest {
  private static final Duration FOR_EVER = Duration.ofHours(1);
  private static final Duration A_BREAK = Duration.ofSeconds(1);
  private static final int BEYOND = 20;

  private final SupabaseDatabase database;
  private final AtomicLong now = new AtomicLong();
  private final Gate gate = new Gate(1, now::get);
  private final VapiClient vapi =
      new VapiClient(
          new VapiClient.Settings(
              URI.create("http://localhost:9"), "unused", Duration.ofSeconds(1), "test"),
          gate);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Doorbell doorbell;

  DoorbellTest(SupabaseServer supabase) {
    database = supabase.createMigratedDatabase();
    doorbell =
        new Provisioning(
                new Provisioning.Surroundings(
                    () -> database.connect("provisioner"),
                    vapi,
                    gate,
                    AssistantTemplate.bundled(name -> null),
                    new Policy(Duration.ofSeconds(1), Duration.ofMinutes(1), 3, true),
                    null,
                    FOR_EVER,
                    Duration.ZERO,
                    Duration.ZERO,
                    threads,
                    Clock.systemUTC(),
                    now::get,
                    List.of()))
            .doorbell();
  }

  @AfterEach
  void end() {
    gate.shut();
    threads.close();
    vapi.close();
    database.drop();
  }

  @Test
  void thoseBeyondWhoMayWaitAreAnsweredAtOnce() throws Exception {
    assertThat(gate.enter(Duration.ZERO)).isNotNull(); // and nobody gives it back

    List<Future<Ring>> crowd = crowd();

    gate.throttle(A_BREAK); // which nobody waits for
    for (Future<Ring> each : crowd) {
      each.get();
    }
    now.addAndGet(A_BREAK.toNanos());

    crowd(); // as many may wait as before
  }

  /** Rings until all wait who may, and everybody else is answered. */
  private List<Future<Ring>> crowd() throws Exception {
    List<Future<Ring>> crowd =
        IntStream.range(0, Doorbell.MOST_WAITING + BEYOND)
            .mapToObj(i -> threads.submit(() -> doorbell.ring(UUID.randomUUID())))
            .toList();
    eventually("those beyond are answered", Duration.ofMinutes(1), () -> done(crowd) == BEYOND);
    for (int i = 0; i < BEYOND; i++) {
      assertThat(doorbell.ring(UUID.randomUUID())).isInstanceOf(Ring.NoSuchProvision.class);
    }
    assertThat(done(crowd)).isEqualTo(BEYOND);
    return crowd;
  }

  private static long done(List<Future<Ring>> rings) {
    return rings.stream().filter(Future::isDone).count();
  }
}
