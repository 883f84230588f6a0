package dev.provisioner.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /}: the operator's console, and {@code GET /console/{file}}: what its page is made of.
 * All of it is static and public; what it shows, it asks the other routes for, with the operator's
 * token.
 */
public final class ConsoleEndpoint {
  /** Nothing but what is served here, nothing inline, and text stays text. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'";

  private static final String CSS = "text/css; charset=utf-8";
  private static final String JAVASCRIPT = "text/javascript; charset=utf-8";
  private static final Pattern COMMA = Pattern.compile(" *, *");

  private final File page = File.read("index.html", "text/html; charset=utf-8");
  private final Map<String, File> files =
      List.of(
              File.read("chart.js", JAVASCRIPT),
              File.read("console.css", CSS),
              File.read("console.js", JAVASCRIPT),
              File.read("details.js", JAVASCRIPT),
              File.read("dom.js", JAVASCRIPT),
              File.read("health.js", JAVASCRIPT),
              File.read("icon.svg", "image/svg+xml"),
              File.read("retry.js", JAVASCRIPT),
              File.read("rows.js", JAVASCRIPT),
              File.read("service.js", JAVASCRIPT),
              File.read("words.js", JAVASCRIPT))
          .stream()
          .collect(Collectors.toUnmodifiableMap(each -> each.name, Function.identity()));

  public List<Route> routes() {
    return List.of(
        Route.get("/", ctx -> answer(ctx, page)), Route.get("/console/{file}", this::file));
  }

  private void file(Context ctx) {
    File file = files.get(ctx.pathParam("file"));
    if (file == null) {
      throw new ProblemException(
          ProblemType.NOT_FOUND, "The console has no such file. It begins at GET /.");
    }
    answer(ctx, file);
  }

  /** May be kept, but is asked for again each time: a new version shows at the next load. */
  private static void answer(Context ctx, File file) {
    ctx.header("Cache-Control", "no-cache")
        .header("ETag", file.tag)
        .header("Content-Security-Policy", POLICY);
    if (isKept(ctx.header("If-None-Match"), file.tag)) {
      ctx.status(304);
    } else {
      ctx.contentType(file.type).result(file.content);
    }
  }

  private static boolean isKept(@Nullable String ifNoneMatch, String tag) {
    return ifNoneMatch != null
        && Arrays.stream(COMMA.split(ifNoneMatch.strip(), -1))
            .anyMatch(each -> each.equals(tag) || each.equals("W/" + tag) || each.equals("*"));
  }

  /** One file as it was when this was built. */
  private static final class File {
    private final String name;
    private final String type;
    private final byte[] content;
    private final String tag;

    private File(String name, String type, byte[] content, String tag) {
      this.name = name;
      this.type = type;
      this.content = content;
      this.tag = tag;
    }

    static File read(String name, String type) {
      try (InputStream in = ConsoleEndpoint.class.getResourceAsStream("/console/" + name)) {
        if (in == null) {
          throw new IllegalStateException("console/" + name + " is not on the class path");
        }
        byte[] content = in.readAllBytes();
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
        return new File(name, type, content, '"' + HexFormat.of().formatHex(digest, 0, 16) + '"');
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
