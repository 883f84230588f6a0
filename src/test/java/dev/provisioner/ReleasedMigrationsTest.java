package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What has been released is in other people's projects: it never changes again, and what comes
 * later is called so that it comes later.
 */
class ReleasedMigrationsTest {
  private static final Path RELEASED = Path.of("src/test/resources/released-migrations");
  private static final Pattern RELEASE = Pattern.compile("(?m)^## \\[?[0-9]");

  @Test
  void releasedFilesAreAsTheyWere() throws IOException {
    List<String> now = migrations();
    List<String> released = Files.readAllLines(RELEASED);

    assertThat(now.subList(0, Math.min(now.size(), released.size())))
        .as("a released migration was changed or renamed, or one was put before it: write another")
        .isEqualTo(released);
  }

  @Test
  void everyReleaseIsWrittenDown() throws IOException {
    if (RELEASE.matcher(Files.readString(Path.of("CHANGELOG.md"))).find()) {
      assertThat(Files.readAllLines(RELEASED))
          .as("a version is released: sha256sum migrations/*.sql > " + RELEASED)
          .isNotEmpty();
    }
  }

  /** As sha256sum prints them, in the order in which they are applied. */
  private static List<String> migrations() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("migrations"))) {
      List<Path> sorted = files.filter(file -> file.toString().endsWith(".sql")).sorted().toList();
      List<String> lines = new ArrayList<>();
      for (Path file : sorted) {
        byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        lines.add(HexFormat.of().formatHex(sum) + "  " + file);
      }
      return lines;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
