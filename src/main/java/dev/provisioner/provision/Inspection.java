package dev.provisioner.provision;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.provisioner.Secret;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jdbi.v3.core.ConnectionFactory;
import org.jspecify.annotations.Nullable;

/**
 * What the database tells about itself, for who looks for a fault. Reads only, with the rights of
 * the service. Every method may throw {@link QueueUnavailableException}, when the database cannot
 * be asked, and {@link StatementRefusedException}, when it refuses.
 */
public final class Inspection {
  /** Found by name: asking for them as regclass is refused to who may not use the schema. */
  private static final String SERVER =
      """
      with app as (
        select distinct d.refobjid as oid
          from pg_class v
          join pg_namespace n on n.oid = v.relnamespace
          join pg_rewrite r on r.ev_class = v.oid
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                          and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
         where n.nspname = 'provisioning' and v.relname = 'user_assistant'
      )
      select current_setting('server_version') as version, current_user as role,
             rolsuper, rolbypassrls,
             coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as tls,
             array(
               select n.nspname || '.' || c.relname
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where (c.oid in (select oid from app)
                       or (n.nspname, c.relname) in
                          (('auth', 'users'), ('vault', 'secrets'), ('vault', 'decrypted_secrets')))
                  and has_schema_privilege(n.oid, 'usage')
                  and has_any_column_privilege(c.oid, 'select')
                  and not (has_schema_privilege('public', n.oid, 'usage')
                           and has_any_column_privilege('public', c.oid, 'select'))
                order by 1) as readable
        from pg_roles where rolname = current_user\
      """;

  /** What a settle asks of the app's table; planned, never carried out. */
  private static final String PLAN_OF_SETTLE =
      """
      explain insert into provisioning.user_assistant as a (user_id, vapi_assistant_id)
      values (gen_random_uuid(), cast('none' as text))
      on conflict (user_id) do update set vapi_assistant_id = excluded.vapi_assistant_id
       where nullif(a.vapi_assistant_id, '') is null\
      """;

  private static final String SETTINGS =
      """
      with used as (
        select distinct d.refobjid as relid, d.refobjsubid as attnum
          from pg_rewrite r
          join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                          and d.refclassid = 'pg_class'::regclass and d.refobjid <> r.ev_class
         where r.ev_class = 'provisioning.user_assistant'::regclass
      )
      select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name,
             (select quote_ident(a.attname)
                from used u join pg_attribute a on a.attrelid = u.relid and a.attnum = u.attnum
               where u.relid = c.oid and a.atttypid = 'uuid'::regtype
               order by a.attname in ('user_id', 'id') desc, a.attnum limit 1) as key,
             array(
               select quote_ident(a.attname) from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                  and a.attnotnull and not a.atthasdef and a.attidentity = ''
                  and not exists (select from used u where u.relid = c.oid and u.attnum = a.attnum)
                order by a.attnum) as required
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.oid in (select relid from used)
       order by c.oid limit 1\
      """;

  private static final String TRIGGERS =
      """
      select t.tgname, t.tgenabled in ('O', 'A') as fires
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        join pg_namespace n on n.oid = c.relnamespace
       where n.nspname || '.' || c.relname in ('auth.users', 'public.pending_vapi_provision')
         and not t.tgisinternal\
      """;

  /** Only open rows: the partial index serves it, however long the history. */
  private static final String OPEN =
      """
      select status, error_code, count(*) as rows, max(error) as error
        from public.pending_vapi_provision
       where status <> 'processed'
       group by status, error_code
       order by status, error_code\
      """;

  private static final String LONGEST_DUE =
      """
      select extract(epoch from clock_timestamp() - min(next_attempt_at))::bigint
        from public.pending_vapi_provision where next_attempt_at <= now()\
      """;

  /** What the dashboard makes. Whoever may connect may read the arguments, headers included. */
  private static final String DASHBOARD_WEBHOOKS =
      """
      select t.tgname, t.tgargs, t.tgenabled in ('O', 'A') and (t.tgtype & 4) <> 0 as rings
        from pg_trigger t
        join pg_class c on c.oid = t.tgrelid
        join pg_namespace n on n.oid = c.relnamespace
        join pg_proc p on p.oid = t.tgfoid
        join pg_namespace f on f.oid = p.pronamespace
       where n.nspname = 'public' and c.relname = 'pending_vapi_provision'
         and f.nspname = 'supabase_functions' and p.proname = 'http_request'
       order by t.tgname\
      """;

  private static final Pattern TOKEN =
      Pattern.compile("(?i)\"authorization\"\\s*:\\s*\"bearer +(?<token>[^\"\\s]+)\"");

  private final Database database;

  /**
   * @param connections in autocommit
   */
  public Inspection(ConnectionFactory connections) {
    database = new Database(connections);
  }

  /** Objects and rights. */
  public SchemaCheck schemaCheck() {
    return new SchemaCheck(database);
  }

  /**
   * The server, and as whom it knows us.
   *
   * @param tls between the server and whoever connects to it, which may be a pooler
   * @param readable tables that the role could do without, and may read by a grant of its own
   */
  public record Server(
      String version,
      String role,
      boolean superuser,
      boolean bypassesRowSecurity,
      boolean tls,
      List<String> readable) {}

  public Server server() {
    return database.ask(handle ->
        handle
            .createQuery(SERVER)
            .map((row, context) ->
                new Server(
                    row.getString("version"),
                    row.getString("role"),
                    row.getBoolean("rolsuper"),
                    row.getBoolean("rolbypassrls"),
                    row.getBoolean("tls"),
                    texts(row, "readable")))
            .one());
  }

