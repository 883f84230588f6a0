package dev.provisioner.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.provisioner.Secret;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What {@code provisioning.check_secret} answers when it holds this secret; the migration says why
 * it is made so.
 *
 * @param secret {@code whsec_} and base64
 */
record SecretProof(Secret secret) {
  private static final String LABEL = "vapi-provisioner check_secret";

  String answer(String challenge) {
    byte[] key = Base64.getDecoder().decode(secret.value().substring("whsec_".length()));
    return HexFormat.of().formatHex(hmac(hmac(key, LABEL), challenge));
  }

  private static byte[] hmac(byte[] key, String message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message.getBytes(UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA256 is not available", e);
    }
  }
}
