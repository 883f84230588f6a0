package dev.provisioner.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A way to PostgreSQL on which round trips are counted: how often a client, having got something,
 * asks anew and so has to wait.
 */
final class Tap implements AutoCloseable {
  private final ServerSocket server;
  private final int target;
  private final AtomicLong trips = new AtomicLong();

  Tap(int target) {
    this.target = target;
    try {
      server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** So far. */
  long trips() {
    return trips.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket database = new Socket(InetAddress.getLoopbackAddress(), target);
        client.setTcpNoDelay(true);
        database.setTcpNoDelay(true);
        AtomicBoolean asking = new AtomicBoolean();
        Thread.ofVirtual().start(() -> pump(client, database, asking, true));
        Thread.ofVirtual().start(() -> pump(database, client, asking, false));
      } catch (IOException e) {
        // Closed: the loop ends.
      }
    }
  }

  private void pump(Socket from, Socket to, AtomicBoolean asking, boolean asks) {
    byte[] buffer = new byte[16 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (asking.getAndSet(asks) != asks && asks) {
          trips.incrementAndGet();
        }
        to.getOutputStream().write(buffer, 0, read);
      }
    } catch (IOException e) {
      // One end has gone; so does the other.
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
