package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.provision.Page.Position;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.PGConnection;

/**
 * What the queue is asked costs as much after 200,000 rows as after a thousand. Told by the plans
 * of the very statements that are sent, and by the pages that they touch; time would tell of the
 * machine. {@code -Dhistory.rows=1000000} makes it a million.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LongHistoryTest {
  private static final int SHORT = 1_000;
  private static final int LONG = Integer.getInteger("history.rows", 200_000);

  /** An index is a level or two deeper then, and what is counted up to a bound is counted. */
  private static final int DEEPER = 2;

  private static final int BOUNDED = 150;

  private static final String QUEUE = "pending_vapi_provision";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SupabaseDatabase young;
  private final SupabaseDatabase old;

  LongHistoryTest(SupabaseServer supabase) {
    young = supabase.createDatabase();
    young.applyMigrations();
    old = supabase.createDatabase();
    old.applyMigrations();
  }

  @BeforeAll
  void fill() throws Exception {
    fill(young, SHORT);
    fill(old, LONG);
  }

  @AfterAll
  void end() {
    young.drop();
    old.drop();
  }

  @Test
  void everyQuestionCostsTheSameHoweverLongTheHistory() throws Exception {
    Map<String, List<JsonNode>> few = plans(young);
    Map<String, List<JsonNode>> many = plans(old);

    many.forEach((question, plans) -> {
      int pages = pages(plans);
      int pagesThen = pages(requireNonNull(few.get(question)));
      assertThat(plans).as("%s is asked", question).isNotEmpty();
      assertThat(readThrough(plans)).as("tables that %s reads through", question).isEmpty();
      assertThat(pages)
          .as("pages touched by %s; %d after %d rows: %s", question, pagesThen, SHORT, plans)
          .isLessThanOrEqualTo(pagesThen * DEEPER + BOUNDED);
    });
  }

  /** Prepared at the server and asked often, statements are planned without their parameters. */
  @Test
  void plansMadeOnceForAllDoNotReadThroughEither() throws Exception {
    Map<String, Consumer<Asked>> questions = questions(old);
    long before = readThrough(old);

    try (Connection connection = old.connect("provisioner");
        Statement settings = connection.createStatement()) {
      settings.execute("set plan_cache_mode = force_generic_plan");
      connection.unwrap(PGConnection.class).setPrepareThreshold(1);
      connection.setAutoCommit(false);
      for (int i = 0; i < 3; i++) {
        questions.values().forEach(each -> each.accept(new Asked(connection)));
      }
      connection.rollback();
      settings.execute("select pg_stat_force_next_flush()");
      connection.rollback();
    }

    assertThat(readThrough(old)).isEqualTo(before);
  }

  @Test
  void manyProcessedRowsAreEstimatedAndFewAreCounted() throws Exception {
    try (Connection few = young.connect("provisioner");
        Connection many = old.connect("provisioner")) {
      Statistics counted = new Asked(few).statistics.read();
      Statistics estimated = new Asked(many).statistics.read();

      assertThat(counted.processedIsEstimated()).isFalse();
      assertThat(counted.counts()).containsEntry(Status.PROCESSED, (long) SHORT);
      assertThat(estimated.processedIsEstimated()).isTrue();
      assertThat(estimated.counts().get(Status.PROCESSED))
          .isBetween(LONG * 9L / 10, LONG * 11L / 10);
      for (Statistics each : List.of(counted, estimated)) {
        assertThat(each.counts())
            .containsEntry(Status.PENDING, 60L)
            .containsEntry(Status.ERRORED, 80L)
            .containsEntry(Status.FAILED, 40L);
        assertThat(each.due()).isEqualTo(20);
        assertThat(each.processedLastHour()).isBetween(300L, 360L);
      }
    }
  }

  /** What is asked of one connection. */
  private static final class Asked {
    final QueueView view;
    final QueueStatistics statistics;
    final Queue queue;
    final DoubtLedger doubt;

    Asked(Connection connection) {
      Database database = new Database(() -> KeptOpen.of(connection));
      Policy policy = new Policy(Duration.ofSeconds(2), Duration.ofMinutes(2), 12, true);
      view = new QueueView(database);
      statistics = new QueueStatistics(database, System::nanoTime);
      queue = new Queue(database, policy, Clock.systemUTC(), System::nanoTime);
      doubt = new DoubtLedger(database, policy);
    }
  }

  private static Map<String, Consumer<Asked>> questions(SupabaseDatabase database)
      throws Exception {
    UUID row = UUID.fromString(text(database, "select id from public.%s limit 1".formatted(QUEUE)));
    UUID user =
        UUID.fromString(text(database, "select user_id from public.%s limit 1".formatted(QUEUE)));
    // In the middle of the history.
    Instant middle =
        Instant.parse(
            text(
                database,
                """
                select to_char(max(created_at) - (max(created_at) - min(created_at)) / 2,
                               'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                  from public.pending_vapi_provision where status = 'processed'\
                """));
    Position deep = new Position(middle, new UUID(0, 0));
    Map<String, Consumer<Asked>> questions = new LinkedHashMap<>();
    questions.put("one row", its -> its.view.find(row));
    questions.put("first page", its -> its.view.page(page(Set.of(), null, false, null)));
    questions.put("deep page", its -> its.view.page(page(Set.of(), null, false, deep)));
    for (Status each : Status.values()) {
      questions.put(
          "page of " + each.text(), its -> its.view.page(page(Set.of(each), null, false, null)));
    }
    questions.put(
        "deep page of two",
        its -> its.view.page(page(Set.of(Status.FAILED, Status.PROCESSED), null, false, deep)));
    questions.put("page of a user", its -> its.view.page(page(Set.of(), user, false, null)));
    questions.put("page for a person", its -> its.view.page(page(Set.of(), null, true, null)));
    questions.put("statistics", its -> its.statistics.read());
    questions.put("due rows", its -> its.view.countDue());
    questions.put("candidates", its -> its.view.candidates(request(List.of(), false)));
    questions.put("failed candidates", its -> its.view.candidates(request(List.of(), true)));
    questions.put("named candidates", its -> its.view.candidates(request(List.of(row), true)));
    questions.put("claim of what is due", its -> its.queue.claimDue(32));
    questions.put("claim by name", its -> its.queue.claim(List.of(row), Reach.WEBHOOK));
    questions.put("looks at rows", its -> its.doubt.takeProvisions(100));
    questions.put("looks at tombstones", its -> its.doubt.takeTombstones(100));
    return questions;
  }

  private static Page.Request page(
      Set<Status> statuses, @Nullable UUID user, boolean needsAPerson, @Nullable Position after) {
    return new Page.Request(statuses, user, needsAPerson, 50, after);
  }

  private static Reconciler.Request request(List<UUID> ids, boolean includeFailed) {
    return new Reconciler.Request(100, ids, List.of(), includeFailed, Duration.ofMinutes(1));
  }

  /** The plans of what each question sends, as the driver has sent it, carried out once more. */
  private static Map<String, List<JsonNode>> plans(SupabaseDatabase database) throws Exception {
    Map<String, List<JsonNode>> plans = new LinkedHashMap<>();
    try (Connection connection = database.connect("provisioner")) {
      connection.setAutoCommit(false);
      List<String> sent = new ArrayList<>();
      Connection told = KeptOpen.of(connection, sent::add);
      for (Map.Entry<String, Consumer<Asked>> each : questions(database).entrySet()) {
        sent.clear();
        each.getValue().accept(new Asked(told));
        connection.rollback();
        List<JsonNode> found = new ArrayList<>();
        for (String sql : sent) {
          found.add(explain(connection, sql));
          connection.rollback();
        }
        plans.put(each.getKey(), found);
      }
    }
    return plans;
  }

  private static JsonNode explain(Connection connection, String sql) throws Exception {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("explain (analyze, buffers, timing off, format json) " + sql)) {
      row.next();
      return JSON.readTree(row.getString(1)).path(0).path("Plan");
    }
  }

  private static int pages(List<JsonNode> plans) {
    return plans.stream()
        .mapToInt(plan ->
            plan.path("Shared Hit Blocks").asInt() + plan.path("Shared Read Blocks").asInt())
        .sum();
  }

  private static List<String> readThrough(List<JsonNode> plans) {
    List<String> tables = new ArrayList<>();
    for (JsonNode plan : plans) {
      for (JsonNode node : plan.findParents("Relation Name")) {
        String table = node.path("Relation Name").asText();
        if (node.path("Node Type").asText().equals("Seq Scan")
            && Set.of(QUEUE, "user_settings").contains(table)) {
          tables.add(table);
        }
      }
    }
    return tables;
  }

  /** How often the queue's table was read through since it was made. */
  private static long readThrough(SupabaseDatabase database) throws Exception {
    return Long.parseLong(
        text(database, "select seq_scan from pg_stat_user_tables where relname = '" + QUEUE + "'"));
  }

  /** One every ten seconds, up to now, and a backlog that is the same whatever the history. */
  private static void fill(SupabaseDatabase database, int rows) throws Exception {
    try (Connection connection = database.connectAsSuperuser();
        Statement statement = connection.createStatement()) {
      statement.execute("set session_replication_role = replica"); // no keys, no triggers
      statement.execute(
          """
          insert into public.pending_vapi_provision
                 (user_id, status, attempts, created_at, processed_at, next_attempt_at, assistant_id)
          select gen_random_uuid(), 'processed', 1, at, at, null, gen_random_uuid()
            from (select now() - n * interval '10 seconds' as at from generate_series(%d, 1, -1) n) h\
          """
              .formatted(rows));
      statement.execute(
          """
          insert into public.user_settings (user_id, vapi_assistant_id)
          select user_id, assistant_id from public.pending_vapi_provision\
          """);
      statement.execute(
          """
          insert into public.pending_vapi_provision
                 (user_id, status, created_at, next_attempt_at, error_code)
          select gen_random_uuid(), status, now() - n * interval '1 minute',
                 case when status <> 'failed'
                      then now() + case when n <= 20 and status = 'pending' then - interval '1 minute'
                                        else interval '1 day' end end,
                 case when status <> 'pending' then code end
            from (values ('pending', 60, null), ('errored', 80, 'unreachable'),
                         ('failed', 40, 'rejected')) kinds (status, rows, code),
                 lateral generate_series(1, rows) n\
          """);
      statement.execute("vacuum (analyze)");
    }
  }

  private static String text(SupabaseDatabase database, String sql) throws Exception {
    try (Connection connection = database.connectAsSuperuser();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      String found = row.getString(1);
      statement.execute("select pg_stat_force_next_flush()"); // or it counts some time later
      return found;
    }
  }
}
