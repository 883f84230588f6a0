package dev.provisioner.sandbox;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test class the one {@link SupabaseServer} of the whole run, started by the first who
 * asks: {@code @ExtendWith(SharedSupabase.class)} and a parameter of that type. A server takes
 * seconds to start, a database in it a fraction of one.
 */
public final class SharedSupabase implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == SupabaseServer.class;
  }

  @Override
  public SupabaseServer resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getStore(StoreScope.LAUNCHER_SESSION, ExtensionContext.Namespace.GLOBAL)
        .computeIfAbsent(SupabaseServer.class, key -> start(), SupabaseServer.class);
  }

  private static SupabaseServer start() {
    SupabaseServer server = SupabaseServer.start();
    // The role belongs to the whole server: two databases' migrations must not make it at once.
    server.createMigratedDatabase().drop();
    return server;
  }
}
