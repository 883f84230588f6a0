package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.AuditReport.Dangling;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The SQL of audits: plain reads, a page at a time, and the one statement that re-queues. */
final class Inventory {
  private static final int PAGE = 1000;

  /**
   * From when on ours can have been created, by our clock. That of a row is no proof: an import may
   * have written anything. Vapi is younger than the date here.
   */
  private static final String SPAN =
      """
      select greatest(timestamptz '2020-01-01',
               least(now(), i.installed_at,
                     (select min(created_at) from public.pending_vapi_provision))) as since,
             now() as now
        from provisioning.installation i\
      """;

  /** Who uses what, and which row of theirs has recorded it. By key: a table may be large. */
  private static final String IN_USE =
      """
      select a.user_id, a.vapi_assistant_id, q.id, q.processed_at < :before as settled
        from (select user_id, vapi_assistant_id
                from provisioning.user_assistant
               where user_id > :after and vapi_assistant_id <> ''
               order by user_id
               limit :page) a
        left join lateral
             (select p.id, p.processed_at
                from public.pending_vapi_provision p
               where p.user_id = a.user_id and p.status = 'processed'
                 and p.assistant_id = a.vapi_assistant_id
               order by p.processed_at desc
               limit 1) q on true
       order by a.user_id\
      """;

  /** As {@code DoubtLedger.standing}, of many. */
  private static final String STANDINGS =
      """
      select o.id,
             exists (select from public.pending_vapi_provision p where p.id = o.provision) as row_exists,
             (select nullif(a.vapi_assistant_id, '')
                from provisioning.user_assistant a where a.user_id = o.user_id) as in_use
        from unnest(cast(:ids as text[]), cast(:provisions as uuid[]), cast(:users as uuid[]))
             as o (id, provision, user_id)\
      """;

  private final Database database;

  Inventory(Database database) {
    this.database = database;
  }

  /** On the database's clock. */
  record Span(Instant since, Instant now) {}

  /** An assistant of ours at Vapi; no more of it than must be held for each of many. */
  record Ours(String id, UUID provision, UUID user, Instant createdAt) {}

  /**
   * What a user has.
   *
   * @param recordedBy the processed row that has recorded it; null: none of ours
   * @param settled whether it had before the moment asked for
   */
  record Used(UUID user, String assistant, @Nullable UUID recordedBy, boolean settled) {}

  /** Verified users without anything: since the installation, and before. */
  record Missing(long since, long before) {}

  Span span() {
    return database.ask(handle ->
        handle
            .createQuery(SPAN)
            .map((row, context) ->
                new Span(
                    requireNonNull(Rows.instant(row, "since")),
                    requireNonNull(Rows.instant(row, "now"))))
            .one());
  }

  /** Everything in use, a page per call of {@code each}. */
  void inUse(Instant before, Consumer<List<Used>> each) {
    UUID after = new UUID(0, 0);
    while (true) {
      List<Used> page = inUse(before, after);
      each.accept(page);
      if (page.size() < PAGE) {
        return;
      }
      after = page.getLast().user();
    }
  }

  private List<Used> inUse(Instant before, UUID after) {
    return database.ask(handle ->
        handle
            .createQuery(IN_USE)
            .bind("before", before)
            .bind("after", after)
            .bind("page", PAGE)
            .map((row, context) ->
                new Used(
                    row.getObject("user_id", UUID.class),
                    row.getString("vapi_assistant_id"),
                    row.getObject("id", UUID.class),
                    row.getBoolean("settled")))
            .list());
  }

  /** How each of these stands, by its id. */
  Map<String, Standing> standings(List<Ours> some) {
    Map<String, Standing> standings = new HashMap<>();
    for (int from = 0; from < some.size(); from += PAGE) {
      List<Ours> page = some.subList(from, Math.min(from + PAGE, some.size()));
      database.ask(handle ->
          handle
              .createQuery(STANDINGS)
              .bindArray("ids", String.class, page.stream().map(Ours::id).toList())
              .bindArray("provisions", UUID.class, page.stream().map(Ours::provision).toList())
              .bindArray("users", UUID.class, page.stream().map(Ours::user).toList())
              .map((row, context) ->
                  Optional.ofNullable(
                      standings.put(
                          row.getString("id"),
                          new Standing(row.getBoolean("row_exists"), row.getString("in_use")))))
              .list());
    }
    return standings;
  }

  /** Whether anybody uses it, be it a user that it was not made for. */
  boolean isInUse(String assistantId) {
    return database.ask(handle ->
        handle
            .createQuery(
                "select exists (select from provisioning.user_assistant where vapi_assistant_id = :id)")
            .bind("id", assistantId)
            .mapTo(boolean.class)
            .one());
  }

  Missing missing() {
    return database.ask(handle ->
        handle
            .createQuery(
                """
                select m.since, greatest(0, m.ever - m.since) as before
                  from (select provisioning.missing_count(installed_at) as since,
                               provisioning.missing_count() as ever
                          from provisioning.installation) m\
                """)
            .map((row, context) -> new Missing(row.getLong("since"), row.getLong("before")))
            .one());
  }

  /**
   * Takes the id out of the user's settings, if it is still there, and enqueues the user anew.
   *
   * @return the new row; empty where the settings have changed, or a row is open already
   * @throws StatementRefusedException the app's table does not let go of the id
   */
  Optional<UUID> requeue(Dangling user) {
    return database.ask(handle ->
        handle
            .createQuery("select provisioning.requeue(:id)")
            .bind("id", user.provisionId())
            .map((row, context) -> Optional.ofNullable(row.getObject(1, UUID.class)))
            .one());
  }
}