  /** The database's clock. */
  public Instant now() {
    return database.ask(handle ->
        handle
            .createQuery("select clock_timestamp() as now")
            .map((row, context) -> requireNonNull(Rows.instant(row, "now")))
            .one());
  }

  /**
   * The app's table behind the view.
   *
   * @param name with its schema
   * @param key the column that holds the user; null when none is a uuid
   * @param required columns that must be given a value, and get none from us
   */
  public record Settings(String name, @Nullable String key, List<String> required) {}

  /** Empty when the view shows no table at all. */
  public Optional<Settings> settings() {
    return database.ask(handle ->
        handle
            .createQuery(SETTINGS)
            .map((row, context) ->
                new Settings(row.getString("name"), row.getString("key"), texts(row, "required")))
            .findOne());
  }

  /**
   * Whether the table would take an assistant, columns' values aside.
   *
   * @throws StatementRefusedException it would not: 42P10 for the lack of a unique key
   */
  public void planSettle() {
    database.ask(handle -> handle.createQuery(PLAN_OF_SETTLE).mapTo(String.class).list());
  }

  /** The triggers that are there, by name, and whether they fire. */
  public Map<String, Boolean> triggers() {
    return database.ask(handle ->
        handle
            .createQuery(TRIGGERS)
            .reduceRows(
                new HashMap<String, Boolean>(),
                (found, row) -> {
                  found.put(
                      row.getColumn("tgname", String.class), row.getColumn("fires", Boolean.class));
                  return found;
                }));
  }

  /**
   * A Database Webhook on our table, as the dashboard makes them.
   *
   * @param rings it fires, and on inserts
   * @param token null where it has none
   */
  public record DashboardWebhook(String name, boolean rings, String url, @Nullable Secret token) {}

  public List<DashboardWebhook> dashboardWebhooks() {
    return database.ask(handle ->
        handle
            .createQuery(DASHBOARD_WEBHOOKS)
            .map((row, context) -> {
              // Each argument ends with a zero: the URL, the method, the headers, …
              String[] arguments = new String(row.getBytes("tgargs"), UTF_8).split("\0", -1);
              Matcher token = TOKEN.matcher(arguments.length > 2 ? arguments[2] : "");
              return new DashboardWebhook(
                  row.getString("tgname"),
                  row.getBoolean("rings"),
                  arguments[0],
                  token.find() ? new Secret(token.group("token")) : null);
            })
            .list());
  }

  /** The Vault's webhook secret's answer to a challenge; empty when the Vault holds none. */
  public Optional<String> secretsAnswer(String challenge) {
    return database.ask(handle ->
        handle
            .createQuery("select provisioning.check_secret(:challenge)")
            .bind("challenge", challenge)
            .mapTo(String.class)
            .findOne());
  }

  /** Whether the Vault's address of the service is this one; empty when the Vault holds none. */
  public Optional<Boolean> rings(@Nullable String url) {
    return database.ask(handle ->
        handle
            .createQuery("select provisioning.check_url(:url)")
            .bind("url", url)
            .mapTo(Boolean.class)
            .findOne());
  }

  /** Whether the function is there, by whatever extension. */
  public boolean has(String schema, String function) {
    return database.ask(handle ->
        handle
            .createQuery(
                """
                select exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                                where n.nspname = :schema and p.proname = :function)\
                """)
            .bind("schema", schema)
            .bind("function", function)
            .mapTo(Boolean.class)
            .one());
  }

  /** Whether pg_cron rings /reconcile; empty without pg_cron. */
  public Optional<Boolean> scheduled() {
    return database.ask(handle ->
        handle.createQuery("select provisioning.is_scheduled()").mapTo(Boolean.class).findOne());
  }

  /**
   * What has become of requests of pg_net in the last hour, the app's own among them.
   *
   * @param status null where there was no answer
   * @param problem what kind of refusal of ours the answer was; null for all other answers
   * @param reason why there was no answer; {@code waiting} for what is yet to be sent
   * @param latest null for what is yet to be sent
   */
  public record Delivery(
      @Nullable Integer status,
      @Nullable String problem,
      @Nullable String reason,
      long times,
      @Nullable Instant latest) {}

  /** Most recent first. */
  public List<Delivery> deliveries() {
    return database.ask(handle ->
        handle
            .createQuery("select * from provisioning.deliveries()")
            .map((row, context) ->
                new Delivery(
                    row.getObject("status", Integer.class),
                    row.getString("problem"),
                    row.getString("reason"),
                    row.getLong("times"),
                    Rows.instant(row, "latest")))
            .list());
  }

  /** The Vapi organisation this installation belongs to; empty when that is not recorded. */
  public Optional<String> organisation() {
    return database.ask(handle ->
        handle
            .createQuery("select to_jsonb(i) ->> 'organisation' from provisioning.installation i")
            .mapTo(String.class)
            .findOne());
  }

  /**
   * Rows that are not processed.
   *
   * @param error one of theirs; it names no user
   */
  public record Open(Status status, @Nullable String code, long rows, @Nullable String error) {}

  public List<Open> open() {
    return database.ask(handle ->
        handle
            .createQuery(OPEN)
            .map((row, context) ->
                new Open(
                    Status.of(row.getString("status")),
                    row.getString("error_code"),
                    row.getLong("rows"),
                    row.getString("error")))
            .list());
  }

  /** For how many seconds the row that waits longest has been due; empty when none is. */
  public Optional<Long> longestDue() {
    return database.ask(handle -> handle.createQuery(LONGEST_DUE).mapTo(Long.class).findOne());
  }

  private static List<String> texts(ResultSet row, String column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }
}
