package dev.provisioner.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SourceFormatTest {
  @Test
  void everySourceFileIsFormatted() throws IOException {
    assertThat(SourceFormat.unformatted(Path.of("src")))
        .as("files that `mvn -Pformat` would rewrite")
        .isEmpty();
  }
}
