package dev.provisioner.privacy;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What must not be told, and where it was told all the same. */
public final class Confidential {
  /** E-mail addresses, webhook secrets, bearer tokens, JWTs and signatures, whosever they are. */
  private static final List<Pattern> SHAPES =
      List.of(
          Pattern.compile("[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}"),
          Pattern.compile("whsec_[A-Za-z0-9+/]{16,}"),
          Pattern.compile("Bearer [A-Za-z0-9._~+/-]{16,}"),
          Pattern.compile("eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}"),
          Pattern.compile("v1,[A-Za-z0-9+/]{20,}"));

  /** What is shorter is also an ordinary word. */
  private static final int SHORTEST = 5;

  private static final Set<String> VALUES = ConcurrentHashMap.newKeySet();
  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();

  private Confidential() {}

  /** From now on this, such as a user's name or a key, must not be told. */
  public static void add(String value) {
    if (value.strip().length() >= SHORTEST) {
      VALUES.add(value);
    }
  }

  /**
   * Remembers what of it should not have been told.
   *
   * @param where for the error's text
   */
  public static void judge(String where, String text) {
    for (Pattern each : SHAPES) {
      Matcher found = each.matcher(text);
      if (found.find()) {
        leak(where, found.group(), text);
      }
    }
    for (String each : VALUES) {
      if (text.contains(each)) {
        leak(where, each, text);
      }
    }
  }

  private static void leak(String where, String what, String text) {
    LEAKS.add("%s tells \"%s\": %s".formatted(where, what, text));
  }

  /** What has been told since it was last asked. */
  static List<String> leaks() {
    List<String> leaks = new ArrayList<>();
    for (String each = LEAKS.poll(); each != null; each = LEAKS.poll()) {
      leaks.add(each);
    }
    return leaks;
  }
}
