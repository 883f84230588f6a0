package dev.provisioner.provision;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGStatement;

/**
 * One statement as it has reached the driver: its text, what was bound to it and how, and after how
 * many executions the server is to prepare it. So it can be sent again by who does not know who
 * made it, with other values in some places.
 */
final class RecordedStatement {
  private final String sql;
  private final List<Binding> bindings = new ArrayList<>();
  private int prepareThreshold;

  /** One call of a setter; the first argument is the place. */
  private static final class Binding {
    final Method setter;
    final Object[] arguments;

    Binding(Method setter, Object[] arguments) {
      this.setter = setter;
      this.arguments = arguments;
    }
  }

  /** What an array held, which is freed by whoever bound it. */
  private record Elements(String type, List<Object> values) {
    static Elements of(Array array) throws SQLException {
      return new Elements(array.getBaseTypeName(), List.of((Object[]) array.getArray()));
    }

    Array array(Connection connection) throws SQLException {
      return connection.createArrayOf(type, values.toArray());
    }
  }

  private RecordedStatement(String sql) {
    this.sql = sql;
  }

  /**
   * Records while somebody asks.
   *
   * @throws IllegalStateException it was not exactly one statement
   */
  static RecordedStatement of(Connection connection, Consumer<Connection> asks) {
    List<RecordedStatement> sent = new ArrayList<>();
    asks.accept(
        proxy(
            Connection.class,
            connection,
            (method, arguments, result) -> {
              if (!(result instanceof PreparedStatement statement)) {
                return result;
              }
              RecordedStatement recorded = new RecordedStatement((String) arguments[0]);
              sent.add(recorded);
              return proxy(PreparedStatement.class, statement, recorded.listener(statement));
            }));
    if (sent.size() != 1) {
      throw new IllegalStateException("one statement was expected, not " + sent.size());
    }
    return sent.getFirst();
  }

  /** The same statement with the same values, to be kept and executed many times. */
  PreparedStatement prepare(Connection connection) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.unwrap(PGStatement.class).setPrepareThreshold(prepareThreshold);
    for (Binding each : bindings) {
      Object[] arguments = each.arguments.clone();
      if (arguments[1] instanceof Elements it) {
        arguments[1] = it.array(connection);
      }
      call(each.setter, statement, arguments);
    }
    return statement;
  }

  /**
   * Where this value was bound.
   *
   * @throws IllegalStateException nowhere: the statement has changed, and who sends it must, too
   */
  Places placesOf(Object value) {
    List<Integer> places = new ArrayList<>();
    String arrayOf = null;
    for (Binding each : bindings) {
      Object bound = each.arguments[1];
      if (value.equals(plain(bound))) {
        places.add((Integer) each.arguments[0]);
        arrayOf = bound instanceof Elements it ? it.type() : null;
      }
    }
    if (places.isEmpty()) {
      throw new IllegalStateException("nowhere bound: " + value + " in " + sql);
    }
    return new Places(List.copyOf(places), arrayOf);
  }

  /** Where one value belongs, perhaps as the only element of an array. */
  record Places(List<Integer> indexes, @Nullable String arrayOf) {
    void bind(PreparedStatement statement, Object value) throws SQLException {
      for (int each : indexes) {
        if (arrayOf != null) {
          Elements only = new Elements(arrayOf, List.of(value));
          statement.setArray(each, only.array(statement.getConnection()));
        } else {
          statement.setObject(each, value);
        }
      }
    }
  }

  private Listener listener(PreparedStatement statement) {
    return (method, arguments, result) -> {
      if (method.getName().startsWith("set")
          && arguments.length > 1
          && arguments[0] instanceof Integer) {
        Object[] kept = arguments.clone();
        if (kept[1] instanceof Array array) {
          kept[1] = Elements.of(array);
        }
        bindings.add(new Binding(method, kept));
      } else if (method.getName().startsWith("execute")) {
        prepareThreshold = statement.unwrap(PGStatement.class).getPrepareThreshold();
      }
      return result;
    };
  }

  /** As whoever bound it had it. */
  private static @Nullable Object plain(@Nullable Object bound) {
    return switch (bound) {
      case Elements it -> it.values().size() == 1 ? it.values().getFirst() : it;
      case Timestamp it -> it.toInstant();
      case OffsetDateTime it -> it.toInstant();
      case null, default -> bound;
    };
  }

  /** Told of every call that has succeeded, and may give back something else. */
  private interface Listener {
    @Nullable Object called(Method method, Object[] arguments, @Nullable Object result)
        throws SQLException;
  }

  private static <T> T proxy(Class<T> type, T target, Listener listener) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object[] given = Objects.requireNonNullElse(arguments, new Object[0]);
              return listener.called(method, given, call(method, target, given));
            }));
  }

  private static @Nullable Object call(Method method, Object target, Object[] arguments)
      throws SQLException {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof SQLException refused) {
        throw refused;
      }
      throw new IllegalStateException(method.toString(), e.getCause());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(method.toString(), e);
    }
  }
}
