package dev.provisioner.provision;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * A statement with named parameters, {@code :name}, taken apart once, for what every provision
 * executes. All else goes through Jdbi, whose search for the way to bind each value was a sixth of
 * the service's processor time in {@code mvn -Pbench}.
 *
 * <p>A colon before a letter begins a name, wherever it stands: write {@code cast(… as …)} and keep
 * such colons out of literals.
 */
final class Sql {
  private static final Pattern NAME = Pattern.compile(":([a-zA-Z]\\w*)");

  private final String text;
  private final List<String> names;
  private final int[] places; // which of the names stands at each place
  private final boolean prepared;

  private Sql(String text, boolean prepared) {
    List<String> found = new ArrayList<>();
    this.text = NAME.matcher(text).replaceAll(name -> note(name.group(1), found));
    this.names = found.stream().distinct().toList();
    this.places = found.stream().mapToInt(names::indexOf).toArray();
    this.prepared = prepared;
  }

  private static String note(String name, List<String> found) {
    found.add(name);
    return Matcher.quoteReplacement("?");
  }

  /** One statement. The server prepares it after some executions on the same connection. */
  static Sql of(String text) {
    return new Sql(text, true);
  }

  /**
   * Several statements in one round trip, and in one implicit transaction.
   *
   * <p>They are never prepared at the server. Once they were, the driver would wait for each answer
   * of unknown length, and what it sends to get it ends the implicit transaction. A transaction
   * begun and ended by us would not do: a service that froze in between would keep its locks, and a
   * user's deletion waiting.
   */
  static Sql ofSeveral(String text) {
    return new Sql(text, false);
  }

  /** The statement with a first value; see {@link Bound#bind}. */
  Bound bind(String name, @Nullable Object value) {
    return new Bound().bind(name, value);
  }

  /** The statement with values, for one execution. */
  final class Bound {
    private static final Object MISSING = new Object();

    private final @Nullable Object[] values = new Object[names.size()];

    private Bound() {
      Arrays.fill(values, MISSING);
    }

    /**
     * @param value text, a whole number, a boolean, {@link UUID}, {@link Instant}, {@link
     *     Duration}, or a collection of UUIDs; or null
     * @throws IllegalArgumentException no parameter has this name
     */
    Bound bind(String name, @Nullable Object value) {
      int index = names.indexOf(name);
      if (index < 0) {
        throw new IllegalArgumentException("there is no parameter " + name);
      }
      values[index] = value;
      return this;
    }

    /**
     * @throws IllegalStateException a parameter has no value yet
     */
    PreparedStatement on(Connection connection) throws SQLException {
      int missing = Arrays.asList(values).indexOf(MISSING);
      if (missing >= 0) {
        throw new IllegalStateException("parameter " + names.get(missing) + " has no value");
      }
      PreparedStatement statement = connection.prepareStatement(text);
      if (!prepared) {
        statement.unwrap(PGStatement.class).setPrepareThreshold(0);
      }
      for (int i = 0; i < places.length; i++) {
        set(statement, i + 1, values[places[i]]);
      }
      return statement;
    }

    private static void set(PreparedStatement statement, int place, @Nullable Object value)
        throws SQLException {
      switch (value) {
        case null -> statement.setNull(place, Types.NULL);
        case Instant it -> statement.setObject(place, it.atOffset(ZoneOffset.UTC));
        // As ISO 8601 writes it, which the server takes for an interval.
        case Duration it -> statement.setObject(place, it.toString(), Types.OTHER);
        case Collection<?> it ->
            statement.setArray(
                place, statement.getConnection().createArrayOf("uuid", it.toArray()));
        default -> statement.setObject(place, value);
      }
    }
  }
}
