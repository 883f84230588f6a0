package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A deploy as Fly.io rolls it out: one machine after the other drains and is replaced. */
@ExtendWith(SharedSupabase.class)
class RollingRestartIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int USERS = 400;

  private final World world;
  private final List<URI> doors = new CopyOnWriteArrayList<>();
  private final Semaphore turnstile = new Semaphore(0);
  private final AtomicInteger came = new AtomicInteger();

  RollingRestartIT(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_TIMEOUT", "20s").with("ACK_TIMEOUT", "1s");
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void nothingIsLostAndNothingRefusedThatCannotBeSentAgain() throws Exception {
    List<Person> people = world.people(USERS);
    world.vapi.onCreate().always(Fault.delay(Duration.ofMillis(100)));
    try (Packaged one = start();
        Packaged other = start()) {
      doors.add(Crowd.door(one));
      doors.add(Crowd.door(other));
      try (Crowd crowd = new Crowd(world, people, 8, this::door)) {
        load(100);
        try (Packaged first = replace(one);
            Packaged second = replace(other)) {
          load(USERS);
          List<Crowd.Rung> answers = crowd.answers();
          assertThat(answers)
              .allMatch(each -> each.status() == 200 || each.status() == 202 || each.retryable());
          assertThat(answers).extracting(Crowd.Rung::status).contains(200);

          // What was turned away is due a minute later; the sweeps of whoever runs then take it.
          world.elapse(Duration.ofMinutes(2));
          eventually("all processed", PATIENCE, () -> unprocessed() == 0);
          assertThat(first.isAlive() && second.isAlive()).isTrue();
        }
      }
    }
    assertThat(world.vapi.creates()).as("a drain leaves nothing in doubt").isEqualTo(USERS);
    assertThat(
            world.count(
                "select count(*) from public.pending_vapi_provision where unconfirmed_since is not null"))
        .isZero();
    assertThat(world.count("select count(distinct vapi_assistant_id) from public.user_settings"))
        .isEqualTo(USERS);
  }

  /** The proxy learns of the end a moment later than the machine, as it does at Fly.io. */
  private Packaged replace(Packaged old) {
    URI door = Crowd.door(old);
    old.terminate();
    load(50);
    doors.remove(door);
    load(50);
    assertThat(old.exitCode()).isEqualTo(143);
    assertThat(old.out()).anyMatch(line -> line.contains("Stopped."));
    assertThat(old.out()).noneMatch(line -> line.contains("Not everything was settled"));
    Packaged successor = start();
    doors.add(Crowd.door(successor));
    return successor;
  }

  /** Lets more callers come, and returns while the last of them are being served. */
  private void load(int callers) {
    turnstile.release(callers);
    eventually("callers", PATIENCE, () -> turnstile.availablePermits() < 4 || allHaveCome());
  }

  private boolean allHaveCome() {
    return came.get() == USERS;
  }

  private URI door(int caller) {
    turnstile.acquireUninterruptibly();
    came.incrementAndGet();
    return doors.get(caller % doors.size());
  }

  private Packaged start() {
    return Packaged.run(world.with("RECONCILE_INTERVAL", "1s").environment());
  }

  private int unprocessed() {
    return world.count(
        "select count(*) from public.pending_vapi_provision where status <> 'processed'");
  }
}
