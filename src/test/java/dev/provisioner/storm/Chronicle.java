package dev.provisioner.storm;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was in use when: a trigger on {@code user_settings}, which the service knows nothing of,
 * writes it down. Its clock is the real one; how far time was moved on is remembered beside it.
 */
final class Chronicle {
  private static final String SETUP =
      """
      create schema storm;
      create table storm.verified (
        user_id uuid primary key,
        at timestamptz not null default clock_timestamp()
      );
      create table storm.in_use (
        n bigint generated always as identity primary key,
        at timestamptz not null default clock_timestamp(),
        user_id uuid not null,
        assistant text
      );
      create index on storm.in_use (user_id, n);
      create index on storm.in_use (assistant);

      create function storm.note_verified() returns trigger
      language plpgsql security definer set search_path = ''
      as $$
      begin
        insert into storm.verified (user_id) values (new.user_id) on conflict do nothing;
        return null;
      end
      $$;
      create function storm.note_in_use() returns trigger
      language plpgsql security definer set search_path = ''
      as $$
      begin
        if tg_op = 'DELETE' then
          insert into storm.in_use (user_id, assistant) values (old.user_id, null);
        else
          insert into storm.in_use (user_id, assistant)
          values (new.user_id, nullif(new.vapi_assistant_id, ''));
        end if;
        return null;
      end
      $$;
      create trigger storm_verified after insert on public.pending_vapi_provision
        for each row execute function storm.note_verified();
      create trigger storm_in_use after insert or update or delete on public.user_settings
        for each row execute function storm.note_in_use();
      """;

  /** In use at that moment, or ever after. */
  private static final String IN_USE_AT =
      """
      select exists (
        select from storm.in_use i
         where i.assistant = ?
           and (i.at > ?
                or not exists (select from storm.in_use later
                                where later.user_id = i.user_id and later.n > i.n
                                  and later.assistant is distinct from i.assistant
                                  and later.at <= ?)))
      """;

  private static final String REPLACED =
      """
      select 'user ' || user_id || ' had ' || string_agg(distinct assistant, ' and ')
        from storm.in_use where assistant is not null
       group by user_id having count(distinct assistant) > 1
      """;

  private static final String SHARED =
      """
      select 'assistant ' || assistant || ' was given to ' || count(distinct user_id) || ' users'
        from storm.in_use where assistant is not null
       group by assistant having count(distinct user_id) > 1
      """;

  private final SupabaseDatabase database;
  private final List<Shift> shifts = new ArrayList<>();

  private record Shift(Instant at, Duration by) {}

  private Chronicle(SupabaseDatabase database) {
    this.database = database;
  }

  static Chronicle begin(SupabaseDatabase database) throws SQLException {
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement()) {
      statement.execute(SETUP);
    }
    return new Chronicle(database);
  }

  /** Users whose assistant was ever replaced, and assistants that two users ever had. */
  List<String> violations() throws SQLException {
    List<String> found = strings(REPLACED);
    found.addAll(strings(SHARED));
    return found;
  }

  /** The users who ever had more than one assistant in use. */
  Set<UUID> withSeveral() throws SQLException {
    Set<UUID> users = new HashSet<>();
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select user_id from storm.in_use where assistant is not null
                 group by user_id having count(distinct assistant) > 1
                """)) {
      while (row.next()) {
        users.add(row.getObject(1, UUID.class));
      }
    }
    return users;
  }

  /** Whether the assistant was in use at that moment, or came to be afterwards. */
  boolean inUse(String assistant, Instant at) throws SQLException {
    try (Connection superuser = database.connectAsSuperuser();
        PreparedStatement statement = superuser.prepareStatement(IN_USE_AT)) {
      statement.setString(1, assistant);
      statement.setTimestamp(2, Timestamp.from(at));
      statement.setTimestamp(3, Timestamp.from(at));
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /** Time is moved on by that much, now. */
  void shifted(Duration by) {
    shifts.add(new Shift(Instant.now(), by));
  }

  /** How long each user who got an assistant has waited for it, by the clock of their rows. */
  Map<UUID, Duration> waits() throws SQLException {
    Map<UUID, Duration> waits = new HashMap<>();
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select v.user_id, v.at, min(i.at) as served
                  from storm.verified v join storm.in_use i using (user_id)
                 where i.assistant is not null
                 group by v.user_id, v.at
                """)) {
      while (row.next()) {
        waits.put(
            row.getObject("user_id", UUID.class),
            between(row.getTimestamp("at").toInstant(), row.getTimestamp("served").toInstant()));
      }
    }
    return waits;
  }

  private Duration between(Instant from, Instant to) {
    Duration time = Duration.between(from, to);
    for (Shift each : shifts) {
      if (each.at().isAfter(from) && each.at().isBefore(to)) {
        time = time.plus(each.by());
      }
    }
    return time;
  }

  /** The first column of every row, as the superuser. */
  List<String> strings(String sql) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        found.add(String.valueOf(row.getString(1)));
      }
    }
    return found;
  }

  int count(String sql) throws SQLException {
    return Integer.parseInt(strings(sql).getFirst());
  }

  /** Two columns of every row: the user, and something of theirs. */
  Map<UUID, @Nullable String> perUser(String sql) throws SQLException {
    Map<UUID, @Nullable String> found = new HashMap<>();
    try (Connection superuser = database.connectAsSuperuser();
        Statement statement = superuser.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      while (row.next()) {
        found.put(row.getObject(1, UUID.class), row.getString(2));
      }
    }
    return found;
  }
}
