package dev.provisioner.http;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.EmptyWebhookSecretException;
import com.standardwebhooks.exceptions.WebhookSigningException;
import dev.provisioner.Secret;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Verifies signatures of the <a
 * href="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md">Standard
 * Webhooks</a> specification. Several secrets may be in force while one replaces another: any may
 * match.
 *
 * <p>The library computes the signature. Its own {@code verify} is not used, for it reads the
 * system's clock and says only in prose what was wrong.
 */
public final class Signatures {
  /** How far the sender's clock may be from ours, either way. */
  static final Duration TOLERANCE = Duration.ofMinutes(5);

  private static final Pattern TIMESTAMP = Pattern.compile("[0-9]{1,12}");

  /** Blanks separate signatures; intermediaries may join header lines with a comma and a blank. */
  private static final Pattern SEPARATORS = Pattern.compile("[ ,]+");

  private final List<Webhook> secrets;
  private final InstantSource clock;

  /**
   * @param secrets {@code whsec_} and base64, newest first; may be empty
   * @throws IllegalArgumentException when a secret is none
   */
  public Signatures(List<Secret> secrets, InstantSource clock) {
    this.secrets = secrets.stream().map(Signatures::webhook).toList();
    this.clock = clock;
  }

  /** What a signature turned out to be. */
  public enum Verdict {
    VALID,
    /** One of the three headers is missing, or the id is blank. */
    MISSING_HEADERS,
    /** The timestamp is not a number of seconds since 1970. */
    MALFORMED_TIMESTAMP,
    /** Signed more than five minutes ago. */
    TOO_OLD,
    /** Signed more than five minutes from now. */
    TOO_NEW,
    /** No secret gives this signature for this body. */
    NO_MATCH
  }

  /**
   * The three headers as received.
   *
   * @param signature one or more signatures, separated by blanks
   */
  public record Headers(
      @Nullable String id, @Nullable String timestamp, @Nullable String signature) {
    /** Whether the sender meant to sign at all. */
    boolean any() {
      return id != null || timestamp != null || signature != null;
    }
  }

  /** Whether there is any secret to verify with. */
  public boolean configured() {
    return !secrets.isEmpty();
  }

  /**
   * Never throws, whatever was received.
   *
   * @param body exactly the bytes received
   */
  public Verdict verify(Headers headers, byte[] body) {
    String id = headers.id();
    String timestamp = headers.timestamp();
    String signature = headers.signature();
    if (id == null || timestamp == null || signature == null || id.isBlank()) {
      return Verdict.MISSING_HEADERS;
    }
    if (!TIMESTAMP.matcher(timestamp).matches()) {
      return Verdict.MALFORMED_TIMESTAMP;
    }
    long seconds = Long.parseLong(timestamp);
    Instant now = clock.instant();
    if (seconds < now.minus(TOLERANCE).getEpochSecond()) {
      return Verdict.TOO_OLD;
    }
    if (seconds > now.plus(TOLERANCE).getEpochSecond()) {
      return Verdict.TOO_NEW;
    }
    Optional<String> payload = Utf8.decode(body);
    if (payload.isEmpty()) {
      // Text with replacement characters would be verified instead of the bytes.
      return Verdict.NO_MATCH;
    }
    List<byte[]> given = given(signature);
    for (Webhook secret : secrets) {
      byte[] expected = signature(secret, id, seconds, payload.get());
      for (byte[] each : given) {
        if (MessageDigest.isEqual(expected, each)) {
          return Verdict.VALID;
        }
      }
    }
    return Verdict.NO_MATCH;
  }

  /** The {@code v1} signatures in the header; other versions are not ours to judge. */
  private static List<byte[]> given(String header) {
    String[] words = SEPARATORS.split(header, -1);
    List<byte[]> signatures = new ArrayList<>();
    for (int i = 0; i + 1 < words.length; i++) {
      if (words[i].equals("v1")) {
        signatures.add(words[i + 1].getBytes(StandardCharsets.UTF_8));
      }
    }
    return signatures;
  }

  private static byte[] signature(Webhook secret, String id, long seconds, String payload) {
    try {
      String versioned = secret.sign(id, seconds, payload);
      return versioned.substring(versioned.indexOf(',') + 1).getBytes(StandardCharsets.UTF_8);
    } catch (WebhookSigningException e) {
      throw new IllegalStateException("HMAC-SHA256 is not available", e);
    }
  }

  private static Webhook webhook(Secret secret) {
    try {
      return new Webhook(secret.value());
    } catch (EmptyWebhookSecretException e) {
      throw new IllegalArgumentException("A webhook secret is empty.", e);
    }
  }
}
