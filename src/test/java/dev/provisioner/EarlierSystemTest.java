package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseCli;
import dev.provisioner.sandbox.SupabaseServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A project that has provisioned by a queue of its own, taken over by what the messages say. */
@ExtendWith(SharedSupabase.class)
class EarlierSystemTest {
  private static final SupabaseCli CLI = SupabaseCli.of(Path.of("migrations"));

  private final World world;

  EarlierSystemTest(SupabaseServer supabase) {
    world = World.of(supabase, supabase.createDatabase());
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void everybodyEndsWithExactlyOneAndOldOnesAreKept() {
    Readme.run(
        world.database,
        """
        create table public.user_settings (
          user_id uuid primary key references auth.users on delete cascade,
          theme text not null default 'dark', vapi_assistant_id text);
        create table public.pending_vapi_provision (
          id uuid primary key default gen_random_uuid(),
          user_id uuid references auth.users on delete cascade,
          email text, created_at timestamptz default now(), processed_at timestamptz, error text);
        create function public.queue_assistant() returns trigger
        language plpgsql security definer set search_path = '' as $$
        begin
          insert into public.pending_vapi_provision (user_id, email) values (new.id, new.email);
          return new;
        end $$;
        create trigger queue_assistant after update of email_confirmed_at on auth.users
          for each row execute function public.queue_assistant();
        """);
    // Served, queued, queued twice, failed, half served (no row), forgotten, and not verified.
    world.sql(
        """
        insert into auth.users (id, email, email_confirmed_at)
        select ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'old-' || n || '@example.com',
               case when n < 7 then now() - interval '1 day' end
          from generate_series(1, 7) n\
        """);
    world.sql(
        """
        insert into public.user_settings (user_id, vapi_assistant_id)
        select id, case when email in ('old-1@example.com', 'old-5@example.com') then 'made by the old ' || email end
          from auth.users where email not in ('old-3@example.com', 'old-6@example.com')\
        """);
    world.sql(
        """
        insert into public.pending_vapi_provision (user_id, email, processed_at, error)
        select u.id, u.email, case when n = 1 then now() end, case when n = 4 then 'timeout' end
          from (values (1), (2), (3), (3), (4)) old (n)
          join auth.users u on u.email = 'old-' || n || '@example.com'\
        """);
    String old =
        world.text(
            "select string_agg(q::text, ',' order by id) from public.pending_vapi_provision q");

    // Literally what is said, one message after the other.
    assertThat(refusal()).contains("is not the table of vapi-provisioner");
    Readme.run(world.database, remedy(refusal()));
    assertThat(refusal())
        .contains("a trigger on auth.users inserts into pending_vapi_provision by itself");
    assertThat(world.as("postgres", Readme.block(EarlierSystemTest.class, "triggers"))).isNotNull();
    Readme.run(world.database, remedy(refusal()));
    CLI.push(world.database);
    assertThat(
            world.text(
                "select string_agg(q::text, ',' order by id) from public.pending_vapi_provision_old q"))
        .isEqualTo(old);
    Readme.run(world.database, Readme.block(ExistingUsersTest.class, "batches"));
    world.start();
    world.elapse(Duration.ofMinutes(2));
    assertThat(world.reconcile().number("created")).isEqualTo(4);

    assertThat(world.vapi.creates()).isEqualTo(4);
    assertThat(
            world.text(
                """
                select string_agg(u.email, ',' order by u.email) from auth.users u
                 where not exists (select from public.user_settings s
                                    where s.user_id = u.id and s.vapi_assistant_id <> '')\
                """))
        .isEqualTo("old-7@example.com");
    assertThat(
            world.count(
                "select count(*) from public.user_settings where vapi_assistant_id like 'made by%'"))
        .isEqualTo(2);
    assertThat(world.count("select count(distinct vapi_assistant_id) from public.user_settings"))
        .isEqualTo(6);

    Readme.run(world.database, Readme.block(EarlierSystemTest.class, "drop"));
    assertThat(world.person().provision()).isNotNull();
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
  }

  private String refusal() {
    return String.valueOf(catchThrowable(() -> CLI.push(world.database)).getMessage());
  }

  /** The lines of SQL: what follows the sentence, up to the next. */
  private static String remedy(String refusal) {
    String sql = refusal.substring(refusal.indexOf("again:") + "again:".length());
    return sql.substring(0, sql.indexOf(';') + 1);
  }
}
