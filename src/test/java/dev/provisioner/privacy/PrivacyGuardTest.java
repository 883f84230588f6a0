package dev.provisioner.privacy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The guard is there, and catches. What is told here on purpose is taken back before it sees. */
@Isolated("What it tells on purpose would fail whichever test runs beside it.")
class PrivacyGuardTest {
  private static final Logger OURS = LoggerFactory.getLogger("dev.provisioner.provision.Invented");
  private static final Logger THEIRS = LoggerFactory.getLogger("org.eclipse.jetty.Invented");

  @Test
  void everyTestIsWatched() {
    assertThat(PrivacyGuard.isWatching()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "person1@example.com",
        "<a.b+c@mail.private.example>",
        "whsec_c2FuZGJveC1zZWNyZXQtb2YtMzItYnl0ZXM=",
        "Authorization: Bearer abcdefghijklmnopqrst",
        "eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6Im9wZXJhdGUifQ.c2lnbmF0dXJl",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="
      })
  void whatLooksConfidentialFailsTheTest(String secret) {
    OURS.trace("It is {}.", secret);

    assertCaught();
  }

  @Test
  @SuppressWarnings("try") // The resource is there to be closed, not to be used.
  void nameAndKeyOfATestFailItWhereverTheyAre() {
    String name = "Somebody " + UUID.randomUUID();
    Confidential.add(name);

    OURS.info("{}", name);
    assertCaught();
    OURS.atDebug().addKeyValue("name", name).log("as a field");
    assertCaught();
    THEIRS.warn("theirs", new IllegalStateException("outer", new IllegalStateException(name)));
    assertCaught();
    try (var ignored = MDC.putCloseable("request_id", name)) {
      OURS.error("in the context");
    }
    assertCaught();
    Confidential.judge("An answer", "{\"name\": \"" + name + "\"}");
    assertCaught();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Provision 9b2f6a52-1f0c-4a50-a6a4-4ac0b6ad8dd5 of user 1: created.",
        "java.base@25.0.1/java.lang.Thread.run(Thread.java:1474)",
        "dev.provisioner.World@1b2c3d4e",
        "Set WEBHOOK_SECRETS=whsec_<base64 of 32 random bytes>",
        "WWW-Authenticate: Bearer error=\"invalid_token\"",
        "[email]"
      })
  void whatIsHarmlessFailsNothing(String text) {
    OURS.info(text);

    assertThatCode(PrivacyGuard::check).doesNotThrowAnyException();
  }

  private static void assertCaught() {
    assertThatThrownBy(PrivacyGuard::check)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("were told");
    assertThatCode(PrivacyGuard::check).doesNotThrowAnyException();
  }
}
