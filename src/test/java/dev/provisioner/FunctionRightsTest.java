package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.Grant;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who may call which of our functions. In one project the schema is closed to the Data API, as the
 * migrations leave it; in the other somebody has opened it, and still nobody may call any.
 */
@ExtendWith(SharedSupabase.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FunctionRightsTest {
  /** Each function by its signature, how it is called, and how that ends for service and owner. */
  record Function(String signature, String call, String provisioner, String postgres) {
    @Override
    public String toString() {
      return signature;
    }
  }

  static final List<Function> FUNCTIONS =
      List.of(
          ofTheService(
              "bury(uuid,uuid,text,timestamp with time zone,timestamp with time zone)",
              "bury(gen_random_uuid(), null, null, null, null)"),
          ofTheService("enqueue_missing(integer,timestamp with time zone)", "enqueue_missing()"),
          ofTheService("missing_count(timestamp with time zone)", "missing_count()"),
          ofTheService("requeue(uuid)", "requeue(gen_random_uuid())"),
          ofTheService("pin_organisation(text)", "pin_organisation('an-organisation')"),
          ofTheService("check_secret(text)", "check_secret('a challenge')"),
          ofTheService("check_url(text)", "check_url('https://somewhere.example.com')"),
          ofTheService("is_scheduled()", "is_scheduled()"),
          new Function("deliveries(interval)", "deliveries()", "0", "0"),
          ofTheOwner("post_signed(text,jsonb,jsonb)", "post_signed('/reconcile', '{}')"),
          ofTheOwner("request_reconcile()", "request_reconcile()"),
          ofTheOwner("display_name(jsonb)", "display_name('{}')"),
          trigger("on_user_verified()"),
          trigger("on_user_deleted()"),
          trigger("on_user_soft_deleted()"),
          trigger("on_provision_deleted()"),
          trigger("on_provision_enqueued()"));

  private final World world;
  private final World opened;

  FunctionRightsTest(SupabaseServer supabase) {
    world = World.empty(supabase);
    opened = World.empty(supabase);
    opened.sql("grant usage on schema provisioning to anon, authenticated, service_role");
  }

  @AfterAll
  void end() {
    world.close();
    opened.close();
  }

  @Test
  void everyFunctionIsInTheTable() {
    assertThat(
            world
                .text(
                    """
                    select string_agg(oid::regprocedure::text, E'\\n') from pg_proc
                     where pronamespace = 'provisioning'::regnamespace\
                    """)
                .lines()
                .map(each -> each.replace("provisioning.", "")))
        .containsExactlyInAnyOrderElementsOf(FUNCTIONS.stream().map(Function::signature).toList());
  }

  @Test
  void serviceIsGrantedThoseThatAreForIt() {
    assertThat(FUNCTIONS.stream().filter(each -> !each.provisioner.equals("no")))
        .hasSameSizeAs(Grant.ALL.stream().filter(each -> each.right().equals("execute")).toList());
  }

  @ParameterizedTest
  @FieldSource("FUNCTIONS")
  void eachIsForWhomItIsMade(Function function) {
    Caller caller = new Caller(world.database, UUID.randomUUID());
    String sql = "select provisioning." + function.call;

    assertThat(caller.tries("provisioner", sql)).isEqualTo(function.provisioner);
    assertThat(caller.tries("postgres", sql)).isEqualTo(function.postgres);
    for (String role : List.of("anon", "authenticated", "service_role", "authenticator")) {
      assertThat(caller.tries(role, sql)).as(role).isEqualTo("no");
      assertThat(new Caller(opened.database, UUID.randomUUID()).tries(role, sql))
          .as("%s, in an open schema", role)
          .isEqualTo("no");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"installation", "departed", "user_assistant"})
  void tablesStayClosedInAnOpenSchema(String table) {
    for (String role : List.of("anon", "authenticated", "service_role", "authenticator")) {
      for (String sql :
          List.of("select * from provisioning." + table, "delete from provisioning." + table)) {
        assertThat(new Caller(opened.database, UUID.randomUUID()).tries(role, sql))
            .as("%s: %s", role, sql)
            .isEqualTo("no");
      }
    }
  }

  private static Function ofTheService(String signature, String call) {
    return new Function(signature, call, "1", "1");
  }

  private static Function ofTheOwner(String signature, String call) {
    return new Function(signature, call, "no", "1");
  }

  /** Nobody calls it but its trigger. */
  private static Function trigger(String signature) {
    return new Function(signature, signature, "no", "0A000");
  }
}
