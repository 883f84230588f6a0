package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.postgresql.util.PSQLWarning;

/** The migrations, applied once more to a project in use. */
@ExtendWith(SharedSupabase.class)
class AppliedTwiceTest {
  private final World world;

  AppliedTwiceTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void whatPeopleHaveSetIsKeptAndNothingIsComplainedOf() throws Exception {
    Person person = world.provisioned();
    world.database.createVaultSecret("provisioner_url", "https://provisioner.example.com");
    world.database.createVaultSecret("provisioner_webhook_secret", World.WEBHOOK_SECRET);
    world.sql("update provisioning.installation set id = 'ours', organisation = 'org'");
    Readme.run(world.database, Readme.block(ChangingSettingsTest.class, "move"));
    // A table of the name that we have nothing to do with any more: one that would not fit.
    Readme.run(
        world.database,
        "drop table public.user_settings; create table public.user_settings (a int)");
    String schema = Catalog.ofAll(world.database);
    String kept = kept();

    List<String> said = applyAgain();

    assertThat(said).noneMatch(each -> each.startsWith("WARNING"));
    Catalog.assertSame("applied again", schema, Catalog.ofAll(world.database));
    assertThat(kept()).isEqualTo(kept);
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.ring(world.person()).field("outcome")).isEqualTo("created");
  }

  private String kept() {
    return world.text(
        """
        select jsonb_pretty(jsonb_build_object(
          'installation', (select jsonb_agg(i) from provisioning.installation i),
          'queue', (select jsonb_agg(q order by id) from public.pending_vapi_provision q),
          'voices', (select jsonb_agg(v) from public.voices v),
          'vault', (select jsonb_agg(s order by name) from vault.secrets s),
          'password', (select rolpassword from pg_authid where rolname = 'provisioner')))\
        """);
  }

  private List<String> applyAgain() throws IOException, SQLException {
    List<String> said = new ArrayList<>();
    try (Connection postgres = world.database.connect("postgres");
        Statement statement = postgres.createStatement();
        Stream<Path> files = Files.list(Path.of("migrations"))) {
      statement.setEscapeProcessing(false);
      for (Path file : files.filter(file -> file.toString().endsWith(".sql")).sorted().toList()) {
        statement.execute(Files.readString(file));
        for (SQLWarning each = statement.getWarnings();
            each != null;
            each = each.getNextWarning()) {
          said.add(
              ((PSQLWarning) each).getServerErrorMessage().getSeverity() + " " + each.getMessage());
        }
        statement.clearWarnings();
      }
    }
    return said;
  }
}
