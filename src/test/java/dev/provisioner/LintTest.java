package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Supabase's linter has nothing to say of our objects, settings as we make them included. */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LintTest {
  /** The rule unused_index; what is unique is there for its own sake. */
  private static final String UNUSED =
      """
      select string_agg(indexrelname, ', ') from pg_stat_user_indexes s
        join pg_index i on i.indexrelid = s.indexrelid
       where schemaname in ('public', 'provisioning') and idx_scan = 0 and not indisunique\
      """;

  private final SupabaseServer supabase;
  private final World world;

  LintTest(SupabaseServer supabase) {
    this.supabase = supabase;
    world = World.empty(supabase);
  }

  @AfterAll
  void end() {
    world.close();
  }

  @ParameterizedTest
  @EnumSource
  void nothingOfOursIsFound(Lint lint) {
    assertThat(world.query(lint.sql())).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void whatIsBadIsFound(Lint lint) throws SQLException {
    assertThat(Session.trying(world.database, lint.bad, lint.sql()).lines()).contains(lint.finding);
  }

  /** With a history, as planners go by size; each use is one that the migration names. */
  @Test
  void everyIndexIsUsed() {
    try (World busy = World.empty(supabase)) {
      busy.sql("create index bad on public.pending_vapi_provision (email)");
      history(busy);
      busy.start();
      Person due = busy.person();
      Person inDoubt = busy.person();
      busy.settleInDoubt(inDoubt, Duration.ofMinutes(10));
      Person leaving = busy.person();
      busy.use(leaving, "an-assistant");
      busy.sql("select pg_stat_reset()");

      busy.delete(leaving);
      busy.elapse(Duration.ofMinutes(2));
      busy.reconcile();
      busy.get("/provisions?limit=10");
      busy.get("/stats");

      eventually("only the bad one is unused", () -> "bad".equals(busy.query(UNUSED)));
      assertThat(busy.row(due).status()).isEqualTo("processed");
    }
  }

  /** Ten thousand users, all processed but a few; a thousand tombstones, none due. */
  private static void history(World busy) {
    busy.sql("set session_replication_role = replica");
    busy.sql(
        """
        insert into auth.users (id, email, email_confirmed_at)
        select gen_random_uuid(), 'past-' || n || '@example.com', now() - interval '1 day'
          from generate_series(1, 10000) n\
        """);
    busy.sql(
        """
        insert into public.pending_vapi_provision
               (user_id, email, status, created_at, processed_at, next_attempt_at, assistant_id)
        select id, email, 'processed', email_confirmed_at, email_confirmed_at, null, 'a-' || id from auth.users\
        """);
    busy.sql(
        """
        insert into public.user_settings (user_id, vapi_assistant_id) select id, 'a-' || id from auth.users\
        """);
    busy.sql(
        """
        insert into provisioning.departed (user_id, confirm_at)
        select gen_random_uuid(), now() + interval '1 day' from generate_series(1, 1000)\
        """);
    busy.sql("set session_replication_role = origin");
    busy.sql("analyze");
  }
}
