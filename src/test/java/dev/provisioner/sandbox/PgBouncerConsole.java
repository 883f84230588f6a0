package dev.provisioner.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * PgBouncer's console, which trusts its operator. It speaks enough of PostgreSQL's protocol for
 * people, but not for the JDBC driver, which begins with a {@code SET}.
 */
final class PgBouncerConsole {
  private static final int PROTOCOL = 3 << 16;
  private static final int PATIENCE_MILLIS = 30_000;

  private PgBouncerConsole() {}

  /** Says one thing, and reads the rows of the answer, if it has any. */
  static List<Map<String, String>> say(InetSocketAddress address, String operator, String command) {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.connect(address, PATIENCE_MILLIS);
      // A message in pieces is no message to it.
      DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
      byte[] startup = text("user", operator, "database", "pgbouncer", "");
      out.writeInt(8 + startup.length);
      out.writeInt(PROTOCOL);
      out.write(startup);
      out.flush();
      DataInputStream in = new DataInputStream(socket.getInputStream());
      answer(in, "the login");
      byte[] query = text(command);
      out.writeByte('Q');
      out.writeInt(4 + query.length);
      out.write(query);
      out.flush();
      return answer(in, command);
    } catch (IOException e) {
      throw new UncheckedIOException(command, e);
    }
  }

  private static List<Map<String, String>> answer(DataInputStream in, String command)
      throws IOException {
    List<String> columns = new ArrayList<>();
    List<Map<String, String>> rows = new ArrayList<>();
    while (true) {
      int type = in.readUnsignedByte();
      byte[] body = in.readNBytes(in.readInt() - 4);
      switch (type) {
        case 'T' -> columns.addAll(columns(ByteBuffer.wrap(body)));
        case 'D' -> rows.add(row(ByteBuffer.wrap(body), columns));
        case 'E' -> throw new IllegalStateException(command + ": " + new String(body, UTF_8));
        case 'Z' -> {
          return rows;
        }
        default -> {} // Parameters, notices, the command's tag.
      }
    }
  }

  private static List<String> columns(ByteBuffer body) {
    List<String> columns = new ArrayList<>();
    for (int left = body.getShort(); left > 0; left--) {
      ByteArrayOutputStream name = new ByteArrayOutputStream();
      for (byte each = body.get(); each != 0; each = body.get()) {
        name.write(each);
      }
      columns.add(name.toString(UTF_8));
      body.position(body.position() + 18); // Where it comes from, and its type.
    }
    return columns;
  }

  private static Map<String, String> row(ByteBuffer body, List<String> columns) {
    Map<String, String> row = new LinkedHashMap<>();
    body.getShort();
    for (String column : columns) {
      int length = body.getInt();
      byte[] value = new byte[Math.max(0, length)];
      body.get(value);
      row.put(column, new String(value, UTF_8));
    }
    return row;
  }

  /** Each ended by a zero. */
  private static byte[] text(String... each) {
    return (String.join("\0", each) + "\0").getBytes(UTF_8);
  }
}
