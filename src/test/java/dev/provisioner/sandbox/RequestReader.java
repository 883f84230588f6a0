package dev.provisioner.sandbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads what a PostgreSQL client asks for off its connection. Looking for text in the bytes is not
 * enough: a statement's text is sent once, when it is prepared, and from then on only its name;
 * even a driver's COMMIT is.
 */
final class RequestReader {
  /** The server's own limit. A first message longer than that is some other protocol's. */
  private static final int LONGEST_STARTUP = 10_000;

  /** The types of startup messages after which the client starts over. */
  private static final int SSL_REQUEST = 80877103;

  private static final int GSS_REQUEST = 80877104;

  private final Map<String, String> statements = new HashMap<>();
  private byte[] unread = {};
  private boolean started;
  private volatile boolean postgres = true;

  boolean speaksPostgres() {
    return postgres;
  }

  /** What is executed by the messages that these bytes complete. */
  List<String> read(byte[] chunk, int length) {
    if (!postgres) {
      return List.of(new String(chunk, 0, length, StandardCharsets.ISO_8859_1));
    }
    byte[] bytes = new byte[unread.length + length];
    System.arraycopy(unread, 0, bytes, 0, unread.length);
    System.arraycopy(chunk, 0, bytes, unread.length, length);
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    List<String> executed = new ArrayList<>();
    while (true) {
      int typeBytes = started ? 1 : 0;
      if (buffer.remaining() < typeBytes + Integer.BYTES) {
        break;
      }
      int size = buffer.getInt(buffer.position() + typeBytes);
      if (size < Integer.BYTES || (!started && size > LONGEST_STARTUP)) {
        postgres = false;
        return List.of(new String(bytes, StandardCharsets.ISO_8859_1));
      }
      if (buffer.remaining() < typeBytes + size) {
        break;
      }
      char type = started ? (char) buffer.get() : ' ';
      buffer.getInt();
      byte[] message = new byte[size - Integer.BYTES];
      buffer.get(message);
      read(type, message, executed);
    }
    unread = new byte[buffer.remaining()];
    buffer.get(unread);
    return executed;
  }

  private void read(char type, byte[] message, List<String> executed) {
    String text = new String(message, StandardCharsets.UTF_8);
    switch (type) {
      case ' ' -> {
        int code = message.length < Integer.BYTES ? 0 : ByteBuffer.wrap(message).getInt();
        started = code != SSL_REQUEST && code != GSS_REQUEST;
      }
      case 'Q' -> executed.add(text);
      case 'P' -> {
        String[] nameAndSql = text.split("\0", 3);
        statements.put(nameAndSql[0], nameAndSql[1]);
      }
      case 'B' -> {
        String[] portalAndName = text.split("\0", 3);
        executed.add(statements.getOrDefault(portalAndName[1], "") + "\n" + text);
      }
      default -> {
        // Describe, Execute, Sync and the like say nothing new.
      }
    }
  }
}
