package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The queue's SQL for open rows: claim, settle, let go. Every change of a row is one statement, or
 * one round trip, guarded by what the caller must still hold; no row updated is a meaning, told to
 * the caller. Leases are on the database's clock.
 */
final class Queue {
  /**
   * Rule 1. SKIP LOCKED: who finds a row being claimed leaves it to the other. The end of doubt is
   * strictly a new value, so that it tells this claim from all others.
   *
   * <p>The plan: rows by their ids from the primary key, what is due from {@code
   * pending_vapi_provision_due}, which has open rows only; then each row once more, and what is in
   * use, by primary keys. So the history costs nothing. The row is read twice because an update
   * knows neither LIMIT nor SKIP LOCKED. After some executions on a connection the server keeps the
   * statement, taken apart; not behind a transaction pooler.
   */
  private static final String CLAIM =
      """
      with found as (
        select id, status, attempts, unconfirmed_since, unconfirmed_until
          from public.pending_vapi_provision
         where <rows>
           for update skip locked
      )
      update public.pending_vapi_provision q
         set status = 'processing',
             claim_token = gen_random_uuid(),
             next_attempt_at = now() + :lease,
             attempts = case when found.status = 'failed' then 0 else q.attempts end,
             confirm_at = null,
             unconfirmed_since = coalesce(found.unconfirmed_since, now()),
             unconfirmed_until =
               greatest(found.unconfirmed_until + interval '1 microsecond', now() + :lease)
        from found
       where q.id = found.id
      returning q.id, q.user_id, q.email, q.display_name, q.attempts, q.claim_token,
                q.unconfirmed_until as mine, q.assistant_id, now() as claimed_at,
                found.status as was,
                found.unconfirmed_since as earlier_since, found.unconfirmed_until as earlier_until,
      """
          + QueueView.IN_USE
          + " as in_use";

  private static final String DUE =
      "next_attempt_at <= now() order by next_attempt_at limit :limit";

  /**
   * A webhook claims what is pending or due; a person may also jump a backoff, but never the wait
   * after an unknown outcome, and may revive a failed row once no create of it can be on its way.
   */
  private static final String NAMED =
      """
      id = any(:ids)
        and (status = 'pending'
             or next_attempt_at <= now()
             or (:jumpBackoff and status = 'errored' and unconfirmed_since is null)
             or (:revive and status = 'failed' and coalesce(unconfirmed_until <= now(), true)))\
      """;

  /**
   * Rule 6, one round trip: three statements in one implicit transaction, each with a snapshot of
   * its own. First the row is locked, which proves that it is still held; then the assistant is
   * written where none is; then what is in use is read, after whoever wrote it has committed. That
   * nothing is in use, although we wrote, is a table that refuses without a word. Doubt ends only
   * if none was there before, none has come since, and ours is the one in use.
   *
   * <p>The plan: one index scan by primary key for each table and statement. Most of what it costs
   * the server, 0.9 of 1.1 ms on one connection, is to take apart and plan three statements that
   * must not be prepared (see {@link Sql#ofSeveral}). A transaction of ours would take four round
   * trips. Tried, and measured at 0.3 to 0.5 ms: a function in PL/pgSQL with the same statements,
   * whose plans the server keeps. It would put this rule into the migrations, to be kept in step
   * with every version of the service that runs; as long as Vapi takes hundreds of milliseconds
   * that is not worth it.
   */
  private static final String SETTLE =
      """
      select from public.pending_vapi_provision where id = :id and <held> for update;

      insert into provisioning.user_assistant as a (user_id, vapi_assistant_id)
      select user_id, cast(:assistant as text) from public.pending_vapi_provision
       where id = :id and <held> and cast(:assistant as text) is not null
      on conflict (user_id) do update
         set vapi_assistant_id = excluded.vapi_assistant_id
       where nullif(a.vapi_assistant_id, '') is null;

      update public.pending_vapi_provision p
         set status = 'processed', processed_at = now(),
             claim_token = null, next_attempt_at = null,
             error = null, error_code = null,
             attempts = p.attempts + :spent,
             assistant_id = case when now_.in_use = :assistant then now_.in_use end,
             unconfirmed_since = case when not now_.sure then p.unconfirmed_since end,
             unconfirmed_until = case when not now_.sure then p.unconfirmed_until end,
             confirm_at = case when not now_.sure and p.unconfirmed_since is not null
                               then now() + :firstLook end
        from (select q.id, <in use> as in_use,
                     :clean and q.unconfirmed_until = cast(:mine as timestamptz)
                       and coalesce(<in use> = :assistant, cast(:assistant as text) is null) as sure
                from public.pending_vapi_provision q where q.id = :id) now_
       where p.id = now_.id and <held>
         and (now_.in_use is not null or cast(:assistant as text) is null)
      returning now_.in_use\
      """;

