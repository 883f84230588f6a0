package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the migrations make of a new project is written down, so that a change to it is seen. */
@ExtendWith(SharedSupabase.class)
class SchemaTest {
  static final Path WRITTEN = Path.of("src/test/resources/schema.txt");
  private static final String REWRITE = "mvn test -Dtest=SchemaTest -Dschema.write=true";

  @Test
  void migrationsMakeTheSchemaThatIsWrittenDown(SupabaseServer supabase) throws IOException {
    String schema = Catalog.ofOurs(supabase.createMigratedDatabase());
    if (Boolean.getBoolean("schema.write")) {
      Files.writeString(WRITTEN, schema);
    }

    Catalog.assertSame(
        "what the migrations make is not " + WRITTEN + "; if that is meant, `" + REWRITE + "`",
        Files.readString(WRITTEN),
        schema);
  }

  @Test
  void differencesAreShownUnderTheirThings() {
    assertThat(Catalog.difference("a\n  one\n  two\n\nb\n  three\n", "a\n  one\n\nb\n  four\n"))
        .isEqualTo("  a\n-   two\n  b\n-   three\n+   four");
  }

  @Test
  void commandThatRewritesItIsDocumented() throws IOException {
    assertThat(Files.readString(Path.of("README.md"))).contains(REWRITE);
  }
}
