package dev.provisioner.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ProtocolException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * As much HTTP/1.1 as it takes to send any bytes whatever and to read the answers strictly. It
 * keeps its connection for as long as the server does.
 */
public final class RawClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final int port;
  private @Nullable Socket socket;
  private @Nullable InputStream in;

  public RawClient(int port) {
    this.port = port;
  }

  /** Sends these bytes, and reads one answer to each of the methods. */
  public List<Reply> exchange(byte[] bytes, List<String> methods) throws IOException {
    Socket connection = send(bytes);
    List<Reply> replies = new ArrayList<>();
    for (String method : methods) {
      Reply reply = reply(input(connection), method.equals("HEAD"));
      if (reply == null) {
        close();
        break;
      }
      replies.add(reply);
      if (reply.header("connection").toLowerCase(Locale.ROOT).contains("close")) {
        close();
        break;
      }
    }
    return replies;
  }

  /** Sends these bytes as the last ones of a connection, and reads what comes until its end. */
  public List<Reply> finish(byte[] bytes) throws IOException {
    close();
    Socket connection = send(bytes);
    List<Reply> replies = new ArrayList<>();
    try {
      connection.shutdownOutput();
      InputStream input = input(connection);
      for (Reply reply = reply(input, false); reply != null; reply = reply(input, false)) {
        replies.add(reply);
      }
    } finally {
      close();
    }
    return replies;
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
    }
    socket = null;
    in = null;
  }

  private Socket send(byte[] bytes) throws IOException {
    Socket connection = socket;
    if (connection == null) {
      connection = new Socket("localhost", port);
      connection.setTcpNoDelay(true);
      connection.setSoTimeout((int) PATIENCE.toMillis());
      socket = connection;
    }
    connection.getOutputStream().write(bytes);
    return connection;
  }

  private InputStream input(Socket connection) throws IOException {
    InputStream input = in;
    if (input == null) {
      input = new BufferedInputStream(connection.getInputStream());
      in = input;
    }
    return input;
  }

  private static @Nullable Reply reply(InputStream in, boolean bodiless) throws IOException {
    String line = line(in);
    if (line == null) {
      return null;
    }
    if (!line.matches("HTTP/1\\.1 [1-5][0-9][0-9]( .*)?")) {
      throw new ProtocolException("not the first line of an answer: " + line);
    }
    int status = Integer.parseInt(line.substring(9, 12));
    Map<String, List<String>> headers = new LinkedHashMap<>();
    for (String header = need(line(in)); !header.isEmpty(); header = need(line(in))) {
      int colon = header.indexOf(':');
      if (colon < 1) {
        throw new ProtocolException("not a header: " + header);
      }
      headers
          .computeIfAbsent(
              header.substring(0, colon).toLowerCase(Locale.ROOT), name -> new ArrayList<>())
          .add(header.substring(colon + 1).strip());
    }
    if (status < 200) {
      return reply(in, bodiless);
    }
    byte[] body = bodiless || status == 204 || status == 304 ? new byte[0] : body(in, headers);
    return Reply.of(status, headers, body);
  }

  private static byte[] body(InputStream in, Map<String, List<String>> headers) throws IOException {
    List<String> lengths = headers.getOrDefault("content-length", List.of());
    if (lengths.size() == 1) {
      int length = Integer.parseInt(lengths.getFirst());
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        throw new EOFException("the body ended early");
      }
      return body;
    }
    if (!headers.containsKey("transfer-encoding")) {
      return in.readAllBytes();
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = size(in); size > 0; size = size(in)) {
      body.write(in.readNBytes(size));
      need(line(in));
    }
    need(line(in));
    return body.toByteArray();
  }

  private static int size(InputStream in) throws IOException {
    return Integer.parseInt(need(line(in)), 16);
  }

  private static String need(@Nullable String line) throws EOFException {
    if (line == null) {
      throw new EOFException("the answer ended early");
    }
    return line;
  }

  private static @Nullable String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return null;
      }
      line.write(next);
    }
    return line.toString(ISO_8859_1).stripTrailing();
  }
}
