package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files are only ever added to the migrations, so whatever was installed once is what the first few
 * of them make. From each such state, with rows of every kind, the rest leads on.
 */
@ExtendWith(SharedSupabase.class)
class UpgradeTest {
  private static final List<String> STATES =
      List.of(
          "status = 'pending'",
          "status = 'processing', claim_token = gen_random_uuid(), unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'",
          "status = 'errored', error = 'e', error_code = 'c', attempts = 3",
          "status = 'errored', attempts = 1, unconfirmed_since = now() - interval '1 minute', unconfirmed_until = now()",
          "status = 'failed', next_attempt_at = null, error = 'e', attempts = 12",
          "status = 'failed', next_attempt_at = null, unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()",
          "status = 'processed', processed_at = now(), next_attempt_at = null, assistant_id = 'a'",
          "status = 'processed', processed_at = now(), next_attempt_at = null, assistant_id = 'b', unconfirmed_since = now(), unconfirmed_until = now(), confirm_at = now()");

  private final SupabaseDatabase database;
  private final World world;

  UpgradeTest(SupabaseServer supabase) {
    database = supabase.createDatabase();
    world = World.of(supabase, database);
  }

  @AfterEach
  void end() {
    world.close();
  }

  static Stream<Integer> states() throws IOException {
    return IntStream.rangeClosed(0, migrations().size()).boxed();
  }

  @ParameterizedTest(name = "after {0} files")
  @MethodSource("states")
  void rowsOfEveryKindSurvive(int applied) throws IOException {
    for (Path file : migrations().subList(0, applied)) {
      Readme.run(database, Files.readString(file));
    }
    fill();
    String before = rows();

    database.applyMigrations();

    assertThat(rows()).startsWith(before);
    Catalog.assertSame(
        "the schema", Files.readString(SchemaTest.WRITTEN), Catalog.ofOurs(database));
    world.start();
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
    Person person = world.person();
    assertThat(world.ring(person).field("outcome")).isEqualTo("created");
    String assistant = world.inUse(person);
    world.delete(person);
    world.reconcile();
    assertThat(world.vapi.deleted()).contains(assistant);
  }

  /** Whatever of it there is a table for. */
  private void fill() {
    for (String state : STATES) {
      UUID user = world.unseen(1, "now()");
      if (there("provisioning.user_assistant")) {
        world.sql("insert into public.user_settings values (?, 'in use')", user);
      }
      if (there("public.pending_vapi_provision")) {
        world.sql("set session_replication_role = replica");
        world.sql("insert into public.pending_vapi_provision (user_id) values (?)", user);
        world.sql("set session_replication_role = origin");
        world.sql("update public.pending_vapi_provision set " + state + " where user_id = ?", user);
      }
      if (there("provisioning.departed")) {
        world.sql(
            "insert into provisioning.departed (user_id, assistant_ids) values (gen_random_uuid(), '{gone}')");
      }
    }
  }

  private String rows() {
    StringBuilder rows = new StringBuilder();
    for (String table :
        List.of(
            "provisioning.installation",
            "public.user_settings",
            "public.pending_vapi_provision",
            "provisioning.departed")) {
      if (there(table)) {
        rows.append(
            world.text(
                "select coalesce(string_agg(t::text, E'\n' order by t::text), '') from "
                    + table
                    + " t"));
        rows.append('\n');
      }
    }
    return rows.toString();
  }

  private boolean there(String table) {
    return world.query("select to_regclass(?)::text", table) != null;
  }

  private static List<Path> migrations() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("migrations"))) {
      return files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
    }
  }
}
