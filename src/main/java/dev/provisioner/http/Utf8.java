package dev.provisioner.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Bytes from outside as text, or not at all: nothing is ever replaced on the way. */
final class Utf8 {
  private Utf8() {}

  /** Empty when the bytes are no UTF-8; else the text that encodes to exactly these bytes. */
  static Optional<String> decode(byte[] bytes) {
    try {
      // A new decoder reports what it cannot decode, where String's constructor would replace it.
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
