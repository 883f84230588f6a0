package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Page.Position;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.statement.Query;

/**
 * The queue's SQL that reads and changes nothing: one row, pages of rows, what a reconcile would
 * take up. What it costs depends on the backlog and on what is asked for, never on the history.
 */
public final class QueueView {
  /** The assistant that the user of row {@code q} has. */
  static final String IN_USE =
      """
      (select nullif(a.vapi_assistant_id, '')
         from provisioning.user_assistant a where a.user_id = q.user_id)\
      """;

  /**
   * Rows that do not go on by themselves: failed ones, and those that fail in the same way until
   * somebody mends the account, the template or the app's table.
   */
  static final String NEEDS_A_PERSON =
      """
      (q.status = 'failed'
       or (q.status = 'errored'
           and q.error_code in ('account_refused', 'rejected', 'settings_refused', 'internal_error')))\
      """;

  private static final Set<Status> STATUSES_THAT_NEED_A_PERSON =
      EnumSet.of(Status.FAILED, Status.ERRORED);

  private static final Sql FIND =
      Sql.of(
          "select q.*, "
              + IN_USE
              + " as in_use from public.pending_vapi_provision q where q.id = :id");

  /** Without a position every row comes after: one condition, which the index serves either way. */
  private static final String AFTER =
      """
      (q.created_at, q.id) < (coalesce(cast(:createdAt as timestamptz), 'infinity'),
                              coalesce(cast(:id as uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'))\
      """;

  /**
   * Each status is read by itself, from its place in one index, so that the rare ones are found as
   * quickly as the many; then they are merged. The assistants are read for the page alone.
   */
  private static final String PAGE =
      """
      select q.*,
      """
          + IN_USE
          + """
          as in_use
           from (select found.*
                   from unnest(cast(:statuses as text[])) as wanted (status)
                  cross join lateral (
                    select * from public.pending_vapi_provision q
                     where q.status = wanted.status and <after>
                       and (not :needsAPerson or <needs a person>)
                     order by q.created_at desc, q.id desc
                     limit :limit) found
                  order by found.created_at desc, found.id desc
                  limit :limit) q
          order by q.created_at desc, q.id desc\
          """
              .replace("<after>", AFTER)
              .replace("<needs a person>", NEEDS_A_PERSON);

  /** A user has few rows. */
  private static final String PAGE_OF_USER =
      "select q.*, "
          + IN_USE
          + """
           as in_use
            from public.pending_vapi_provision q
           where q.user_id = :userId and q.status = any(:statuses) and <after>
             and (not :needsAPerson or <needs a person>)
           order by q.created_at desc, q.id desc
           limit :limit\
          """
              .replace("<after>", AFTER)
              .replace("<needs a person>", NEEDS_A_PERSON);

  /** {@code status <> 'processed'} lets the partial index on open rows serve it. */
  private static final String CANDIDATES =
      """
      select q.id, q.user_id, q.status, q.attempts, q.assistant_id,
             q.unconfirmed_since, q.unconfirmed_until,
      """
          + IN_USE
          + """
          as in_use
           from public.pending_vapi_provision q
          where q.status <> 'processed'
            and (not :named or q.id = any(:ids) or q.user_id = any(:userIds))
            and (q.next_attempt_at <= now()
                 or (:named and q.status = 'pending')
                 or (:named and q.status = 'errored' and q.unconfirmed_since is null)
                 or (:revive and q.status = 'failed' and coalesce(q.unconfirmed_until <= now(), true)))
          order by q.next_attempt_at nulls last, q.created_at
          limit :limit\
          """;

  private static final String COUNT_DUE =
      "select count(*) from public.pending_vapi_provision where next_attempt_at <= now()";

  private final Database database;

  QueueView(Database database) {
    this.database = database;
  }

  /**
   * The row as it is; empty where there is none.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public Optional<Provision> find(UUID id) {
    return database.list(FIND.bind("id", id), QueueView::provision).stream().findFirst();
  }

  /**
   * Rows as they are, newest first.
   *
   * @throws QueueUnavailableException the database cannot be asked
   */
  public Page page(Page.Request request) {
    Set<Status> statuses =
        request.statuses().isEmpty()
            ? EnumSet.allOf(Status.class)
            : EnumSet.copyOf(request.statuses());
    if (request.needsAPerson()) {
      statuses.retainAll(STATUSES_THAT_NEED_A_PERSON);
    }
    Position after = request.after();
    List<Provision> rows =
        database.ask(handle -> {
          Query query = handle.createQuery(request.userId() == null ? PAGE : PAGE_OF_USER);
          if (request.userId() != null) {
            query.bind("userId", request.userId());
          }
          return query
              .bindArray("statuses", String.class, statuses.stream().map(Status::text).toList())
              .bind("createdAt", after == null ? null : after.createdAt())
              .bind("id", after == null ? null : after.id())
              .bind("needsAPerson", request.needsAPerson())
              .bind("limit", request.limit() + 1) // one more tells whether there are more
              .map((row, context) -> provision(row))
              .list();
        });
    if (rows.size() <= request.limit()) {
      return new Page(rows, null);
    }
    List<Provision> shown = List.copyOf(rows.subList(0, request.limit()));
    Provision last = shown.getLast();
    return new Page(shown, new Position(last.createdAt(), last.id()));
  }

  /** The rows that a reconcile would take up, longest due first. */
  List<Candidate> candidates(Reconciler.Request request) {
    return database.ask(handle ->
        handle
            .createQuery(CANDIDATES)
            .bind("named", request.names())
            .bindArray("ids", UUID.class, request.ids())
            .bindArray("userIds", UUID.class, request.userIds())
            .bind("revive", request.includeFailed())
            .bind("limit", request.limit())
            .map((row, context) -> candidate(row))
            .list());
  }

  /** How many rows are due now. */
  int countDue() {
    return database.ask(handle -> handle.createQuery(COUNT_DUE).mapTo(int.class).one());
  }

  private static Candidate candidate(ResultSet row) throws SQLException {
    return new Candidate(
        row.getObject("id", UUID.class),
        row.getObject("user_id", UUID.class),
        Status.of(row.getString("status")),
        row.getInt("attempts"),
        Plan.of(
            row.getString("in_use"),
            row.getString("assistant_id"),
            Rows.doubt(row, "unconfirmed_since", "unconfirmed_until")));
  }

  private static Provision provision(ResultSet row) throws SQLException {
    return new Provision(
        row.getObject("id", UUID.class),
        row.getObject("user_id", UUID.class),
        Status.of(row.getString("status")),
        row.getInt("attempts"),
        requireNonNull(Rows.instant(row, "created_at")),
        Rows.instant(row, "next_attempt_at"),
        Rows.instant(row, "processed_at"),
        row.getString("error_code"),
        row.getString("error"),
        Rows.doubt(row, "unconfirmed_since", "unconfirmed_until"),
        Rows.instant(row, "confirm_at"),
        row.getString("assistant_id"),
        row.getString("in_use"));
  }
}
