package dev.provisioner;

import java.nio.charset.StandardCharsets;

/**
 * A value that must not be seen: a password, a key. It can be passed around, logged with its owner
 * or end up in an exception without showing, because {@link #toString()} is always {@code ***}.
 *
 * @param value the secret itself, never blank; call this only where it is used up
 */
public record Secret(String value) {
  /**
   * @throws IllegalArgumentException when the value is blank
   */
  public Secret {
    if (value.isBlank()) {
      throw new IllegalArgumentException("A secret must not be blank.");
    }
  }

  /** The secret as UTF-8, a fresh array. */
  public byte[] bytes() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "***";
  }
}
