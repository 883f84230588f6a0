package dev.provisioner.storm;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.sandbox.Operation;
import dev.provisioner.storm.Event.Crash;
import dev.provisioner.storm.Event.Delete;
import dev.provisioner.storm.Event.Reconcile;
import dev.provisioner.storm.Event.Reverify;
import dev.provisioner.storm.Event.Ring;
import dev.provisioner.storm.Event.Strike;
import dev.provisioner.storm.Event.Verify;
import dev.provisioner.storm.Post.Message;
import java.net.http.HttpResponse;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Lets happen what is planned, each thing at its time, until it is over. */
final class Storm implements AutoCloseable {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";

  /** Texts that are in one statement of the service each. */
  private static final String CLAIM = "set status = 'processing'";

  private static final String SETTLE = "returning now_.in_use";

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration LONGEST_TAIL = Duration.ofMinutes(2);

  private final Plan plan;
  private final Project project;
  private final Weather weather;
  private final Tally tally;
  private final Watcher watcher;
  private final Post post = new Post();
  private final People people;
  private final Map<UUID, CompletableFuture<Void>> verified = new HashMap<>();

  /** What must be done before the end; calls, in contrast, may be cut off. */
  private final ExecutorService deeds = Executors.newVirtualThreadPerTaskExecutor();

  /** For each instance: one trouble ends before the next begins, however slow the machine is. */
  private final List<ExecutorService> strikes =
      Stream.generate(() -> Executors.newSingleThreadExecutor(Thread.ofVirtual().factory()))
          .limit(Plan.INSTANCES)
          .toList();

  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Future<?>> called = new ConcurrentLinkedQueue<>();

  Storm(Plan plan, Project project, Weather weather, Tally tally, Watcher watcher) {
    this.plan = plan;
    this.project = project;
    this.weather = weather;
    this.tally = tally;
    this.watcher = watcher;
    this.people = new People(project.database());
    plan.people().forEach(user -> verified.put(user, new CompletableFuture<>()));
  }

  Post post() {
    return post;
  }

  /** From the first event to the last; then everything that could be under way has ended. */
  void rage() throws InterruptedException, ExecutionException {
    weather.over(project.vapi());
    Pace pace = new Pace(project.chronicle());
    for (Event event : plan.events()) {
      pace.waitUntil(event.at());
      if (!watcher.violations().isEmpty()) {
        break; // it cannot get any worse
      }
      ExecutorService by = event instanceof Strike it ? strikes.get(it.instance()) : deeds;
      pace.begun(
          event,
          by.submit(() -> {
            play(event);
            return null;
          }));
    }
    pace.waitUntil(plan.length());
    pace.awaitAll();
    blowOver();
    end();
  }

