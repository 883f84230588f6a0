package dev.provisioner.storm;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/**
 * What users do, by way of Supabase's auth server. While the database is away they try again; each
 * statement may run twice.
 */
final class People {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(50);
  private static final String AUTH_SERVER = "supabase_auth_admin";

  private final SupabaseDatabase database;

  People(SupabaseDatabase database) {
    this.database = database;
  }

  void signUp(UUID user) {
    asAuthServer(
        """
        insert into auth.users (instance_id, id, aud, role, email, encrypted_password,
                                raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        select '00000000-0000-0000-0000-000000000000', u, 'authenticated', 'authenticated',
               u || '@example.com', '', '{"provider": "email", "providers": ["email"]}',
               '{"full_name": "Somebody"}', now(), now()
          from cast(? as uuid) u
        on conflict do nothing
        """,
        user);
  }

  void verify(UUID user) {
    asAuthServer(
        """
        update auth.users set email_confirmed_at = now(), updated_at = now()
         where id = ? and email_confirmed_at is null
        """,
        user);
  }

  void unverify(UUID user) {
    asAuthServer(
        "update auth.users set email_confirmed_at = null, updated_at = now() where id = ?", user);
  }

  void delete(UUID user) {
    asAuthServer("delete from auth.users where id = ?", user);
  }

  /** The user's newest row. */
  Optional<UUID> rowOf(UUID user) {
    return insist(() -> {
      try (Connection superuser = database.connectAsSuperuser();
          PreparedStatement statement =
              superuser.prepareStatement(
                  """
                  select id from public.pending_vapi_provision where user_id = ?
                   order by created_at desc limit 1
                  """)) {
        statement.setObject(1, user);
        try (ResultSet row = statement.executeQuery()) {
          return row.next() ? Optional.of(row.getObject(1, UUID.class)) : Optional.empty();
        }
      }
    });
  }

  private void asAuthServer(String sql, UUID user) {
    insist(() -> {
      try (Connection auth = database.connect(AUTH_SERVER);
          PreparedStatement statement = auth.prepareStatement(sql)) {
        statement.setObject(1, user);
        return statement.executeUpdate();
      }
    });
  }

  private static <T> T insist(Statement<T> statement) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return statement.run();
      } catch (SQLException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new IllegalStateException("the database did not come back", e);
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private interface Statement<T> {
    T run() throws SQLException;
  }
}
