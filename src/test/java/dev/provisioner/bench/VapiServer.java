package dev.provisioner.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * As much of Vapi as the service asks for when all is well, in a process of its own and for next to
 * nothing: {@code POST /assistant} is answered with what was sent and a new id, after so many
 * milliseconds; lists are empty; any one assistant exists. It says its port first, and then, for
 * every line it is sent, how many it has created.
 */
final class VapiServer {
  private static final String ORGANISATION = "0b5e7f2a-4d0f-4a53-9d4b-5d1c6f8a9e10";
  private static final String AT = "2026-01-01T00:00:00.000Z";
  private static final byte[] CREATED = "HTTP/1.1 201 Created\r\n".getBytes(ISO_8859_1);
  private static final byte[] OK = "HTTP/1.1 200 OK\r\n".getBytes(ISO_8859_1);
  private static final byte[] EMPTY = "[]".getBytes(ISO_8859_1);

  private final long millis;
  private final AtomicInteger created = new AtomicInteger();

  private VapiServer(long millis) {
    this.millis = millis;
  }

  public static void main(String[] args) throws IOException {
    VapiServer server = new VapiServer(Long.parseLong(args[0]));
    ServerSocket socket = new ServerSocket(0, 512, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(() -> server.accept(socket));
    System.out.println(socket.getLocalPort());
    while (System.in.read() >= 0) {
      System.in.skipNBytes(System.in.available());
      System.out.println(server.created.get());
    }
  }

  private void accept(ServerSocket server) {
    while (true) {
      try {
        Socket connection = server.accept();
        Thread.ofPlatform().daemon().start(() -> serve(connection));
      } catch (IOException e) {
        throw new IllegalStateException("nobody is taken any more", e);
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      connection.setTcpNoDelay(true);
      InputStream in = connection.getInputStream();
      OutputStream out = connection.getOutputStream();
      byte[] buffer = new byte[64 * 1024];
      int filled = 0;
      while (true) {
        int head = RawConnection.endOfHead(buffer, 0, filled);
        int end = head < 0 ? Integer.MAX_VALUE : head + bodyLength(buffer, head);
        if (filled >= end) {
          out.write(answer(buffer, head, end));
          System.arraycopy(buffer, end, buffer, 0, filled - end);
          filled -= end;
          continue;
        }
        int read = in.read(buffer, filled, buffer.length - filled);
        if (read <= 0) {
          return;
        }
        filled += read;
      }
    } catch (IOException e) {
      // The service hung up.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private byte[] answer(byte[] request, int head, int end) throws InterruptedException {
    if (request[0] == 'P' && request[1] == 'O') {
      if (millis > 0) {
        Thread.sleep(millis);
      }
      created.incrementAndGet();
      ThreadLocalRandom random = ThreadLocalRandom.current();
      return response(
          CREATED,
          entity(new UUID(random.nextLong(), random.nextLong()).toString()),
          request,
          head,
          end);
    }
    String path = path(request);
    int query = path.indexOf('?');
    String id = path.substring(path.lastIndexOf('/', query < 0 ? path.length() : query) + 1);
    return id.startsWith("assistant")
        ? response(OK, "", EMPTY, 0, EMPTY.length)
        : response(OK, entity(id) + "\"metadata\":{}}", EMPTY, 0, 0);
  }

  /** What Vapi puts first; what was sent comes after, without its first brace. */
  private static String entity(String id) {
    return "{\"id\":\"%s\",\"orgId\":\"%s\",\"createdAt\":\"%3$s\",\"updatedAt\":\"%3$s\","
        .formatted(id, ORGANISATION, AT);
  }

  private static byte[] response(byte[] status, String first, byte[] rest, int from, int to) {
    int skipped = first.isEmpty() || to == from ? 0 : 1; // its brace
    int length = first.length() + to - from - skipped;
    byte[] lead =
        ("Content-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n" + first)
            .getBytes(ISO_8859_1);
    byte[] response = new byte[status.length + lead.length + to - from - skipped];
    System.arraycopy(status, 0, response, 0, status.length);
    System.arraycopy(lead, 0, response, status.length, lead.length);
    System.arraycopy(
        rest, from + skipped, response, status.length + lead.length, to - from - skipped);
    return response;
  }

  private static String path(byte[] request) {
    int begin = indexOf(request, ' ', 0) + 1;
    return new String(request, begin, indexOf(request, ' ', begin) - begin, ISO_8859_1);
  }

  private static int indexOf(byte[] bytes, char wanted, int from) {
    int at = from;
    while (bytes[at] != wanted) {
      at++;
    }
    return at;
  }

  /** Zero where the head says nothing of it. */
  private static int bodyLength(byte[] buffer, int head) {
    String name = "\r\ncontent-length:";
    for (int i = 0; i + name.length() < head; i++) {
      int same = 0;
      while (same < name.length()
          && (buffer[i + same] | (same > 1 ? 0x20 : 0)) == name.charAt(same)) {
        same++;
      }
      if (same == name.length()) {
        int length = 0;
        for (int at = i + same; buffer[at] != '\r'; at++) {
          length = buffer[at] == ' ' ? length : length * 10 + buffer[at] - '0';
        }
        return length;
      }
    }
    return 0;
  }
}