  /** The faults go on until each has come; a kind that still has not is reported later. */
  private void blowOver() throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST_TAIL.toNanos();
    while (System.nanoTime() < deadline
        && watcher.violations().isEmpty()
        && EnumSet.allOf(Operation.class).stream()
            .flatMap(each -> Trouble.of(each).stream())
            .anyMatch(each -> tally.times(each) == 0)) {
      Thread.sleep(Duration.ofMillis(100));
    }
  }

  /** No faults any more, and none of the old processes; what they sent has had its effect. */
  private void end() throws InterruptedException, ExecutionException {
    weather.calm();
    project.instances().forEach(Instance::kill);
    calls.shutdown();
    for (Future<?> each : called) {
      each.get();
    }
    project
        .instances()
        .forEach(each -> {
          each.wire().thaw();
          each.wire().restore();
        });
    eventually(
        "the end of every call to Vapi",
        PATIENCE,
        () -> project.vapi().calls().stream().noneMatch(call -> call.answer().equals("pending")));
    awaitNoSession();
    project.vapi().catchUp();
    tally.came(Trouble.LIST_FULL, project.vapi().cutListings());
    tally.came(Trouble.LIST_LAGGING, project.vapi().laggingListings());
  }

  /** A statement of a dead instance may still run. */
  private void awaitNoSession() {
    try {
      eventually("the end of every session", PATIENCE, () -> sessions().isEmpty());
    } catch (AssertionError e) {
      throw new AssertionError("sessions outlive their instances: " + sessions(), e);
    }
  }

  private List<String> sessions() {
    try {
      return project
          .chronicle()
          .strings(
              """
              select concat_ws(' ', pid, backend_start, state, wait_event, query_start, query)
                from pg_stat_activity where usename = 'provisioner'
              """);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private void play(Event event) throws InterruptedException {
    switch (event) {
      case Verify it -> verify(it);
      case Delete it -> {
        awaitVerified(it.user());
        people.delete(it.user());
        tally.cameTo(it.user(), Trouble.USER_DELETED);
      }
      case Reverify it -> {
        awaitVerified(it.user());
        people.unverify(it.user());
        Thread.sleep(it.pause());
        people.verify(it.user());
        tally.cameTo(it.user(), Trouble.USER_REVERIFIED);
        ring(it.user(), List.of(new Ring(Duration.ZERO, it.instance())));
      }
      case Reconcile it -> {
        Message message = Message.sign("/reconcile", it.body());
        String[] headers = it.async() ? new String[] {"Prefer", "respond-async"} : new String[0];
        tally.came(Trouble.RECONCILED);
        call(() ->
            post.send(project.instance(it.instance()), message, Set.of(200, 202, 503), headers));
      }
      case Strike it -> strike(it, project.instance(it.instance()));
      case Crash it -> {
        project.server().crash();
        Thread.sleep(it.lasts());
        project.server().restart();
        tally.came(Trouble.DATABASE_CRASHED);
      }
    }
  }

  private void verify(Verify event) {
    people.signUp(event.user());
    people.verify(event.user());
    Objects.requireNonNull(verified.get(event.user())).complete(null);
    if (event.bell() != null) {
      tally.cameTo(event.user(), event.bell());
    }
    ring(event.user(), event.rings());
  }

  /** The same message each time; nothing where the row is not there, since a row is what rings. */
  private void ring(UUID user, List<Ring> rings) {
    Optional<UUID> row = people.rowOf(user);
    if (row.isEmpty()) {
      return;
    }
    Message message =
        Message.sign(
            WEBHOOK,
            """
            {"type": "INSERT", "table": "pending_vapi_provision", "schema": "public",
             "record": {"id": "%s"}, "old_record": null}\
            """
                .formatted(row.get()));
    boolean mayGo =
        plan.events().stream().anyMatch(e -> e instanceof Delete it && it.user().equals(user));
    Set<Integer> expected = mayGo ? Set.of(200, 202, 404, 503) : Set.of(200, 202, 503);
    for (Ring each : rings) {
      call(() -> {
        Thread.sleep(each.after());
        return post.send(project.instance(each.instance()), message, expected);
      });
    }
  }

  private void call(Callable<@Nullable HttpResponse<String>> request) {
    called.add(calls.submit(request));
  }

  private void strike(Strike it, Instance instance) throws InterruptedException {
    switch (it.trouble()) {
      case INSTANCE_KILLED -> {
        instance.kill();
        Thread.sleep(it.lasts());
        instance.start();
        tally.came(it.trouble());
      }
      case INSTANCE_FROZEN -> {
        instance.freeze();
        Thread.sleep(it.lasts());
        instance.thaw();
        tally.came(it.trouble());
      }
      case WIRE_CUT -> {
        instance.wire().cut();
        Thread.sleep(it.lasts());
        instance.wire().restore();
        tally.came(it.trouble());
      }
      case WIRE_FROZEN -> {
        instance.wire().freeze();
        Thread.sleep(it.lasts());
        instance.wire().thaw();
        tally.came(it.trouble());
      }
      case CLAIM_ANSWER_LOST -> instance.loseAnswer(CLAIM, () -> tally.came(it.trouble()));
      case SETTLE_ANSWER_LOST -> instance.loseAnswer(SETTLE, () -> tally.came(it.trouble()));
      default -> throw new IllegalArgumentException(it.trouble() + " strikes no instance");
    }
  }

  private void awaitVerified(UUID user) {
    Objects.requireNonNull(verified.get(user)).join();
  }

  @Override
  public void close() {
    deeds.shutdownNow();
    strikes.forEach(ExecutorService::shutdownNow);
    calls.shutdownNow();
    post.close();
  }
}
