package dev.provisioner.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a file into statements as the Supabase CLI does, its mistakes included: it knows quotes,
 * dollar quotes, comments and parentheses, and no more SQL than that.
 */
final class SqlSplitter {
  private static final Pattern BEGIN_ATOMIC =
      Pattern.compile("(?is).*(?<![\\p{L}\\p{N}_$])begin\\s*(?<![\\p{L}\\p{N}_$])atomic");

  private SqlSplitter() {}

  /** Statements without their semicolons and the space around them; comments stay. */
  static List<String> split(String sql) {
    List<String> statements = new ArrayList<>();
    int start = 0;
    State state = new Ready();
    for (int end = 1; end <= sql.length(); end++) {
      State next = state.next(sql.charAt(end - 1), sql.substring(start, end));
      if (next == null) {
        add(statements, sql.substring(start, end));
        start = end;
        next = new Ready();
      }
      state = next;
    }
    add(statements, sql.substring(start));
    return statements;
  }

  private static void add(List<String> statements, String token) {
    String statement = token.replaceFirst(";+$", "").strip();
    if (!statement.isEmpty()) {
      statements.add(statement);
    }
  }

  /** Where the reader is; {@code seen} is the statement so far, this character included. */
  private interface State {
    /** Null where the statement ends. */
    @Nullable State next(char c, String seen);
  }

  private static final class Ready implements State {
    @Override
    public @Nullable State next(char c, String seen) {
      return switch (c) {
        case '$' -> new Tag(seen.length() - 1);
        case '\'', '"' -> new Quote(c);
        case '-' -> new Dash();
        case '/' -> new Block();
        case '\\' -> (escaped, upToIt) -> new Ready();
        case ';' -> null;
        case '(' -> new Within(this, ")");
        case 'c', 'C' -> BEGIN_ATOMIC.matcher(seen).matches() ? new Within(this, "end") : this;
        default -> this;
      };
    }
  }

  private static final class Dash implements State {
    @Override
    public @Nullable State next(char c, String seen) {
      return c == '-' ? new Until("\n") : new Ready().next(c, seen);
    }
  }

  private static final class Block implements State {
    private int depth;

    @Override
    public @Nullable State next(char c, String seen) {
      if (seen.endsWith("/*")) {
        depth++;
        return this;
      }
      if (depth == 0) {
        return new Ready().next(c, seen);
      }
      return seen.endsWith("*/") && --depth == 0 ? new Ready() : this;
    }
  }

  private static final class Quote implements State {
    private final char mark;
    private boolean closed;

    Quote(char mark) {
      this.mark = mark;
    }

    @Override
    public @Nullable State next(char c, String seen) {
      if (closed && c != mark) {
        return new Ready().next(c, seen);
      }
      closed = !closed && c == mark;
      return this;
    }
  }

  private record Until(String end) implements State {
    @Override
    public State next(char c, String seen) {
      return seen.endsWith(end) ? new Ready() : this;
    }
  }

  private record Tag(int from) implements State {
    @Override
    public @Nullable State next(char c, String seen) {
      if (c == '$') {
        return new Until(seen.substring(from));
      }
      return Character.isLetterOrDigit(c) || c == '_' ? this : new Ready().next(c, seen);
    }
  }

  private static final class Within implements State {
    private State inner;
    private final String end;

    Within(State inner, String end) {
      this.inner = inner;
      this.end = end;
    }

    @Override
    public State next(char c, String seen) {
      State next = inner.next(c, seen);
      if (next != null) {
        inner = next;
      }
      return inner instanceof Ready && seen.toLowerCase(Locale.ROOT).endsWith(end)
          ? new Ready()
          : this;
    }
  }
}
