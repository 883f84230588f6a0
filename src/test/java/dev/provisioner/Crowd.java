package dev.provisioner;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Webhooks for many, as pg_net sends them: many at once, each once, and nobody tries again. */
final class Crowd implements AutoCloseable {
  private static final String WEBHOOK = "/webhooks/pending-vapi-provision";

  private final World world;
  private final ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<Rung>> rung = new ArrayList<>();
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * How a webhook was answered.
   *
   * @param status 0 when there was no answer
   * @param retryable whether the answer says that sending it again is right
   */
  record Rung(int status, boolean retryable) {}

  /**
   * Begins to ring.
   *
   * @param door where the n-th webhook goes, asked just before it is sent
   * @param atOnce webhooks under way at the same time
   */
  Crowd(World world, List<Person> people, int atOnce, IntFunction<URI> door) {
    this.world = world;
    Semaphore callers = new Semaphore(atOnce);
    for (Person each : people) {
      rung.add(
          senders.submit(() -> {
            callers.acquire();
            try {
              return ring(door.apply(turn.getAndIncrement()), each);
            } finally {
              callers.release();
            }
          }));
    }
  }

  /** To each of these in turn. */
  static Crowd of(World world, List<Person> people, int atOnce, Packaged... services) {
    List<URI> doors = new ArrayList<>();
    for (Packaged each : services) {
      doors.add(each.uri(WEBHOOK));
    }
    return new Crowd(world, people, atOnce, n -> doors.get(n % doors.size()));
  }

  /** How many have been sent, or are about to be. */
  int sent() {
    return turn.get();
  }

  /** Waits for all answers. */
  List<Rung> answers() throws InterruptedException {
    List<Rung> answers = new ArrayList<>();
    for (Future<Rung> each : rung) {
      try {
        answers.add(each.get());
      } catch (ExecutionException e) {
        throw new AssertionError("a webhook that could not be sent", e);
      }
    }
    return answers;
  }

  private Rung ring(URI door, Person person) {
    try {
      Answer answer = ring(world, door, person);
      return new Rung(
          answer.status(), answer.response().headers().firstValue("Retry-After").isPresent());
    } catch (UncheckedIOException e) {
      IOException cause = e.getCause();
      return new Rung(0, cause != null);
    }
  }

  /** One signed webhook. */
  static Answer ring(World world, URI door, Person person) {
    return world.send(
        world
            .signed(HttpRequest.newBuilder(door), World.announcement(person.provision()))
            .header("Content-Type", "application/json"));
  }

  static URI door(Packaged service) {
    return service.uri(WEBHOOK);
  }

  @Override
  public void close() {
    senders.close();
  }
}
