package dev.provisioner.sandbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The network between the service and PostgreSQL, or anything else that speaks TCP: it can be cut,
 * it can go silent, and it can swallow one answer, so that what was asked has happened and the
 * asker does not know.
 */
public final class Wire implements AutoCloseable {
  private static final int CHUNK = 16 * 1024;
  private static final int CONNECT_MILLIS = 5_000;

  private final String host;
  private final int targetPort;
  private final int port;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicReference<@Nullable Predicate<String>> losing = new AtomicReference<>();
  private final AtomicReference<@Nullable Plan> holding = new AtomicReference<>();
  private final Set<Hold> holds = ConcurrentHashMap.newKeySet();
  private final Ice ice = new Ice();
  private @Nullable Listener listener;
  private int lost;

  private Wire(String host, int targetPort) throws IOException {
    this.host = host;
    this.targetPort = targetPort;
    this.listener = new Listener(0);
    this.port = listener.port();
  }

  public static Wire to(String host, int port) {
    try {
      return new Wire(host, port);
    } catch (IOException e) {
      throw new UncheckedIOException("no port to listen on", e);
    }
  }

  /** Where to connect instead, on localhost. It stays the same through cuts. */
  public int port() {
    return port;
  }

  /** Breaks every connection, and refuses new ones until {@link #restore}. */
  public synchronized void cut() {
    if (listener != null) {
      listener.close();
      listener = null;
    }
    connections.forEach(Connection::cut);
  }

  public synchronized void restore() {
    if (listener == null) {
      try {
        listener = new Listener(port);
      } catch (IOException e) {
        throw new UncheckedIOException("the port is no longer free", e);
      }
    }
  }

  /**
   * Lets no byte pass, though every connection stays and new ones are taken. What was on its way at
   * that very moment may still arrive.
   */
  public void freeze() {
    ice.freeze();
  }

  public void thaw() {
    ice.thaw();
  }

  /**
   * Loses one answer: as soon as a client executes something that contains the marker, it is passed
   * on, the server's answer is awaited and thrown away, and the connection is cut. For SQL, the
   * marker may stand in the statement or among its parameters sent as text; a statement prepared
   * earlier counts by its text. {@code COMMIT} loses the answer to the next commit.
   */
  public void loseAnswerAfter(String marker) {
    loseAnswerOf(executed -> executed.contains(marker));
  }

  /**
   * The same, for whatever the predicate takes: one executed statement followed by its parameters,
   * or, if it is not PostgreSQL that is spoken, the bytes as they come, as ISO 8859-1.
   */
  public void loseAnswerOf(Predicate<String> executed) {
    losing.set(executed);
  }

  /**
   * Holds the next of what {@link #loseAnswerAfter} could lose: before it is passed on, so that the
   * server knows nothing of it, or its answer, so that only the server knows. What is held goes on
   * at the release even if its client is gone by then: that is how a statement comes late. Where an
   * answer is to be lost, too, it is the next one that is held.
   */
  public void hold(String marker, Hold hold) {
    holds.add(hold);
    holding.set(new Plan(marker, hold));
  }

  /** How many answers were lost so far. */
  public synchronized int lostAnswers() {
    return lost;
  }

  @Override
  public void close() {
    cut();
    thaw();
    holds.forEach(Hold::abandon);
  }

  private record Plan(String marker, Hold hold) {}

