package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.sandbox.SupabaseDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What a database holds as text, from PostgreSQL's catalogs: tables, columns, constraints, indexes,
 * policies, triggers, views, functions, rights, comments, and our role.
 */
final class Catalog {
  /** What our migrations touch, triggers on other schemas' tables included. */
  private static final List<String> OURS = List.of("provisioning", "public");

  private static final List<String> ALL =
      List.of("auth", "cron", "extensions", "net", "provisioning", "public", "vault");

  private static final String SQL = resource("/catalog.sql");

  private Catalog() {}

  /** The schemas that our migrations make something in. */
  static String ofOurs(SupabaseDatabase database) {
    return of(database, OURS);
  }

  /** The whole project, but for what the Supabase CLI keeps for itself. */
  static String ofAll(SupabaseDatabase database) {
    return of(database, ALL);
  }

  private static String of(SupabaseDatabase database, List<String> schemas) {
    StringBuilder dump = new StringBuilder();
    try (Connection superuser = database.connectAsSuperuser();
        Statement path = superuser.createStatement();
        PreparedStatement statement = superuser.prepareStatement(SQL)) {
      path.execute("set search_path = ''"); // every name is written in full
      Array names = superuser.createArrayOf("text", schemas.toArray());
      statement.setArray(1, names);
      try (ResultSet row = statement.executeQuery()) {
        String last = "";
        while (row.next()) {
          String thing = row.getString("thing");
          if (!thing.equals(last)) {
            dump.append(last.isEmpty() ? "" : "\n").append(thing).append('\n');
            last = thing;
          }
          row.getString("line")
              .lines()
              .forEach(line -> dump.append(("  " + line).stripTrailing()).append('\n'));
        }
      }
      return dump.toString();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Fails with the lines that only one of the two has. */
  static void assertSame(String what, String expected, String actual) {
    if (!expected.equals(actual)) {
      assertThat(difference(expected, actual)).as(what).isEmpty();
    }
  }

  /** Lines that only the old one has with a minus, only the new one with a plus, in their order. */
  static String difference(String old, String fresh) {
    List<String> a = Arrays.asList(old.split("\n", -1));
    List<String> b = Arrays.asList(fresh.split("\n", -1));
    int[][] common = new int[a.size() + 1][b.size() + 1];
    for (int i = a.size() - 1; i >= 0; i--) {
      for (int j = b.size() - 1; j >= 0; j--) {
        common[i][j] =
            Objects.equals(a.get(i), b.get(j))
                ? common[i + 1][j + 1] + 1
                : Math.max(common[i + 1][j], common[i][j + 1]);
      }
    }
    List<String> lines = new ArrayList<>();
    String thing = "";
    String told = "";
    int i = 0;
    int j = 0;
    while (i < a.size() || j < b.size()) {
      boolean same = i < a.size() && j < b.size() && a.get(i).equals(b.get(j));
      boolean gone =
          !same && (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1]));
      String line = same || gone ? a.get(i) : b.get(j);
      if (!line.isEmpty() && !line.startsWith(" ")) {
        thing = line;
      }
      if (!same) {
        if (!told.equals(thing) && !thing.equals(line)) {
          lines.add("  " + thing);
        }
        told = thing;
        lines.add((gone ? "- " : "+ ") + line);
      }
      i += same || gone ? 1 : 0;
      j += same || !gone ? 1 : 0;
    }
    return String.join("\n", lines);
  }

  private static String resource(String name) {
    try (InputStream in = Objects.requireNonNull(Catalog.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