  /**
   * Rules 8 and 9. The doubt of a failed row always reaches to now: a failed row has no other mark
   * of when it was settled, and its last look may not come before an hour after that (rule 16).
   */
  private static final Sql UNFINISHED =
      Sql.of(
          """
          with kept as (
            select id,
                   case when :definite and unconfirmed_until = :mine
                        then cast(:earlierSince as timestamptz) else unconfirmed_since end as since,
                   case when :definite and unconfirmed_until = :mine
                        then cast(:earlierUntil as timestamptz) else unconfirmed_until end as until
              from public.pending_vapi_provision
             where id = :id and claim_token = :token
               for update
          )
          update public.pending_vapi_provision q
             set status = :status, claim_token = null,
                 next_attempt_at = now() + cast(:delay as interval),
                 attempts = :attempts, error_code = :code, error = :message,
                 assistant_id = coalesce(:assistant, q.assistant_id),
                 unconfirmed_since = kept.since,
                 unconfirmed_until = case when :status = 'failed' and kept.since is not null
                                          then greatest(kept.until, now()) else kept.until end,
                 confirm_at = case when :status = 'failed' and kept.since is not null
                                   then now() + :firstLook end
            from kept
           where q.id = kept.id\
          """);

  private static final Sql RELEASE =
      Sql.of(
          """
          update public.pending_vapi_provision
             set status = :status, claim_token = null,
                 next_attempt_at = now() + cast(:delay as interval),
                 error_code = case when :status = 'errored' then coalesce(error_code, 'interrupted') end,
                 error = case when :status = 'errored' then coalesce(error,
                           'An attempt was interrupted; the next one looks at Vapi first.') end,
                 unconfirmed_since = case when unconfirmed_until = :mine
                                          then cast(:earlierSince as timestamptz)
                                          else unconfirmed_since end,
                 unconfirmed_until = case when unconfirmed_until = :mine
                                          then cast(:earlierUntil as timestamptz)
                                          else unconfirmed_until end
           where id = :id and claim_token = :token\
          """);

  private static final Sql CLAIM_DUE = Sql.of(CLAIM.replace("<rows>", DUE));
  private static final Sql CLAIM_NAMED = Sql.of(CLAIM.replace("<rows>", NAMED));
  private static final Sql SETTLE_HELD = settleWhere("claim_token = :token");
  private static final Sql SETTLE_FAILED = settleWhere("status = 'failed'");

  private final Database database;
  private final Policy policy;
  private final Clock clock;
  private final LongSupplier nanoTime;

