package dev.provisioner.http;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** What a caller would have, of two kinds of answer: JSON, or a line of it at a time. */
final class Accept {
  private static final Pattern COMMA = Pattern.compile(",");
  private static final Pattern SEMICOLON = Pattern.compile(";");
  private static final Pattern QUALITY = Pattern.compile("[01](\\.[0-9]{0,3})?");

  private Accept() {}

  /**
   * Whether lines are named, and JSON is not liked better. Of two that are named and liked as much
   * the first is taken: generated clients name every type there is, and expect the first.
   *
   * @param headers each {@code Accept} of the request
   */
  static boolean prefersLines(List<String> headers) {
    double lines = 0;
    double json = -1;
    double any = 0;
    boolean linesFirst = false;
    for (String range : COMMA.split(String.join(",", headers), -1)) {
      String[] parts = SEMICOLON.split(range, -1);
      double quality = quality(parts);
      switch (parts[0].strip().toLowerCase(Locale.ROOT)) {
        case NdJson.CONTENT_TYPE -> {
          lines = quality;
          linesFirst = json < 0;
        }
        case Json.CONTENT_TYPE -> json = quality;
        case "application/*", "*/*" -> any = Math.max(any, quality);
        default -> {}
      }
    }
    if (lines <= 0) {
      return false;
    }
    return json < 0 ? lines >= any : lines > json || (lines == json && linesFirst);
  }

  /** 1 where it is not said; 0, so that it is passed over, where it is said wrongly. */
  private static double quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip();
      if (parameter.toLowerCase(Locale.ROOT).startsWith("q=")) {
        String value = parameter.substring(2);
        return QUALITY.matcher(value).matches() ? Double.parseDouble(value) : 0;
      }
    }
    return 1;
  }
}
