package dev.provisioner.provision;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A connection that stays open whoever closes it, and tells what is executed on it. */
final class KeptOpen {
  private KeptOpen() {}

  static Connection of(Connection connection) {
    return of(connection, executed -> {});
  }

  /**
   * @param executed given each statement with its values, as it could be sent once more
   */
  static Connection of(Connection connection, Consumer<String> executed) {
    return proxy(
        Connection.class,
        (method, arguments) -> {
          if (method.getName().equals("close")) {
            return null;
          }
          Object result = call(connection, method, arguments);
          return result instanceof PreparedStatement statement
              ? telling(statement, executed)
              : result;
        });
  }

  private static PreparedStatement telling(PreparedStatement statement, Consumer<String> executed) {
    return proxy(
        PreparedStatement.class,
        (method, arguments) -> {
          if (method.getName().startsWith("execute")) {
            executed.accept(statement.toString());
          }
          return call(statement, method, arguments);
        });
  }

  private interface Handler {
    @Nullable Object handle(Method method, Object @Nullable [] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Handler handler) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> handler.handle(method, arguments)));
  }

  private static @Nullable Object call(Object target, Method method, Object @Nullable [] arguments)
      throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
