package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Look.OfProvision;
import dev.provisioner.provision.Look.OfTombstone;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The SQL of doubt: how it is marked by a worker that has lost its row, looked at, and ended. Marks
 * need no token, since doubt only ever grows by them; ending it needs that nothing has grown.
 */
final class DoubtLedger {
  /**
   * Rule 10: without a guard, strictly changed. The span reaches back to the lost claim, also where
   * the doubt that is there began later: a look must not overlook what that claim has made.
   */
  private static final String MARK =
      """
      update public.pending_vapi_provision
         set unconfirmed_since = least(unconfirmed_since, :since),
             unconfirmed_until =
               greatest(unconfirmed_until + interval '1 microsecond', now(), :since),
             confirm_at = case when status in ('processed', 'failed')
                               then least(confirm_at, now() + :firstLook) end
       where id = :id\
      """;

  private static final String STANDING =
      """
      select exists (select from public.pending_vapi_provision where id = :id) as row_exists,
             (select nullif(vapi_assistant_id, '')
                from provisioning.user_assistant where user_id = :userId) as in_use\
      """;

  /**
   * Rules 15 and 16: a look is taken by pushing the clock forward, each time by as long as has
   * passed since the row was settled, so looks come at 1, 2, 4, … times VAPI_TIMEOUT; the last as
   * soon as no create can be on its way any more. If that one cannot do all there is to do, more
   * come the same way, at most an hour apart. A failed row does not say when it was settled, but
   * its doubt reaches that far.
   */
  private static final String NEXT_LOOK =
      """
      now() + greatest(:firstLook, case
                when now() < ends_at then least(now() - settled_at, ends_at - now())
                else least(now() - ends_at, :horizon) end)\
      """;

  private static final String TAKE_ROWS =
      """
      with found as (
        select id, coalesce(processed_at, unconfirmed_until) as settled_at,
               greatest(processed_at, unconfirmed_until) + :horizon as ends_at
          from public.pending_vapi_provision
         where confirm_at <= now()
         order by confirm_at
         limit :limit
           for update skip locked
      )
      update public.pending_vapi_provision q
         set confirm_at = <next look>
        from found
       where q.id = found.id
      returning q.id, q.user_id, q.status, q.unconfirmed_since, q.unconfirmed_until,
                now() >= ends_at as last\
      """
          .replace("<next look>", NEXT_LOOK);

  private static final String TAKE_TOMBSTONES =
      """
      with found as (
        select user_id, departed_at as settled_at,
               greatest(departed_at, unconfirmed_until) + :horizon as ends_at
          from provisioning.departed
         where confirm_at <= now()
         order by confirm_at
         limit :limit
           for update skip locked
      )
      update provisioning.departed d
         set confirm_at = <next look>
        from found
       where d.user_id = found.user_id
      returning d.user_id, d.provision_ids, d.assistant_ids, d.departed_at,
                d.unconfirmed_since, d.unconfirmed_until,
                d.unconfirmed_until is null or now() >= ends_at as last\
      """
          .replace("<next look>", NEXT_LOOK);

  private static final String END_ROW =
      """
      update public.pending_vapi_provision
         set unconfirmed_since = null, unconfirmed_until = null, confirm_at = null
       where id = :id and unconfirmed_until = :until and status in ('processed', 'failed')\
      """;

  private static final String END_TOMBSTONE =
      "delete from provisioning.departed where user_id = :userId and departed_at = :departedAt";

  private final Database database;
  private final Policy policy;

  DoubtLedger(Database database, Policy policy) {
    this.database = database;
    this.policy = policy;
  }

  /**
   * Remembers that this claim, now lost, may have made an assistant: at the row, or where the row
   * is gone with its user, at the tombstone.
   *
   * @return whether the row was there
   */
  boolean mark(Claim claim, @Nullable String assistantId) {
    return database.ask(handle -> {
      int marked =
          handle
              .createUpdate(MARK)
              .bind("id", claim.id())
              .bind("since", claim.claimedAt())
              .bind("firstLook", policy.vapiTimeout())
              .execute();
      if (marked == 0) {
        handle
            .createQuery(
                "select provisioning.bury(:userId, :id, :assistant, :since, greatest(:since, now()))")
            .bind("userId", claim.userId())
            .bind("id", claim.id())
            .bind("assistant", assistantId)
            .bind("since", claim.claimedAt())
            .mapTo(String.class)
            .list();
      }
      return marked == 1;
    });
  }

  /** The fresh read that every delete needs: rule 12. */
  Standing standing(@Nullable UUID provisionId, UUID userId) {
    return database.ask(handle ->
        handle
            .createQuery(STANDING)
            .bind("id", provisionId)
            .bind("userId", userId)
            .map((row, context) ->
                new Standing(row.getBoolean("row_exists"), row.getString("in_use")))
            .one());
  }

  /** Takes the looks at settled rows that are due, longest due first. */
  List<OfProvision> takeProvisions(int limit) {
    return database.ask(handle ->
        handle
            .createQuery(TAKE_ROWS)
            .bind("limit", limit)
            .bind("firstLook", policy.vapiTimeout())
            .bind("horizon", Doubt.HORIZON)
            .map((row, context) ->
                new OfProvision(
                    row.getObject("id", UUID.class),
                    row.getObject("user_id", UUID.class),
                    Status.of(row.getString("status")),
                    requireNonNull(Rows.doubt(row, "unconfirmed_since", "unconfirmed_until")),
                    row.getBoolean("last")))
            .list());
  }

  /**
   * Takes the looks at tombstones that are due. Where assistants outlive their users the tombstones
   * are thrown away: kept, they would ring for ever, and be carried out one day when nobody expects
   * it.
   */
  List<OfTombstone> takeTombstones(int limit) {
    if (!policy.deprovision()) {
      database.ask(handle ->
          handle.execute(
              """
              delete from provisioning.departed where user_id in (
                select user_id from provisioning.departed
                 where confirm_at <= now() limit ? for update skip locked)
              """,
              limit));
      return List.of();
    }
    return database.ask(handle ->
        handle
            .createQuery(TAKE_TOMBSTONES)
            .bind("limit", limit)
            .bind("firstLook", policy.vapiTimeout())
            .bind("horizon", Doubt.HORIZON)
            .map((row, context) ->
                new OfTombstone(
                    row.getObject("user_id", UUID.class),
                    Set.copyOf(List.of((UUID[]) elements(row, "provision_ids"))),
                    Set.copyOf(List.of((String[]) elements(row, "assistant_ids"))),
                    requireNonNull(Rows.instant(row, "departed_at")),
                    Rows.doubt(row, "unconfirmed_since", "unconfirmed_until"),
                    row.getBoolean("last")))
            .list());
  }

  /** Ends the doubt of a row, unless more has come since the look was taken. */
  boolean end(OfProvision look) {
    return database.ask(handle ->
        handle
                .createUpdate(END_ROW)
                .bind("id", look.id())
                .bind("until", look.doubt().until())
                .execute()
            == 1);
  }

  /** Removes a tombstone, unless it was touched since the look was taken. */
  boolean end(OfTombstone look) {
    return database.ask(handle ->
        handle
                .createUpdate(END_TOMBSTONE)
                .bind("userId", look.userId())
                .bind("departedAt", look.departedAt())
                .execute()
            == 1);
  }

  private static Object[] elements(ResultSet row, String column) throws SQLException {
    Array array = row.getArray(column);
    return (Object[]) array.getArray();
  }
}
