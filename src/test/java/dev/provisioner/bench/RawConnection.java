package dev.provisioner.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A connection that sends prepared bytes, and of an answer wants to know no more than its status.
 */
final class RawConnection implements Closeable {
  private static final Pattern LENGTH = Pattern.compile("\r\ncontent-length: *(\\d+)\r\n");

  /** Who has not answered by then will not. */
  private static final int PATIENCE_MILLIS = 30_000;

  private final int port;
  private final byte[] buffer = new byte[16 * 1024];
  private Socket socket;

  RawConnection(int port) throws IOException {
    this.port = port;
    this.socket = connect(port);
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** The status of the answer, once all of it has come. After a failure it connects anew. */
  int exchange(byte[] request) throws IOException {
    if (socket.isClosed()) {
      socket = connect(port);
    }
    try {
      return answer(request);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private int answer(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    InputStream in = socket.getInputStream();
    int filled = 0;
    int head = -1;
    while (head < 0) {
      int from = Math.max(0, filled - 3);
      filled += read(in, filled);
      head = endOfHead(buffer, from, filled);
    }
    String lines = new String(buffer, 0, head, ISO_8859_1);
    Matcher length = LENGTH.matcher(lines.toLowerCase(Locale.ROOT));
    if (!length.find()) {
      throw new IOException("an answer of unknown length: " + lines);
    }
    int end = head + Integer.parseInt(length.group(1));
    while (filled < end) {
      filled += read(in, filled);
    }
    return Integer.parseInt(lines, 9, 12, 10); // HTTP/1.1 200
  }

  private int read(InputStream in, int filled) throws IOException {
    int count = in.read(buffer, filled, buffer.length - filled);
    if (count <= 0) {
      throw new EOFException("the connection ended before the answer did");
    }
    return count;
  }

  /** Just after the empty line; -1 where there is none yet. */
  static int endOfHead(byte[] bytes, int from, int to) {
    for (int i = from; i + 3 < to; i++) {
      if (bytes[i] == '\r'
          && bytes[i + 1] == '\n'
          && bytes[i + 2] == '\r'
          && bytes[i + 3] == '\n') {
        return i + 4;
      }
    }
    return -1;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
