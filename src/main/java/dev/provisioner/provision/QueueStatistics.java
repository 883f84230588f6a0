package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Statistics.Span;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Counts the queue. Anybody may ask as often as they like: the database is asked once a second at
 * most. What that costs depends on the backlog and on the last hour, never on the history.
 */
public final class QueueStatistics {
  private static final Duration FRESH = Duration.ofSeconds(1);
  private static final int SPANS = 12;

  /** As many processed rows are counted one by one; beyond, an estimate does. */
  private static final int COUNTED = 10_000;

  private static final String OPEN =
      """
      select now() as now, q.status, q.error_code, count(*) as counted,
             count(*) filter (where <needs a person>) as needs_a_person,
             count(*) filter (where q.next_attempt_at <= now()) as due,
             min(q.next_attempt_at) filter (where q.next_attempt_at <= now()) as oldest_due,
             count(*) filter (where q.unconfirmed_since is not null
                                and q.status <> 'processing') as in_doubt
        from public.pending_vapi_provision q
       where q.status <> 'processed'
       group by q.status, q.error_code\
      """
          .replace("<needs a person>", QueueView.NEEDS_A_PERSON);

  /**
   * What the database knows of an index's size, since it was last analyzed, is the estimate of how
   * many rows are processed. Only where it is small they are counted, up to a bound in case it is
   * out of date; the order lets the index serve that.
   */
  private static final String SETTLED =
      """
      with estimate as (
        select coalesce(max(reltuples), 0)::bigint as rows
          from pg_class where oid = to_regclass('public.pending_vapi_provision_processed')
      )
      select now() as now, estimate.rows as estimate,
             case when estimate.rows <= 2 * :counted then
               (select count(*)
                  from (select from public.pending_vapi_provision
                         where processed_at is not null order by processed_at desc
                         limit :counted + 1) up_to_the_bound)
             end as counted,
             (select count(*) from public.pending_vapi_provision
               where confirm_at is not null and status = 'processed') as in_doubt,
             (select count(*) from public.pending_vapi_provision where confirm_at <= now())
               + (select count(*) from provisioning.departed where confirm_at <= now()) as looks_due,
             (select count(*) from provisioning.departed) as tombstones
        from estimate\
      """;

  private static final String LAST_HOUR =
      """
      select least(floor(extract(epoch from processed_at - cast(:from as timestamptz))
                         / extract(epoch from cast(:length as interval))), :spans - 1)::int as span,
             count(*) as processed
        from public.pending_vapi_provision
       where processed_at > :from
       group by span\
      """;

  private final Database database;
  private final LongSupplier nanoTime;
  private final ReentrantLock asking = new ReentrantLock();
  private @Nullable Statistics last;
  private @Nullable RuntimeException lastFailure;
  private long lastAsked;

  QueueStatistics(Database database, LongSupplier nanoTime) {
    this.database = database;
    this.nanoTime = nanoTime;
  }

  /**
   * At most a second old.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public Statistics read() {
    asking.lock();
    try {
      boolean asked = last != null || lastFailure != null;
      if (!asked || nanoTime.getAsLong() - lastAsked >= FRESH.toNanos()) {
        ask();
        lastAsked = nanoTime.getAsLong();
      }
      if (last == null) {
        throw lastFailure == null ? new IllegalStateException("never asked") : lastFailure;
      }
      return last;
    } finally {
      asking.unlock();
    }
  }

  /** A failure is remembered too: who waits must not wait for a lost database one by one. */
  private void ask() {
    try {
      last = database.ask(QueueStatistics::count);
      lastFailure = null;
    } catch (RuntimeException e) {
      last = null;
      lastFailure = e;
    }
  }

  /** Open rows of one status and error code. */
  private record Group(
      Status status,
      @Nullable String errorCode,
      long rows,
      long needAPerson,
      long due,
      @Nullable Duration oldestDue,
      long inDoubt) {}

  private static Statistics count(Handle handle) {
    List<Group> open = handle.createQuery(OPEN).map((row, context) -> group(row)).list();
    return handle
        .createQuery(SETTLED)
        .bind("counted", COUNTED)
        .map((row, context) ->
            statistics(open, row, lastHour(handle, requireNonNull(Rows.instant(row, "now")))))
        .one();
  }

  private static Statistics statistics(List<Group> open, ResultSet settled, List<Span> lastHour)
      throws SQLException {
    Map<Status, Long> counts = new EnumMap<>(Status.class);
    for (Status status : Status.values()) {
      counts.put(status, 0L);
    }
    Map<String, Long> errors = new TreeMap<>();
    for (Group each : open) {
      counts.merge(each.status, each.rows, Long::sum);
      boolean stands = each.status == Status.ERRORED || each.status == Status.FAILED;
      if (stands && each.errorCode != null) {
        errors.merge(each.errorCode, each.rows, Long::sum);
      }
    }
    long counted = settled.getLong("counted");
    boolean many = settled.wasNull() || counted > COUNTED;
    counts.put(Status.PROCESSED, many ? Math.max(counted, settled.getLong("estimate")) : counted);
    return new Statistics(
        counts,
        many,
        errors,
        sum(open, Group::due),
        open.stream()
            .map(Group::oldestDue)
            .filter(Objects::nonNull)
            .max(Comparator.naturalOrder())
            .orElse(null),
        sum(open, Group::inDoubt) + settled.getLong("in_doubt"),
        settled.getLong("looks_due"),
        settled.getLong("tombstones"),
        sum(open, Group::needAPerson),
        lastHour);
  }

  private static long sum(List<Group> groups, ToLongFunction<Group> number) {
    return groups.stream().mapToLong(number).sum();
  }

  private static List<Span> lastHour(Handle handle, Instant now) {
    Instant from = now.minus(Span.LENGTH.multipliedBy(SPANS));
    Map<Integer, Long> processed =
        handle
            .createQuery(LAST_HOUR)
            .bind("from", from)
            .bind("length", Span.LENGTH)
            .bind("spans", SPANS)
            .reduceRows(
                new TreeMap<>(),
                (found, row) -> {
                  found.put(
                      row.getColumn("span", Integer.class), row.getColumn("processed", Long.class));
                  return found;
                });
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < SPANS; i++) {
      spans.add(new Span(from.plus(Span.LENGTH.multipliedBy(i)), processed.getOrDefault(i, 0L)));
    }
    return List.copyOf(spans);
  }

  private static Group group(ResultSet row) throws SQLException {
    Instant oldestDue = Rows.instant(row, "oldest_due");
    Instant now = requireNonNull(Rows.instant(row, "now"));
    return new Group(
        Status.of(row.getString("status")),
        row.getString("error_code"),
        row.getLong("counted"),
        row.getLong("needs_a_person"),
        row.getLong("due"),
        oldestDue == null ? null : Duration.between(oldestDue, now),
        row.getLong("in_doubt"));
  }
}
