package dev.provisioner.bench;

import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A Supabase project with our migrations and as many rows as are wanted. No bell rings: its Vault
 * is empty.
 */
final class Project implements AutoCloseable {
  /**
   * Over a year, so that the last hour holds little of it. Its users are nobody's business. Written
   * in the order of the primary keys, which takes a fraction of the time.
   */
  private static final List<String> HISTORY =
      List.of(
          """
          insert into public.pending_vapi_provision
                 (id, user_id, email, display_name, status, attempts, created_at, processed_at,
                  next_attempt_at, assistant_id)
          select id, user_id, user_id || '@example.com', 'Some Body', 'processed', 1, at, at, null,
                 gen_random_uuid()
            from (select id, gen_random_uuid() as user_id,
                         now() - interval '1 year' * (1 - row_number() over (order by id) / %1$d.0)
                           as at
                    from (select gen_random_uuid() as id from generate_series(1, %1$d)) ids) history\
          """,
          """
          insert into public.user_settings (user_id, vapi_assistant_id)
          select user_id, assistant_id from public.pending_vapi_provision q
           where status = 'processed' order by user_id
          on conflict do nothing\
          """);

  final SupabaseDatabase database;
  private final Connection superuser;
  private final long postmaster;

  Project(SupabaseServer server) {
    database = server.createMigratedDatabase();
    try {
      superuser = database.connectAsSuperuser();
      sql("set session_replication_role = replica"); // neither triggers nor foreign keys
      sql("set maintenance_work_mem = '256MB'");
      postmaster = ProcessUsage.parent(number("select pg_backend_pid()"));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Processor time of the whole PostgreSQL so far, in seconds. */
  double processor() {
    return ProcessUsage.processorOfAll(postmaster);
  }

  /**
   * Ids of rows that wait for their webhook, those of earlier rounds first.
   *
   * @param clock when they are due by themselves, as an interval
   */
  List<String> waiting(int rows, String clock) {
    String waiting =
        """
        select id from public.pending_vapi_provision
         where status = 'pending' and next_attempt_at > now()\
        """;
    long there = number("select count(*) from (" + waiting + ") rows");
    if (there < rows) {
      enqueue((int) (rows - there), clock);
    }
    return ids(waiting + " limit " + rows);
  }

  /** How many rows are due. */
  int due() {
    return (int)
        number("select count(*) from public.pending_vapi_provision where next_attempt_at <= now()");
  }

  /** So many more rows that are due. */
  void makeDue(int rows) {
    enqueue(rows, "-1 minute");
  }

  /** Users and their open rows as the triggers would make them, in a hundredth of the time. */
  private void enqueue(int rows, String clock) {
    sql(
        """
        with users as (
          insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)
          select id, id || '@example.com', now(), '{"full_name": "Some Body"}'
            from (select gen_random_uuid() as id from generate_series(1, %d)) ids
          returning id, email
        )
        insert into public.pending_vapi_provision (user_id, email, display_name, next_attempt_at)
        select id, email, 'Some Body', now() + interval '%s' from users
        returning id\
        """
            .formatted(rows, clock));
    sql("analyze public.pending_vapi_provision");
  }

  /** So much more history. The indexes are made anew afterwards, which is quicker. */
  void history(int rows) {
    String ofQueue =
        " from pg_indexes where tablename = 'pending_vapi_provision' and indexname not like '%_pkey'";
    List<String> definitions = ids("select indexdef" + ofQueue);
    ids("select indexname" + ofQueue).forEach(each -> sql("drop index public." + each));
    HISTORY.forEach(each -> sql(each.formatted(rows)));
    definitions.forEach(this::sql);
    vacuum();
    sql("checkpoint");
  }

  void vacuum() {
    sql("vacuum (analyze) public.pending_vapi_provision, public.user_settings, auth.users");
  }

  /** Users with an assistant that the service has given them. */
  long inUse() {
    return number(
        "select count(*) from auth.users u join public.user_settings s on s.user_id = u.id"
            + " where s.vapi_assistant_id not like '"
            + Bound.MARK
            + "%'");
  }

  /** Rows that are not processed. */
  long open() {
    return number("select count(*) from public.pending_vapi_provision where status <> 'processed'");
  }

  long number(String query) {
    return Long.parseLong(ids(query).getFirst());
  }

  /** The first column of all rows. */
  List<String> ids(String query) {
    try (Statement statement = superuser.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      List<String> found = new ArrayList<>();
      while (row.next()) {
        found.add(row.getString(1));
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException(query, e);
    }
  }

  void sql(String statement) {
    try (Statement each = superuser.createStatement()) {
      each.execute(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(statement, e);
    }
  }

  @Override
  public void close() {
    try {
      superuser.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    database.drop();
  }
}
