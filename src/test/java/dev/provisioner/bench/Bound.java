package dev.provisioner.bench;

import dev.provisioner.PoolSettings;
import dev.provisioner.provision.PlainQueue;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the database can do without us, in a process of its own: plain JDBC that claims and settles
 * with the service's own statements, each thread on a connection it keeps. By lines: {@code
 * webhooks connections millis}, then rows' ids, then an empty one; or {@code reconcile connections
 * rows} and an empty line. It says {@code ready}, waits for {@code go}, and says what it has
 * measured.
 */
final class Bound {
  /** Its assistants' ids begin so. */
  static final String MARK = "bound-";

  /** As many as the service claims at once with eight slots. */
  private static final int BATCH = 32;

  private final PoolSettings settings;
  private final List<PlainQueue> queues = new ArrayList<>();
  private final AtomicLong assistants = new AtomicLong();
  private volatile long begin;

  private Bound(PoolSettings settings) {
    this.settings = settings;
  }

  /** The service's environment is this process's own. */
  public static void main(String[] args) throws Exception {
    // A bound with a thread missing is none.
    Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
      thrown.printStackTrace();
      Runtime.getRuntime().halt(1);
    });
    Bound bound = new Bound(new PoolSettings(Map.copyOf(System.getenv())));
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = in.readLine(); order != null; order = in.readLine()) {
      List<UUID> ids = new ArrayList<>();
      for (String id = in.readLine(); !id.isEmpty(); id = in.readLine()) {
        ids.add(UUID.fromString(id));
      }
      System.out.println(bound.run(in, order.split(" "), ids));
    }
  }

  private String run(BufferedReader in, String[] order, List<UUID> ids) throws Exception {
    int connections = Integer.parseInt(order[1]);
    while (queues.size() < connections) {
      queues.add(new PlainQueue(settings.connect(), BATCH, settings.policy()));
    }
    boolean webhooks = order[0].equals("webhooks");
    int most = Integer.parseInt(order[2]);
    // Reconciling, the last claims may be of more rows than are wanted; they count.
    Tally tally = new Tally(webhooks ? ids.size() : most + connections * BATCH);
    AtomicInteger claimed = new AtomicInteger();
    System.out.println("ready");
    if (!"go".equals(in.readLine())) {
      throw new IllegalStateException("go was expected");
    }
    begin = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (PlainQueue queue : queues.subList(0, connections)) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  if (webhooks) {
                    ring(queue, tally, ids, begin + most * 1_000_000L);
                  } else {
                    reconcile(queue, tally, claimed, most);
                  }
                } catch (SQLException e) {
                  throw new IllegalStateException("the bound is not measured", e);
                }
              }));
    }
    for (Thread each : threads) {
      each.join();
    }
    return tally.json(System.nanoTime() - begin);
  }

  private void ring(PlainQueue queue, Tally tally, List<UUID> ids, long end) throws SQLException {
    while (System.nanoTime() - end < 0) {
      int task = tally.next();
      if (task < 0) {
        return;
      }
      long since = System.nanoTime();
      PlainQueue.Held held = queue.claim(ids.get(task));
      if (held == null) {
        throw new IllegalStateException("row " + ids.get(task) + " could not be claimed");
      }
      settle(queue, held);
      tally.done(task, System.nanoTime() - since, 200);
    }
  }

  private void reconcile(PlainQueue queue, Tally tally, AtomicInteger claimed, int rows)
      throws SQLException {
    while (claimed.get() < rows) {
      List<PlainQueue.Held> claims = queue.claimDue();
      if (claims.isEmpty()) {
        return;
      }
      claimed.addAndGet(claims.size());
      for (PlainQueue.Held each : claims) {
        long since = System.nanoTime();
        settle(queue, each);
        tally.done(tally.next(), System.nanoTime() - since, 200);
      }
    }
  }

  private void settle(PlainQueue queue, PlainQueue.Held held) throws SQLException {
    queue.settle(held, MARK + assistants.incrementAndGet());
  }
}
