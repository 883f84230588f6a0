package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Our role and our removal, on a server of its own: a role belongs to all of its databases. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RemovalTest {
  private static final String REMOVE = Readme.block(RemovalTest.class, "remove");

  private final SupabaseServer supabase = SupabaseServer.start();

  @BeforeEach
  void nobodyHasTheRoleYet() {
    SupabaseDatabase database = supabase.createDatabase();
    Readme.run(database, "drop role if exists provisioner");
    database.drop();
  }

  @AfterAll
  void end() {
    supabase.close();
  }

  @Test
  void appIsLeftAsItWasBefore() {
    SupabaseDatabase database = supabase.createDatabase();
    try (World world = World.of(supabase, database)) {
      Readme.run(
          database,
          """
          create table public.user_settings (
            id uuid primary key references auth.users on delete cascade, theme text default 'dark');
          create function public.greet() returns trigger language plpgsql as $$
          begin return null; end $$;
          create trigger greet after insert on auth.users for each row execute function public.greet();
          """);
      world.database.enablePgCron();
      world.as("postgres", "select cron.schedule('the app''s', '* * * * *', 'select 1')");
      String before = Catalog.ofAll(database);
      database.applyMigrations();
      database.createVaultSecret("provisioner_url", "https://provisioner.example.com");
      database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
      database.createVaultSecret("the_apps_own", "secret");
      world.start();
      Person kept = world.provisioned();
      world.delete(world.provisioned());
      String users = world.text("select string_agg(u::text, ',' order by id) from auth.users u");
      String settings = world.text("select string_agg(s::text, ',') from public.user_settings s");
      assertThat(world.count("select count(*) from cron.job")).isEqualTo(3);
      assertThat(world.as("postgres", "select count(*) from (" + statement("list") + ") l"))
          .isEqualTo("2");

      Readme.run(database, REMOVE);

      assertThat(world.text("select string_agg(u::text, ',' order by id) from auth.users u"))
          .isEqualTo(users);
      assertThat(world.text("select string_agg(s::text, ',') from public.user_settings s"))
          .isEqualTo(settings)
          .contains(kept.user().toString());
      assertThat(world.text("select string_agg(jobname, ',') from cron.job"))
          .isEqualTo("the app's");
      assertThat(world.text("select string_agg(name, ',') from vault.secrets"))
          .isEqualTo("the_apps_own");
      assertThat(Catalog.difference(before, Catalog.ofAll(database)))
          .isEqualTo("  public.user_settings\n+   column vapi_assistant_id text");

      Readme.run(database, Readme.block(RemovalTest.class, "settings"));
      Catalog.assertSame("after the removal", before, Catalog.ofAll(database));
      Readme.run(database, REMOVE); // nothing is left to remove
      Catalog.assertSame("after another removal", before, Catalog.ofAll(database));
    }
  }

  @Test
  void tableOfOurMakingGoesOnlyWhenItIsDropped() {
    SupabaseDatabase database = supabase.createDatabase();
    try (World world = World.of(supabase, database)) {
      String before = Catalog.ofAll(database);
      database.applyMigrations();
      Readme.run(database, REMOVE);
      assertThat(world.count("select count(*) from public.user_settings")).isZero();

      Readme.run(database, Readme.block(RemovalTest.class, "table"));
      Catalog.assertSame("after the removal", before, Catalog.ofAll(database));
    }
  }

  @Test
  void roleStaysWhileAnotherDatabaseUsesIt() {
    SupabaseDatabase database = supabase.createDatabase();
    SupabaseDatabase other = supabase.createDatabase();
    database.applyMigrations();
    other.applyMigrations();
    try (World second = World.of(supabase, other)) {
      String before = Catalog.ofAll(other);

      Readme.run(database, REMOVE);

      Catalog.assertSame("the other database", before, Catalog.ofAll(other));
      second.start();
      assertThat(second.ring(second.person()).field("outcome")).isEqualTo("created");
      Readme.run(other, REMOVE);
      assertThat(second.query("select to_regrole('provisioner')::text")).isNull();
    }
    database.drop();
  }

  @Test
  void removalAndReturnWhileARowIsProcessing() throws Exception {
    try (World world = World.of(supabase, migrated())) {
      String schema = Catalog.ofOurs(world.database);
      Service service = world.start();
      Person served = world.provisioned();
      Person person = world.person();
      Hold hold = Hold.beforeApplying();
      world.vapi.onCreate().next(hold);
      Future<Answer> rung = world.ringInBackground(person);
      hold.awaitArrived(Duration.ofSeconds(30));

      Readme.run(world.database, REMOVE);
      hold.release();
      rung.get();

      assertThat(world.inUse(served)).isNotNull();
      assertThat(world.inUse(person)).isNull();
      assertThat(world.get("/readyz").status()).isEqualTo(503);
      UUID other = world.database.signUp("in-between@example.com", null);
      world.database.confirm(other);
      world.database.deleteUser(other);
      service.close();

      world.database.applyMigrations();

      Catalog.assertSame("installed again", schema, Catalog.ofOurs(world.database));
      assertThat(world.count("select provisioning.missing_count()")).isEqualTo(1);
    }
  }

  @Test
  void removalGivesWayToWhoeverIsLeaving() throws Exception {
    try (World world = World.of(supabase, migrated())) {
      Person person = world.person();
      String schema = Catalog.ofAll(world.database);
      Session.during(
          world.database,
          "delete from auth.users where id = '" + person.user() + "'",
          () -> {
            assertThatThrownBy(() -> Readme.run(world.database, REMOVE))
                .hasMessageContaining("lock timeout");
            return null;
          });
      Catalog.assertSame("whole or not at all", schema, Catalog.ofAll(world.database));

      Readme.run(world.database, REMOVE);
      assertThat(world.query("select to_regnamespace('provisioning')::text")).isNull();
    }
  }

  @Test
  void roleThatMayNotLogInIsWarnedOf() {
    SupabaseDatabase database = supabase.createDatabase();
    try (World world = World.of(supabase, database)) {
      world.as("postgres", "create role provisioner nologin");
      String warning = String.join("\n", SupabaseCli.of(Path.of("migrations")).push(database));
      assertThat(warning).contains("may not log in").contains("alter role provisioner login;");

      world.as("postgres", "alter role provisioner login");
      world.start();
      assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
    }
  }

  @Test
  void roleOfSomebodyElsesMakingIsTakenAsItIs() {
    SupabaseDatabase database = supabase.createDatabase();
    SupabaseCli cli = SupabaseCli.of(Path.of("migrations"));
    try (World world = World.of(supabase, database)) {
      world.sql("create role provisioner login");
      String warning =
          cli.push(database).stream()
              .filter(each -> each.startsWith("WARNING"))
              .collect(Collectors.joining());
      assertThat(warning).contains("not ours to set");

      world.sql(warning.substring(warning.indexOf("alter role")));

      database.applyMigrations();
      assertThat(Catalog.ofOurs(database)).contains("set lock_timeout=500ms");
      world.start();
      assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
      Readme.run(database, REMOVE);
      assertThat(world.query("select to_regrole('provisioner')::text")).isNotNull();
      world.sql("drop role provisioner");
    }
  }

  private SupabaseDatabase migrated() {
    SupabaseDatabase database = supabase.createDatabase();
    database.applyMigrations();
    return database;
  }

  private static String statement(String name) {
    return Readme.block(RemovalTest.class, name).strip().replaceFirst(";$", "");
  }
}
