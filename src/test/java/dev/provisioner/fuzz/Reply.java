package dev.provisioner.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An answer as it was on the wire.
 *
 * @param headers by their names in small letters
 */
public record Reply(int status, Map<String, List<String>> headers, String body) {
  /** The value of a header; empty where it is absent. */
  public String header(String name) {
    return String.join("\n", headers.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()));
  }

  static Reply of(int status, Map<String, List<String>> headers, byte[] body) {
    return new Reply(status, headers, new String(body, StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return status + " " + headers + " " + body;
  }
}
