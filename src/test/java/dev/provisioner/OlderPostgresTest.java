package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Projects of before 2025 run PostgreSQL 15. Its binaries are fetched for Linux on x86 only. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class OlderPostgresTest {
  @Test
  void postgres15DoesItAll() {
    try (SupabaseServer supabase =
        SupabaseServer.start(Path.of("target/postgres-15/linux-amd64.jar"))) {
      SupabaseDatabase database = supabase.createDatabase();
      database.applyMigrations();
      database.applyMigrations();
      try (World world = World.of(supabase, database)) {
        assertThat(world.text("show server_version")).startsWith("15.");
        world.start();
        Person rung = world.person();
        Person due = world.person();
        assertThat(world.ring(rung).field("outcome")).isEqualTo("created");
        world.elapse(Duration.ofMinutes(2));
        assertThat(world.reconcile().number("created")).isEqualTo(1);
        assertThat(world.row(due).status()).isEqualTo("processed");

        world.delete(rung);
        world.delete(due);
        world.reconcile();

        assertThat(world.vapi.assistants()).isEmpty();
        assertThat(world.count("select count(*) from provisioning.departed")).isZero();
      }
    }
  }
}
