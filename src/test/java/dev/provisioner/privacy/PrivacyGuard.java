package dev.provisioner.privacy;

import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test during which something confidential was told, or else its class. JUnit finds it by
 * itself: it watches every test there is.
 */
public final class PrivacyGuard implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
  private static volatile boolean watching;

  /** Whether JUnit has found it. */
  static boolean isWatching() {
    return watching;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    watching = true;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    check();
  }

  /** What threads have said that outlive their tests. */
  @Override
  public void afterAll(ExtensionContext context) {
    check();
  }

  static void check() {
    List<String> leaks = Confidential.leaks();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          "Personal data or secrets were told:\n  " + String.join("\n  ", leaks));
    }
  }
}
