package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import dev.provisioner.Secret;
import dev.provisioner.http.Signatures.Headers;
import dev.provisioner.http.Signatures.Verdict;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Ours against what the authors of Standard Webhooks publish: their test vectors, their library.
 */
class SignatureVectorsTest {
  private static final String KEY = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String SECRET = "whsec_" + KEY;
  private static final String OTHER_SECRET = "whsec_b2xkZXItc2VjcmV0LW9mLTI0LWJ5dGVzIQ==";
  private static final String ID = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  private static final long SECONDS = 1614265330;
  private static final String PAYLOAD = "{\"test\": 2432232314}";
  private static final String SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

  /** Of the same message with the asymmetric scheme, which is not spoken here. */
  private static final String ASYMMETRIC =
      "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";

  /** Nobody's. */
  private static final String WRONG = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

  @Test
  void publishedSignatureIsWhatTheLibraryMakesAndWeAccept() throws Exception {
    assertThat(new Webhook(SECRET).sign(ID, SECONDS, PAYLOAD)).isEqualTo(SIGNATURE);
    assertThat(verdict(SIGNATURE)).isEqualTo(Verdict.VALID);
  }

  @Test
  void secretIsTheSameWithAndWithoutItsPrefix() {
    Signatures bare = signatures(SECONDS, KEY);

    assertThat(bare.verify(headers(SIGNATURE), PAYLOAD.getBytes(UTF_8))).isEqualTo(Verdict.VALID);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          %1$s v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= %2$s %1$s | VALID
          %3$s %2$s                                     | VALID
          %2$s %3$s                                     | VALID
          %1$s, %2$s                                    | VALID
          %2$s, %1$s                                    | VALID
          %1$s,%2$s                                     | VALID
          %3$s                                          | NO_MATCH
          v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= | NO_MATCH
          v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=  | NO_MATCH
          g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=  | NO_MATCH
          invalid_signature                             | NO_MATCH
          v1,invalid_signature                          | NO_MATCH
          v1,dawfeoifkpqwoekfpqoekf                     | NO_MATCH
          v1,g0hM9                                      | NO_MATCH
          v1,                                           | NO_MATCH
          v1a,                                          | NO_MATCH
          %1$s                                          | NO_MATCH
          """)
  void oneGoodSignatureAmongOthersIsEnough(String header, Verdict expected) {
    assertThat(verdict(header.formatted(WRONG, SIGNATURE, ASYMMETRIC))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"-301, TOO_NEW", "-300, VALID", "300, VALID", "301, TOO_OLD"})
  void timeIsToleratedAsInTheReferenceLibraries(long later, Verdict expected) {
    Signatures then = signatures(SECONDS + later, SECRET);

    assertThat(then.verify(headers(SIGNATURE), PAYLOAD.getBytes(UTF_8))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "",
        "{\"name\":\"Zoë 🙂 名前\"}",
        "{\"rtl\":\"\u202Eabc\u0000\"}",
        " {\"a\" : \"\\ud83d\\ude42\"}\r\n"
      })
  void whatTheLibrarySignsWeAccept(String payload) throws Exception {
    String signature = new Webhook(SECRET).sign(ID, SECONDS, payload);

    assertThat(signatures(SECONDS, SECRET).verify(headers(signature), payload.getBytes(UTF_8)))
        .isEqualTo(Verdict.VALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":1}", "{\"name\":\"Zoë 🙂 名前\"}", ""})
  void whatTheSpecificationSaysToSignBothAccept(String payload) throws Exception {
    // The library has the system's clock.
    long now = Instant.now().getEpochSecond();
    String signature = byHand(SECRET, now, payload);

    assertThatCode(() -> new Webhook(SECRET).verify(payload, map(now, signature)))
        .doesNotThrowAnyException();
    assertThat(
            signatures(now, SECRET)
                .verify(new Headers(ID, Long.toString(now), signature), payload.getBytes(UTF_8)))
        .isEqualTo(Verdict.VALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"a\":2}", "{\"a\":1} ", ""})
  void whatTheLibraryRefusesWeRefuse(String received) throws Exception {
    long now = Instant.now().getEpochSecond();
    String signature = new Webhook(SECRET).sign(ID, now, "{\"a\":1}");

    assertThatThrownBy(() -> new Webhook(SECRET).verify(received, map(now, signature)))
        .isInstanceOf(WebhookVerificationException.class);
    assertThat(
            signatures(now, SECRET)
                .verify(new Headers(ID, Long.toString(now), signature), received.getBytes(UTF_8)))
        .isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void eitherSideMayBeTheFirstToRotate() throws Exception {
    Signatures both = signatures(SECONDS, OTHER_SECRET, SECRET);
    String newer = new Webhook(OTHER_SECRET).sign(ID, SECONDS, PAYLOAD);

    for (String header : List.of(SIGNATURE, newer, newer + " " + SIGNATURE)) {
      assertThat(both.verify(headers(header), PAYLOAD.getBytes(UTF_8))).isEqualTo(Verdict.VALID);
    }
    // A sender that rotates first signs with both; a receiver that knows one of them is content.
    assertThat(verdict(newer + " " + SIGNATURE)).isEqualTo(Verdict.VALID);
    assertThat(verdict(newer)).isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void signaturesJoinedByCommasAsSupabaseAuthSendsThemAreAccepted() throws Exception {
    String newer = new Webhook(OTHER_SECRET).sign(ID, SECONDS, PAYLOAD);

    assertThat(verdict(String.join(", ", newer, SIGNATURE))).isEqualTo(Verdict.VALID);
    assertThat(verdict(String.join(", ", SIGNATURE, newer))).isEqualTo(Verdict.VALID);
    assertThat(verdict(String.join(", ", newer, WRONG))).isEqualTo(Verdict.NO_MATCH);
  }

  private static Verdict verdict(String signature) {
    return signatures(SECONDS, SECRET).verify(headers(signature), PAYLOAD.getBytes(UTF_8));
  }

  private static Headers headers(String signature) {
    return new Headers(ID, Long.toString(SECONDS), signature);
  }

  private static Signatures signatures(long now, String... secrets) {
    return new Signatures(
        List.of(secrets).stream().map(Secret::new).toList(),
        InstantSource.fixed(Instant.ofEpochSecond(now)));
  }

  private static Map<String, List<String>> map(long seconds, String signature) {
    return Map.of(
        "webhook-id", List.of(ID),
        "webhook-timestamp", List.of(Long.toString(seconds)),
        "webhook-signature", List.of(signature));
  }

  private static String byHand(String secret, long seconds, String payload)
      throws GeneralSecurityException {
    byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    byte[] signed = (ID + "." + seconds + "." + payload).getBytes(UTF_8);
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed));
  }
}
