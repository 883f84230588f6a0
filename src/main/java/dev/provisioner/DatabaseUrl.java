package dev.provisioner;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the database is, the way the PostgreSQL driver wants it, with the credentials taken out: a
 * JDBC address travels through pools, logs and exceptions, and must not carry a password there.
 *
 * @param jdbcUrl {@code jdbc:postgresql://host:port/database?…}, without user and password
 * @param user null when the address names none
 * @param password null when the address names none
 */
public record DatabaseUrl(String jdbcUrl, @Nullable String user, @Nullable Secret password) {
  private static final int DEFAULT_PORT = 5432;

  /** Supavisor's transaction mode, which hands every transaction to another connection. */
  private static final int TRANSACTION_POOLER_PORT = 6543;

  /** Supavisor's, in either mode. */
  private static final String POOLER_DOMAIN = ".pooler.supabase.com:";

  /** With the project that Supavisor is to look for it in. */
  private static final Pattern POOLER_USER = Pattern.compile(".+\\.[a-z]{20}");

  private static final String JDBC = "jdbc:";
  private static final Pattern AUTHORITY = Pattern.compile("jdbc:postgresql://(?<hosts>[^/]*)/");
  private static final Pattern LOCAL = Pattern.compile("(?i)(localhost|127\\.[0-9.]+|\\[::1]):.*");
  private static final Pattern REQUIRES_TLS =
      Pattern.compile("[?&](sslmode=(require|verify-ca|verify-full)|ssl=true)(&|$)");
  private static final Pattern SCHEME = Pattern.compile("(?i)(jdbc:)?postgres(ql)?://");
  private static final Pattern HOST_AND_PORT =
      Pattern.compile("(?<host>[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:(?<port>[0-9]{1,5}))?");
  private static final Pattern COMMA = Pattern.compile(",");
  private static final Pattern AMPERSAND = Pattern.compile("&");
  private static final Pattern AUTHORITY_END = Pattern.compile("[/?#]");
  private static final String EXAMPLE =
      "Write postgresql://user:password@host:5432/postgres, as Supabase shows it.";
  private static final String ESCAPE =
      "In user and password write / as %2F, ? as %3F, # as %23 and % as %25.";

  /**
   * Reads {@code postgresql://} and {@code postgres://} addresses, with percent-encoded credentials
   * before the host, and {@code jdbc:postgresql://} ones, with credentials there or as the
   * parameters {@code user} and {@code password}. An unescaped {@code @} or {@code :} in the
   * password is understood. All other parameters are kept; a transaction pooler's port adds {@code
   * prepareThreshold=0}, since its connections cannot keep prepared statements.
   *
   * @throws IllegalArgumentException when this is no such address; the message says what to write
   *     instead and shows nothing of the address
   */
  public static DatabaseUrl parse(String address) {
    Matcher scheme = SCHEME.matcher(address);
    if (!scheme.lookingAt()) {
      throw new IllegalArgumentException("is not the address of a PostgreSQL. " + EXAMPLE);
    }
    boolean jdbc = address.regionMatches(true, 0, JDBC, 0, JDBC.length());
    String rest = address.substring(scheme.end());
    Matcher end = AUTHORITY_END.matcher(rest);
    int authorityEnd = end.find() ? end.start() : rest.length();
    String authority = rest.substring(0, authorityEnd);
    String afterAuthority = rest.substring(authorityEnd);
    if (afterAuthority.indexOf('#') >= 0) {
      throw new IllegalArgumentException("has a # in it. " + ESCAPE);
    }
    int queryAt = afterAuthority.indexOf('?');
    String path = queryAt < 0 ? afterAuthority : afterAuthority.substring(0, queryAt);
    String query = queryAt < 0 ? "" : afterAuthority.substring(queryAt + 1);
    int at = authority.lastIndexOf('@');
    if (path.indexOf('@') >= 0
        || path.lastIndexOf('/') > 0
        || (at < 0 && !jdbc && query.contains("@"))) {
      // Whatever host we read here would be a piece of the password.
      throw new IllegalArgumentException("cannot be taken apart. " + ESCAPE);
    }
    if (path.length() < 2) {
      throw new IllegalArgumentException("names no database. " + EXAMPLE);
    }
    Parameters parameters = Parameters.of(query, jdbc);
    Hosts hosts = Hosts.of(authority.substring(at + 1));
    if (hosts.transactionPooler() && !parameters.has("prepareThreshold")) {
      parameters.kept.add("prepareThreshold=0");
    }
    String userInfo = at < 0 ? "" : authority.substring(0, at);
    int colon = userInfo.indexOf(':');
    String user = decoded(colon < 0 ? userInfo : userInfo.substring(0, colon));
    String password = colon < 0 ? "" : decoded(userInfo.substring(colon + 1));
    user = user.isEmpty() ? parameters.user : user;
    password = password.isEmpty() ? parameters.password : password;
    String kept = String.join("&", parameters.kept);
    return new DatabaseUrl(
        "jdbc:postgresql://"
            + hosts.text()
            + (jdbc ? path : literalPlus(path))
            + (kept.isEmpty() ? "" : "?" + (jdbc ? kept : literalPlus(kept))),
        user.isBlank() ? null : user,
        password.isBlank() ? null : new Secret(password));
  }

  /** Host, port and database; parameters are left out, for some of them are nobody's business. */
  @Override
  public String toString() {
    int query = jdbcUrl.indexOf('?');
    return query < 0 ? jdbcUrl : jdbcUrl.substring(0, query);
  }

  /** The JDBC address with these parameters, but for those that it has already. */
  String jdbcUrl(Map<String, String> defaults) {
    StringBuilder url = new StringBuilder(jdbcUrl);
    defaults.forEach((name, value) -> {
      if (!jdbcUrl.contains("?" + name + "=") && !jdbcUrl.contains("&" + name + "=")) {
        url.append(url.indexOf("?") < 0 ? '?' : '&').append(name).append('=').append(value);
      }
    });
    return url.toString();
  }

  /** Host and port, of each when there are several. */
  public String hosts() {
    Matcher authority = AUTHORITY.matcher(jdbcUrl);
    return authority.lookingAt() ? authority.group("hosts") : "";
  }

  /** How a connection comes about, as far as the address tells. */
  public enum Mode {
    DIRECT("direct connection"),
    SESSION_POOLER("session pooler"),
    TRANSACTION_POOLER("transaction pooler");

    private final String text;

    Mode(String text) {
      this.text = text;
    }

    /** For people. */
    public String text() {
      return text;
    }
  }

  public Mode mode() {
    if (hosts().contains(":" + TRANSACTION_POOLER_PORT)) {
      return Mode.TRANSACTION_POOLER;
    }
    return hosts().contains(POOLER_DOMAIN) || (user != null && POOLER_USER.matcher(user).matches())
        ? Mode.SESSION_POOLER
        : Mode.DIRECT;
  }

  /** Whether it is on this machine, so that nobody can listen in between. */
  public boolean local() {
    return COMMA.splitAsStream(hosts()).allMatch(each -> LOCAL.matcher(each).matches());
  }

  /** Whether there is no connection without TLS. */
  public boolean requiresTls() {
    return REQUIRES_TLS.matcher(jdbcUrl).find();
  }

  /** The driver reads a plus as a blank, as forms do; in a libpq address it is a plus. */
  private static String literalPlus(String text) {
    return text.replace("+", "%2B");
  }

  /** Percent-decoding that refuses what is not UTF-8 instead of replacing it. */
  private static String decoded(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer plain = ByteBuffer.allocate(utf8.length);
    for (int i = 0; i < utf8.length; i++) {
      if (utf8[i] != '%') {
        plain.put(utf8[i]);
        continue;
      }
      int high = i + 2 < utf8.length ? Character.digit(utf8[i + 1], 16) : -1;
      int low = i + 2 < utf8.length ? Character.digit(utf8[i + 2], 16) : -1;
      if (high < 0 || low < 0) {
        throw new IllegalArgumentException("has a % that encodes nothing. " + ESCAPE);
      }
      plain.put((byte) (high << 4 | low));
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(plain.flip()).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("percent-encodes something that is no UTF-8. " + ESCAPE);
    }
  }

  private record Hosts(String text, boolean transactionPooler) {
    static Hosts of(String authority) {
      List<String> hosts = new ArrayList<>();
      boolean transactionPooler = false;
      for (String each : COMMA.split(authority, -1)) {
        Matcher matcher = HOST_AND_PORT.matcher(each);
        if (each.isEmpty() || each.startsWith(":")) {
          throw new IllegalArgumentException("names no host. " + EXAMPLE);
        }
        if (!matcher.matches()) {
          throw new IllegalArgumentException("has no readable host and port. " + EXAMPLE);
        }
        int port =
            matcher.group("port") == null ? DEFAULT_PORT : Integer.parseInt(matcher.group("port"));
        if (port < 1 || port > 65_535) {
          throw new IllegalArgumentException("has a port outside 1 to 65535. " + EXAMPLE);
        }
        hosts.add(matcher.group("host") + ":" + port);
        transactionPooler |= port == TRANSACTION_POOLER_PORT;
      }
      return new Hosts(String.join(",", hosts), transactionPooler);
    }
  }

  private static final class Parameters {
    final List<String> kept = new ArrayList<>();
    String user = "";
    String password = "";

    static Parameters of(String query, boolean jdbc) {
      Parameters parameters = new Parameters();
      for (String each : AMPERSAND.split(query, -1)) {
        int equals = each.indexOf('=');
        String name = decoded(equals < 0 ? each : each.substring(0, equals));
        String value = equals < 0 ? "" : each.substring(equals + 1);
        switch (name.toLowerCase(Locale.ROOT)) {
          case "" -> {}
          case "user" -> parameters.user = value(value, jdbc);
          case "password" -> parameters.password = value(value, jdbc);
          case "sslpassword" ->
              throw new IllegalArgumentException(
                  "has the parameter sslpassword, which would be seen wherever the address is. Use"
                      + " a key without a passphrase.");
          default -> parameters.kept.add(each);
        }
      }
      return parameters;
    }

    private static String value(String text, boolean jdbc) {
      return decoded(jdbc ? text.replace('+', ' ') : text);
    }

    boolean has(String name) {
      return kept.stream().anyMatch(each -> each.startsWith(name + "="));
    }
  }
}
