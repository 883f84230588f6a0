package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.vapi.Gate.Slot;
import dev.provisioner.vapi.Gate.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GateTest {
  private static final Duration NOT_AT_ALL = Duration.ZERO;
  private static final Duration LONG = Duration.ofSeconds(20);

  // Begins where an addition would overflow soon: only differences of nanoTime mean anything.
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000);
  private final Gate gate = new Gate(2, now::get);

  @Test
  void asManyAsThereAreSlotsMayEnter() throws InterruptedException {
    Slot first = entered();
    Slot second = entered();
    assertThat(gate.enter(NOT_AT_ALL)).isNull();

    first.close();
    first.close();

    Slot third = entered();
    assertThat(gate.enter(NOT_AT_ALL)).isNull();
    second.close();
    third.close();
  }

  @Test
  void aThrottleKeepsEverybodyOutUntilItEnds() throws InterruptedException {
    gate.throttle(Duration.ofSeconds(30));

    assertThat(gate.enter(Duration.ofSeconds(29))).as("at once: it cannot end in time").isNull();
    assertThat(gate.state()).isEqualTo(new State.Throttled(Duration.ofSeconds(30)));
    pass(Duration.ofSeconds(10));
    assertThat(gate.paused()).isEqualTo(Duration.ofSeconds(20));
    pass(Duration.ofSeconds(20));

    assertThat(gate.state()).isEqualTo(new State.Open());
    entered().close();
  }

  @Test
  void aShorterThrottleNeverShortensAPause() {
    gate.throttle(Duration.ofSeconds(30));
    gate.throttle(Duration.ofSeconds(2));
    gate.throttle(Duration.ofSeconds(-5));
    assertThat(gate.paused()).isEqualTo(Duration.ofSeconds(30));

    gate.throttle(Duration.ofSeconds(40));
    assertThat(gate.paused()).isEqualTo(Duration.ofSeconds(40));
  }

  @Test
  void aRefusalIsRememberedBeyondItsPauseUntilVapiAccepts() throws InterruptedException {
    gate.refuse("HTTP 401: Invalid Key");

    assertThat(gate.state())
        .isEqualTo(new State.Refused("HTTP 401: Invalid Key", Gate.REFUSAL_PAUSE));
    assertThat(gate.enter(NOT_AT_ALL)).isNull();
    pass(Gate.REFUSAL_PAUSE);
    assertThat(gate.state()).isEqualTo(new State.Refused("HTTP 401: Invalid Key", Duration.ZERO));

    gate.accepted();
    assertThat(gate.state()).isEqualTo(new State.Open());
  }

  @Test
  void afterARefusalOneTriesBeforeTheOthers() throws InterruptedException {
    gate.refuse("no");
    pass(Gate.REFUSAL_PAUSE);

    Slot trial = entered();
    assertThat(gate.enter(NOT_AT_ALL)).as("while one tries").isNull();
    gate.accepted();
    Slot other = entered();
    trial.close();
    other.close();
  }

  @Test
  void whenTheOneThatTriedLearnsNothingTheNextTries() throws InterruptedException {
    gate.refuse("no");
    pass(Gate.REFUSAL_PAUSE);

    entered().close();
    Slot trial = entered();
    assertThat(gate.enter(NOT_AT_ALL)).isNull();
    trial.close();
  }

  @Test
  void refusedAgainEverybodyWaitsAgainThoughTheOneThatTriedIsStillInside()
      throws InterruptedException {
    gate.refuse("no");
    pass(Gate.REFUSAL_PAUSE);
    Slot trial = entered();

    gate.refuse("still no");
    assertThat(gate.paused()).isEqualTo(Gate.REFUSAL_PAUSE);
    pass(Gate.REFUSAL_PAUSE);

    Slot next = entered();
    trial.close();
    assertThat(gate.enter(NOT_AT_ALL)).as("the next one's trial is on").isNull();
    next.close();
  }

  @Test
  void acceptanceEndsARefusalsPauseButNotAThrottles() {
    gate.throttle(Duration.ofSeconds(10));
    gate.refuse("no");
    assertThat(gate.state()).isEqualTo(new State.Refused("no", Gate.REFUSAL_PAUSE));

    gate.accepted();

    assertThat(gate.state()).isEqualTo(new State.Throttled(Duration.ofSeconds(10)));
  }

  @Test
  void absurdDurationsDoNotOverflow() throws InterruptedException {
    entered(Duration.ofSeconds(Long.MAX_VALUE)).close();
    gate.throttle(Duration.ofSeconds(Long.MAX_VALUE));

    assertThat(gate.paused()).isPositive();
    assertThat(gate.enter(Duration.ofSeconds(Long.MIN_VALUE))).isNull();
  }

  @Test
  void aGateWithoutSlotsIsAMistake() {
    assertThatThrownBy(() -> new Gate(0, now::get)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void waitersAreLetInInTheOrderTheyCame() throws Exception {
    Gate narrow = new Gate(1, System::nanoTime);
    Slot held = entered(narrow, NOT_AT_ALL);
    List<Integer> order = new ArrayList<>();
    try (ExecutorService callers = Executors.newCachedThreadPool()) {
      List<Future<?>> waiting = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        int caller = i;
        Thread[] thread = new Thread[1];
        waiting.add(
            callers.submit(() -> {
              synchronized (thread) {
                thread[0] = Thread.currentThread();
              }
              try (Slot slot = narrow.enter(LONG)) {
                assertThat(slot).isNotNull();
                order.add(caller); // one at a time, by the gate
              }
              return null;
            }));
        awaitTimedWait(thread);
      }
      held.close();
      for (Future<?> one : waiting) {
        one.get();
      }
    }

    assertThat(order).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void aPauseThatBeginsWhileWaitingForASlotHolds() throws Exception {
    Gate narrow = new Gate(1, System::nanoTime);
    Slot held = entered(narrow, NOT_AT_ALL);
    try (ExecutorService callers = Executors.newCachedThreadPool()) {
      Thread[] thread = new Thread[1];
      Future<@Nullable Slot> waiting =
          callers.submit(() -> {
            synchronized (thread) {
              thread[0] = Thread.currentThread();
            }
            return narrow.enter(LONG);
          });
      awaitTimedWait(thread);

      narrow.throttle(Duration.ofMinutes(5));
      held.close();

      assertThat(waiting.get(10, TimeUnit.SECONDS)).as("at once, not after 20 s").isNull();
    }
  }

  @Test
  void anInterruptedWaiterLeavesTheLine() throws Exception {
    Gate narrow = new Gate(1, System::nanoTime);
    Slot held = entered(narrow, NOT_AT_ALL);
    Thread waiter =
        Thread.ofPlatform()
            .start(() -> {
              try {
                narrow.enter(LONG);
              } catch (InterruptedException expected) {
                Thread.currentThread().interrupt();
              }
            });
    awaitTimedWait(new Thread[] {waiter});
    waiter.interrupt();
    waiter.join();
    held.close();

    entered(narrow, NOT_AT_ALL).close();
  }

  @Test
  void neverMoreThanTheSlotsAreOut() throws Exception {
    Gate three = new Gate(3, System::nanoTime);
    AtomicInteger out = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int caller = i;
        all.add(
            callers.submit(() -> {
              for (int round = 0; round < 50; round++) {
                try (Slot slot = three.enter(LONG)) {
                  if (slot == null) {
                    continue; // a pause
                  }
                  most.accumulateAndGet(out.incrementAndGet(), Math::max);
                  LockSupport.parkNanos(1_000); // as if a call were made
                  out.decrementAndGet();
                }
                if (caller == 0 && round % 10 == 0) {
                  three.throttle(Duration.ofMillis(2));
                }
                if (caller == 1 && round % 10 == 0) {
                  three.refuse("no");
                  three.accepted();
                }
              }
              return null;
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }

    assertThat(most.get()).isBetween(1, 3);
    assertThat(out).hasValue(0);
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private Slot entered() throws InterruptedException {
    return entered(NOT_AT_ALL);
  }

  private Slot entered(Duration wait) throws InterruptedException {
    return entered(gate, wait);
  }

  private static Slot entered(Gate gate, Duration wait) throws InterruptedException {
    return Objects.requireNonNull(gate.enter(wait), "no slot");
  }

  /** Until the thread, once there is one, waits inside the gate. */
  private static void awaitTimedWait(@Nullable Thread[] thread) {
    while (true) {
      Thread caller;
      synchronized (thread) {
        caller = thread[0];
      }
      if (caller != null && caller.getState() == Thread.State.TIMED_WAITING) {
        return;
      }
      Thread.onSpinWait();
    }
  }
}