  Queue(Database database, Policy policy, Clock clock, LongSupplier nanoTime) {
    this.database = database;
    this.policy = policy;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /** Claims up to {@code limit} rows that are due, longest due first. */
  List<Claim> claimDue(int limit) {
    return claim(CLAIM_DUE.bind("limit", limit));
  }

  /**
   * Claims those of the rows that may be claimed now.
   *
   * @param reach how far the caller may go beyond what is pending or due
   */
  List<Claim> claim(Collection<UUID> ids, Reach reach) {
    return claim(
        CLAIM_NAMED
            .bind("ids", ids)
            .bind("jumpBackoff", reach.jumpBackoff())
            .bind("revive", reach.revive()));
  }

  private List<Claim> claim(Sql.Bound rows) {
    Lease lease = Lease.startingNow(policy.lease(), clock, nanoTime);
    return database.list(rows.bind("lease", policy.lease()), row -> claim(row, lease));
  }

  /**
   * Settles a claimed row as processed.
   *
   * @param assistantId to be recorded as the user's; null where somebody's is in use already
   * @throws StatementRefusedException the app's table does not take it; nothing has changed
   */
  Settled settleProcessed(Claim claim, @Nullable String assistantId) {
    return settle(
        SETTLE_HELD
            .bind("id", claim.id())
            .bind("token", claim.token())
            .bind("mine", claim.mine())
            .bind("clean", claim.earlier() == null)
            .bind("spent", 1),
        assistantId);
  }

  /** Rule 15: gives a failed row the assistant that a look has found. Its doubt stays. */
  Settled adoptFailed(UUID id, String assistantId) {
    return settle(
        SETTLE_FAILED.bind("id", id).bind("mine", null).bind("clean", false).bind("spent", 0),
        assistantId);
  }

  private Settled settle(Sql.Bound row, @Nullable String assistantId) {
    return database.execute(
        row.bind("assistant", assistantId).bind("firstLook", policy.vapiTimeout()), Queue::settled);
  }

  /**
   * Settles a claimed row as errored or failed. A definite no takes back the doubt that this claim
   * added, if none has come since (rule 8); otherwise the doubt stays (rule 9).
   *
   * @return false where the claim was lost; nothing has changed then
   */
  boolean settleUnfinished(Claim claim, Unfinished verdict) {
    boolean failed = verdict.status() == Status.FAILED;
    return database.update(
            held(UNFINISHED, claim)
                .bind("definite", verdict instanceof Refrained)
                .bind("status", verdict.status().text())
                .bind("delay", failed ? null : interval(verdict.delay()))
                .bind("attempts", verdict.attempts())
                .bind("code", verdict.code())
                .bind("message", verdict.message())
                .bind("assistant", verdict instanceof InDoubt it ? it.assistantId() : null)
                .bind("firstLook", policy.vapiTimeout()))
        == 1;
  }

  /**
   * Lets a claimed row go: pending if it was, else errored, with the doubt that it had.
   *
   * @return false where the claim was lost; nothing has changed then
   */
  boolean release(Claim claim, LetGo verdict) {
    return database.update(
            held(RELEASE, claim)
                .bind("status", claim.was() == Status.PENDING ? "pending" : "errored")
                .bind("delay", interval(verdict.delay())))
        == 1;
  }

  /** PostgreSQL counts microseconds. Rounded up: a pause must be over when its rows are due. */
  private static Duration interval(Duration wait) {
    return wait.plusNanos(999).truncatedTo(ChronoUnit.MICROS);
  }

  private static Sql.Bound held(Sql statement, Claim claim) {
    Doubt earlier = claim.earlier();
    return statement
        .bind("id", claim.id())
        .bind("token", claim.token())
        .bind("mine", claim.mine())
        .bind("earlierSince", earlier == null ? null : earlier.since())
        .bind("earlierUntil", earlier == null ? null : earlier.until());
  }

  /**
   * Enqueues verified users, of after the installation, who have neither a row under way nor an
   * assistant: what a failed trigger left out.
   *
   * @return how many
   */
  int enqueueMissing() {
    return database.ask(handle ->
        handle
            .createQuery(
                """
                select provisioning.enqueue_missing(1000, installed_at)
                  from provisioning.installation\
                """)
            .mapTo(int.class)
            .one());
  }

  /** The id that the migrations gave this database. */
  String installation() {
    return database.ask(handle ->
        handle.createQuery("select id from provisioning.installation").mapTo(String.class).one());
  }

  private static Sql settleWhere(String held) {
    return Sql.ofSeveral(SETTLE.replace("<held>", held).replace("<in use>", QueueView.IN_USE));
  }

  /** A row of the first statement: it was held. One of the last: it is settled. */
  private static Settled settled(PreparedStatement statement) throws SQLException {
    boolean held;
    try (ResultSet locked = statement.getResultSet()) {
      held = locked.next();
    }
    statement.getMoreResults(); // what was written
    statement.getMoreResults();
    try (ResultSet settled = statement.getResultSet()) {
      return new Settled(held, settled.next() ? settled.getString("in_use") : null);
    }
  }

  private static Claim claim(ResultSet row, Lease lease) throws SQLException {
    return new Claim(
        row.getObject("id", UUID.class),
        row.getObject("user_id", UUID.class),
        row.getString("email"),
        row.getString("display_name"),
        Status.of(row.getString("was")),
        row.getInt("attempts"),
        row.getObject("claim_token", UUID.class),
        requireNonNull(Rows.instant(row, "claimed_at")),
        requireNonNull(Rows.instant(row, "mine")),
        Rows.doubt(row, "earlier_since", "earlier_until"),
        row.getString("assistant_id"),
        row.getString("in_use"),
        lease);
  }
}
