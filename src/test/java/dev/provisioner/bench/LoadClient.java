package dev.provisioner.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Sends webhooks, in a process of its own. By lines: {@code closed port connections millis secret}
 * or {@code open port connections perSecond secret}, then rows' ids, then an empty one; it says
 * {@code ready}, waits for {@code go}, and says what it has measured.
 *
 * <p>Closed: each connection sends its next webhook when the last is answered, until the time is
 * up. Open: each webhook has a time to be sent, whatever became of those before, and is measured
 * from then.
 */
final class LoadClient {
  private final String[] order;
  private final byte[][] requests;
  private final Tally tally;
  private final AtomicInteger unanswered = new AtomicInteger();
  private volatile long begin;

  private LoadClient(String[] order, List<String> ids) {
    this.order = order;
    Webhook webhook = new Webhook(port(), order[4]);
    this.requests = ids.stream().map(webhook::of).toArray(byte[][]::new);
    this.tally = new Tally(requests.length);
  }

  public static void main(String[] args) throws Exception {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = in.readLine(); order != null; order = in.readLine()) {
      List<String> ids = new ArrayList<>();
      for (String id = in.readLine(); !id.isEmpty(); id = in.readLine()) {
        ids.add(id);
      }
      System.out.println(new LoadClient(order.split(" "), ids).run(in));
    }
  }

  private String run(BufferedReader in) throws Exception {
    int connections = Integer.parseInt(order[2]);
    List<Thread> threads = new ArrayList<>();
    List<RawConnection> open = new ArrayList<>();
    try {
      for (int i = 0; i < connections; i++) {
        RawConnection connection = new RawConnection(port());
        int number = i;
        open.add(connection);
        threads.add(
            Thread.ofPlatform()
                .unstarted(
                    order[0].equals("open")
                        ? () -> sendInTime(connection, number, connections)
                        : () -> sendOneByOne(connection)));
      }
      System.out.println("ready");
      if (!"go".equals(in.readLine())) {
        throw new IllegalStateException("go was expected");
      }
      begin = System.nanoTime();
      threads.forEach(Thread::start);
      for (Thread each : threads) {
        each.join();
      }
      return tally.json(System.nanoTime() - begin);
    } finally {
      for (RawConnection each : open) {
        each.close();
      }
    }
  }

  private void sendOneByOne(RawConnection connection) {
    long end = begin + Long.parseLong(order[3]) * 1_000_000;
    while (System.nanoTime() - end < 0) {
      int task = tally.next();
      if (task < 0) {
        return;
      }
      send(connection, task, System.nanoTime());
    }
  }

  private void sendInTime(RawConnection connection, int first, int connections) {
    long pause = 1_000_000_000L / Integer.parseInt(order[3]);
    for (int task = first; task < requests.length; task += connections) {
      long due = begin + task * pause;
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      send(connection, task, due);
    }
  }

  private void send(RawConnection connection, int task, long since) {
    int status = 0;
    try {
      status = connection.exchange(requests[task]);
    } catch (IOException e) {
      if (unanswered.getAndIncrement() == 0) {
        System.err.println("webhooks without an answer; of the first: " + e);
      }
    }
    tally.done(task, System.nanoTime() - since, status);
  }

  private int port() {
    return Integer.parseInt(order[1]);
  }
}