  private synchronized void countLost() {
    lost++;
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // It was broken already.
    }
  }

  /** Takes connections until it is closed. */
  private final class Listener {
    private final ServerSocket socket = new ServerSocket();
    private final Thread thread;

    Listener(int wantedPort) throws IOException {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wantedPort));
      thread = Thread.ofVirtual().name("wire").start(this::accept);
    }

    int port() {
      return socket.getLocalPort();
    }

    /** On return the port refuses, and every connection taken before is known. */
    void close() {
      closeQuietly(socket);
      try {
        // The port is given up by the thread that waits on it, not by the one that closes it.
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void accept() {
      while (!socket.isClosed()) {
        try {
          take(socket.accept());
        } catch (IOException e) {
          // Closed: the loop ends.
        }
      }
    }

    private void take(Socket client) {
      Socket target = new Socket();
      try {
        target.connect(new InetSocketAddress(host, targetPort), CONNECT_MILLIS);
        client.setTcpNoDelay(true);
        target.setTcpNoDelay(true);
      } catch (IOException e) {
        // Nobody at the other end; a proxy can only accept and hang up.
        closeQuietly(client);
        closeQuietly(target);
        return;
      }
      Connection connection = new Connection(client, target);
      connections.add(connection);
      Thread.ofVirtual().name("wire-out").start(connection::pumpRequests);
      Thread.ofVirtual().name("wire-back").start(connection::pumpAnswers);
    }
  }

  /** Two pumps between two sockets. Either's end is the end of both. */
  private final class Connection {
    private final Socket client;
    private final Socket target;
    private final RequestReader reader = new RequestReader();
    private volatile boolean losesAnswer;
    private volatile @Nullable Hold held;

    Connection(Socket client, Socket target) {
      this.client = client;
      this.target = target;
    }

    void cut() {
      connections.remove(this);
      closeQuietly(client);
      closeQuietly(target);
    }

    void pumpRequests() {
      byte[] chunk = new byte[CHUNK];
      try (InputStream in = client.getInputStream()) {
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
          for (String executed : reader.read(chunk, read)) {
            Predicate<String> wanted = losing.get();
            // Each plan takes one answer, whichever connection comes first.
            if (wanted != null && wanted.test(executed) && losing.compareAndSet(wanted, null)) {
              losesAnswer = true;
              continue;
            }
            Plan plan = holding.get();
            if (plan != null
                && executed.contains(plan.marker())
                && holding.compareAndSet(plan, null)) {
              held = plan.hold();
            }
          }
          ice.awaitThaw();
          Hold hold = held;
          if (hold != null && !hold.appliesFirst() && !hold.hold()) {
            return;
          }
          target.getOutputStream().write(chunk, 0, read);
          if (hold != null && !hold.appliesFirst()) {
            awaitPassed(); // a client that is gone must not end what has just gone on
          }
        }
      } catch (IOException | InterruptedException e) {
        // One end has gone; so does the other.
      } finally {
        cut();
      }
    }

    void pumpAnswers() {
      byte[] chunk = new byte[CHUNK];
      AnswerEnd end = new AnswerEnd();
      ByteArrayOutputStream withheld = new ByteArrayOutputStream();
      try (InputStream in = target.getInputStream()) {
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
          if (losesAnswer) {
            if (!reader.speaksPostgres() || end.isReachedBy(chunk, read)) {
              countLost();
              return;
            }
            continue;
          }
          withheld.write(chunk, 0, read);
          Hold hold = held;
          if (hold != null) {
            if (reader.speaksPostgres() && !end.isReachedBy(chunk, read)) {
              continue;
            }
            if (hold.appliesFirst() && !hold.hold()) {
              return;
            }
            passed();
          }
          ice.awaitThaw();
          withheld.writeTo(client.getOutputStream());
          withheld.reset();
        }
      } catch (IOException | InterruptedException e) {
        // One end has gone; so does the other.
      } finally {
        passed();
        cut();
      }
    }

    private synchronized void passed() {
      if (held != null) {
        held.passed();
        held = null;
        notifyAll();
      }
    }

    private synchronized void awaitPassed() throws InterruptedException {
      while (held != null) {
        wait();
      }
    }
  }

  /**
   * PostgreSQL may send parts of a long answer before the transaction has ended. It has once it is
   * ready for the next query, and says so last.
   */
  private static final class AnswerEnd {
    private static final byte[] READY_FOR_QUERY = {'Z', 0, 0, 0, 5};

    private byte[] tail = {};

    boolean isReachedBy(byte[] chunk, int length) {
      byte[] seen = new byte[tail.length + length];
      System.arraycopy(tail, 0, seen, 0, tail.length);
      System.arraycopy(chunk, 0, seen, tail.length, length);
      int start = Math.max(0, seen.length - READY_FOR_QUERY.length - 1);
      tail = Arrays.copyOfRange(seen, start, seen.length);
      return tail.length == READY_FOR_QUERY.length + 1
          && Arrays.equals(
              tail, 0, READY_FOR_QUERY.length, READY_FOR_QUERY, 0, READY_FOR_QUERY.length);
    }
  }

  /** What holds the bytes back while the wire is frozen. */
  private static final class Ice {
    private boolean frozen;

    synchronized void freeze() {
      frozen = true;
    }

    synchronized void thaw() {
      frozen = false;
      notifyAll();
    }

    synchronized void awaitThaw() throws InterruptedException {
      while (frozen) {
        wait();
      }
    }
  }
}
