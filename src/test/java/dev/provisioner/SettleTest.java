package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the protocol asks of a settle, and a look at the outcome alone cannot tell. */
@ExtendWith(SharedSupabase.class)
class SettleTest {
  /** The driver treats statements another way once a connection has seen them five times. */
  private static final int OFTEN = 40;

  private final World world;

  SettleTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("VAPI_CONCURRENCY", "1");
    world.start();
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void rowAndSettingAreWrittenInOneTransactionHoweverOften() {
    List<Boolean> together = new ArrayList<>();
    for (int i = 0; i < OFTEN; i++) {
      Person person = world.person();
      world.ring(person);
      together.add(
          world
              .text(
                  """
                  select q.xmin = s.xmin
                    from public.pending_vapi_provision q join public.user_settings s using (user_id)
                   where q.id = ?\
                  """,
                  person.provision())
              .equals("t"));
    }

    assertThat(together).hasSize(OFTEN).containsOnly(true);
  }
}
