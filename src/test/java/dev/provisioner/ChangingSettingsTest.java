package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The app changes what the view depends on, as the README shows, while the service runs. */
@ExtendWith(SharedSupabase.class)
class ChangingSettingsTest {
  private final World world;

  ChangingSettingsTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"type", "rename", "move"})
  void assistantsStayAndNewOnesAreWritten(String change) {
    Person before = world.provisioned();
    Person open = world.person();
    String kept = assistant(before);

    Readme.run(world.database, Readme.block(ChangingSettingsTest.class, change));

    assertThat(assistant(before)).isEqualTo(kept);
    Person after = world.provisioned();
    assertThat(world.ring(open).field("outcome")).isEqualTo("created");
    assertThat(world.vapi.assistants())
        .extracting(each -> each.id())
        .containsExactlyInAnyOrder(kept, assistant(open), assistant(after));
    assertThat(world.get("/readyz").field("status")).isEqualTo("ready");

    world.delete(before);
    world.reconcile();
    assertThat(world.vapi.assistants()).hasSize(2);

    // Our migrations, applied once more, leave what the app has made of the view.
    String schema = Catalog.ofOurs(world.database);
    world.database.applyMigrations();
    Catalog.assertSame("applied again", schema, Catalog.ofOurs(world.database));
  }

  private String assistant(Person person) {
    return world.text(
        "select vapi_assistant_id from provisioning.user_assistant where user_id = ?",
        person.user());
  }
}
