package dev.provisioner;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/** Reads addresses. What is wrong with one is said without showing it. */
final class Addresses {
  static final URI VAPI = URI.create("https://api.vapi.ai");

  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

  private Addresses() {}

  static URI vapi(String value) {
    return base(value, VAPI.toString());
  }

  /** This service's own, as the outside sees it. */
  static URI ours(String value) {
    String example = "https://your-service.example.com";
    return encrypted(base(value, example), example);
  }

  /** Whoever knows it may write there. */
  static Secret alerts(String value) {
    String example = "https://hooks.slack.com/services/…";
    URI uri = parse(value, example);
    if (!isHttp(uri) || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "is not https:// with a host and a path behind it. Write for example " + example + ".");
    }
    return new Secret(encrypted(uri, example).toString());
  }

  private static URI base(String value, String example) {
    URI uri = parse(value, example);
    if (!isHttp(uri) || uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw new IllegalArgumentException(
          "is not http:// or https:// with a host and nothing but a path behind it. Write for"
              + " example "
              + example
              + ".");
    }
    return URI.create(value.endsWith("/") ? value.substring(0, value.length() - 1) : value);
  }

  private static URI parse(String value, String example) {
    try {
      return new URI(value);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("is no URL. Write for example " + example + ".");
    }
  }

  private static boolean isHttp(URI uri) {
    return ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
        && uri.getHost() != null
        && uri.getRawUserInfo() == null;
  }

  private static URI encrypted(URI uri, String example) {
    if (!"https".equalsIgnoreCase(uri.getScheme())
        && !THIS_MACHINE.contains(uri.getHost().toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          "is not https://, so that what is sent there could be read on the way. Write for example "
              + example
              + ".");
    }
    return uri;
  }
}
