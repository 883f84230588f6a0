package dev.provisioner.vapi;

/** Makes one harmless line out of text that somebody else wrote. */
final class PlainText {
  private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
  private static final int ZERO_WIDTH_JOINER = 0x200D;

  private PlainText() {}

  /**
   * One trimmed line: white space of every kind becomes single spaces; control and format
   * characters (bidirectional overrides, zero-width spaces, invisible tags) and unpaired surrogates
   * are dropped. The two joiners stay behind a visible character: Persian names and many emoji need
   * them.
   *
   * @param limit the most UTF-16 units the result may have; a surrogate pair is never split
   */
  static String line(String text, int limit) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), limit));
    boolean space = false;
    boolean visible = false;
    for (int at = 0; at < text.length() && line.length() <= limit; ) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c)) {
        space = line.length() > 0;
      } else if (c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER) {
        if (visible && !space) {
          line.appendCodePoint(c);
          visible = false;
        }
      } else if (!isInvisible(c)) {
        if (space) {
          line.append(' ');
          space = false;
        }
        line.appendCodePoint(c);
        visible = true;
      }
    }
    return cut(line.toString(), limit);
  }

  /** The first {@code limit} UTF-16 units without white space at the end and with no pair split. */
  static String cut(String text, int limit) {
    if (text.length() <= limit) {
      return text.stripTrailing();
    }
    int end = Character.isHighSurrogate(text.charAt(limit - 1)) ? limit - 1 : limit;
    return text.substring(0, end).stripTrailing();
  }

  /** The same text with unpaired surrogates, which no UTF-8 can carry, replaced by U+FFFD. */
  static String wellFormed(String text) {
    StringBuilder repaired = null;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      if (isUnpairedSurrogate(c)) {
        if (repaired == null) {
          repaired = new StringBuilder(text);
        }
        repaired.setCharAt(at, '\uFFFD');
      }
      at += Character.charCount(c);
    }
    return repaired == null ? text : repaired.toString();
  }

  private static boolean isInvisible(int c) {
    int type = Character.getType(c);
    return type == Character.CONTROL || type == Character.FORMAT || isUnpairedSurrogate(c);
  }

  private static boolean isUnpairedSurrogate(int c) {
    return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
  }
}
