package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.standardwebhooks.Webhook;
import dev.provisioner.Secret;
import dev.provisioner.http.Signatures.Headers;
import dev.provisioner.http.Signatures.Verdict;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignaturesTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final long SECONDS = NOW.getEpochSecond();
  private static final Secret NEWEST = new Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  private static final Secret OLDER = new Secret("whsec_b2xkZXItc2VjcmV0LW9mLTI0LWJ5dGVzIQ==");
  private static final Secret FOREIGN = new Secret("whsec_Zm9yZWlnbi1zZWNyZXQtMjQtYnl0ZXMhISE=");
  private static final byte[] BODY = "{\"name\":\"Zoë 🙂\"}".getBytes(UTF_8);

  private final Signatures signatures =
      new Signatures(List.of(NEWEST, OLDER), InstantSource.fixed(NOW));

  @Test
  void signatureWithEitherSecretIsValidWhileTheyRotate() {
    assertThat(verify(signed(NEWEST, SECONDS, BODY))).isEqualTo(Verdict.VALID);
    assertThat(verify(signed(OLDER, SECONDS, BODY))).isEqualTo(Verdict.VALID);
  }

  @Test
  void exampleOfTheSpecificationIsValid() {
    Signatures then =
        new Signatures(List.of(NEWEST), InstantSource.fixed(Instant.ofEpochSecond(1614265330)));
    Headers headers =
        new Headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

    assertThat(then.verify(headers, "{\"test\": 2432232314}".getBytes(UTF_8)))
        .isEqualTo(Verdict.VALID);
  }

  @Test
  void signatureWithAnotherSecretMatchesNothing() {
    assertThat(verify(signed(FOREIGN, SECONDS, BODY))).isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void changedBodyIdOrTimestampMatchesNothing() {
    Headers signed = signed(NEWEST, SECONDS, BODY);

    assertThat(signatures.verify(signed, "{}".getBytes(UTF_8))).isEqualTo(Verdict.NO_MATCH);
    assertThat(verify(new Headers("other", signed.timestamp(), signed.signature())))
        .isEqualTo(Verdict.NO_MATCH);
    assertThat(verify(new Headers(signed.id(), "" + (SECONDS + 1), signed.signature())))
        .isEqualTo(Verdict.NO_MATCH);
  }

  @ParameterizedTest
  @CsvSource({
    "-301, TOO_OLD",
    "-300, VALID",
    "0, VALID",
    "300, VALID",
    "301, TOO_NEW",
    "-999999, TOO_OLD"
  })
  void timestampMayBeFiveMinutesOffEitherWay(long offset, Verdict expected) {
    assertThat(verify(signed(NEWEST, SECONDS + offset, BODY))).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "now",
        "-1",
        "+1893456000",
        "1893456000.0",
        "1e9",
        "99999999999999999999"
      })
  void timestampThatIsNoNumberOfSecondsIsMalformed(String timestamp) {
    assertThat(verify(new Headers("msg_1", timestamp, "v1,x")))
        .isEqualTo(Verdict.MALFORMED_TIMESTAMP);
  }

  @Test
  void everyHeaderIsNeeded() {
    Headers all = signed(NEWEST, SECONDS, BODY);

    assertThat(verify(new Headers(null, all.timestamp(), all.signature())))
        .isEqualTo(Verdict.MISSING_HEADERS);
    assertThat(verify(new Headers(" ", all.timestamp(), all.signature())))
        .isEqualTo(Verdict.MISSING_HEADERS);
    assertThat(verify(new Headers(all.id(), null, all.signature())))
        .isEqualTo(Verdict.MISSING_HEADERS);
    assertThat(verify(new Headers(all.id(), all.timestamp(), null)))
        .isEqualTo(Verdict.MISSING_HEADERS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v1,bm90IGl0 %s",
        "%s v1,bm90IGl0",
        "v1a,YXN5bW1ldHJpYw== %s",
        "v2,bmV3 %s",
        "v1 %s",
        "%s,",
        "v1,bm90IGl0, %s",
        "v1,bm90IGl0,%s",
        "  %s  "
      })
  void anyOfSeveralSignaturesMayMatch(String form) {
    Headers one = signed(NEWEST, SECONDS, BODY);
    String several = form.formatted(one.signature());

    assertThat(verify(new Headers(one.id(), one.timestamp(), several))).isEqualTo(Verdict.VALID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "v1", "v1,", "rubbish", "v1,%", "v1,==", "v1,ü"})
  void headerWithoutASignatureMatchesNothing(String signature) {
    assertThat(verify(new Headers("msg_1", "" + SECONDS, signature))).isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void signatureOfAnotherVersionMatchesNothing() {
    Headers one = signed(NEWEST, SECONDS, BODY);
    String other = String.valueOf(one.signature()).replace("v1,", "v2,");

    assertThat(verify(new Headers(one.id(), one.timestamp(), other))).isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void bytesThatAreNoTextAreNeverVerifiedAsTheTextThatReplacesThem() {
    byte[] broken = {'"', (byte) 0xC3, '"'};
    Headers overReplaced = signed(NEWEST, SECONDS, new String(broken, UTF_8).getBytes(UTF_8));

    assertThat(signatures.verify(overReplaced, broken)).isEqualTo(Verdict.NO_MATCH);
  }

  @Test
  void emptyBodyCanBeSigned() {
    assertThat(signatures.verify(signed(NEWEST, SECONDS, new byte[0]), new byte[0]))
        .isEqualTo(Verdict.VALID);
  }

  @Test
  void withoutSecretsNothingMatches() {
    Signatures none = new Signatures(List.of(), InstantSource.fixed(NOW));

    assertThat(none.configured()).isFalse();
    assertThat(none.verify(signed(NEWEST, SECONDS, BODY), BODY)).isEqualTo(Verdict.NO_MATCH);
  }

  private Verdict verify(Headers headers) {
    return signatures.verify(headers, BODY);
  }

  static Headers signed(Secret secret, long seconds, byte[] body) {
    @Nullable String signature;
    try {
      signature = new Webhook(secret.value()).sign("msg_1", seconds, new String(body, UTF_8));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return new Headers("msg_1", Long.toString(seconds), signature);
  }
}
