package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Blocks of the README, to the letter, by the comment above them. */
final class Readme {
  private Readme() {}

  /** The one below {@code <!-- run by <test>: <name> -->}. */
  static String block(Class<?> test, String name) {
    try {
      String comment = "<!-- run by %s: %s -->".formatted(test.getSimpleName(), name);
      Matcher matcher =
          Pattern.compile("(?s)" + Pattern.quote(comment) + "\n```[a-z]+\n(.*?)```")
              .matcher(Files.readString(Path.of("README.md")));
      assertThat(matcher.find()).as("the README has " + comment).isTrue();
      return matcher.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As {@code postgres}, whole, as the SQL editor runs what is pasted into it. */
  static void run(SupabaseDatabase database, String sql) {
    try (Connection postgres = database.connect("postgres");
        Statement statement = postgres.createStatement()) {
      statement.setEscapeProcessing(false);
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage() + "\n" + sql, e);
    }
  }
}
