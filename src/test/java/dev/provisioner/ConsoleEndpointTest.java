package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Answer;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the console is served; what it does is seen in a browser, in {@code ConsoleIT}. */
@ExtendWith(SharedSupabase.class)
class ConsoleEndpointTest {
  private static final Pattern REFERENCE =
      Pattern.compile("(?:src|href)=\"/console/([^\"]+)\"|from '\\./([^']+)'");

  private final World world;

  ConsoleEndpointTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void pageAndAllThatItReferencesAreServedWithoutToken() {
    Set<String> seen = new TreeSet<>();
    Set<String> coming = references(plainly("/"));
    while (!coming.isEmpty()) {
      Set<String> next = new TreeSet<>();
      for (String file : coming) {
        Answer answer = plainly("/console/" + file);
        assertThat(answer.status()).as(file).isEqualTo(200);
        next.addAll(references(answer));
      }
      seen.addAll(coming);
      next.removeAll(seen);
      coming = next;
    }

    assertThat(seen)
        .contains("console.css", "console.js", "icon.svg", "words.js")
        .hasSizeGreaterThan(8);
  }

  @Test
  void policyAllowsNothingInlineAndNothingFromElsewhere() {
    Answer page = plainly("/");

    assertThat(header(page, "Content-Security-Policy").split("; "))
        .contains(
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'");
    assertThat(header(page, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(page, "Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(page.response().body())
        .doesNotContainPattern("(?i)\\sstyle=|\\son[a-z]+=|<style|<script>|https?://");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s", "W/%s", "\"another\", %s", "*"})
  void whoHasTheFileIsToldThatNothingHasChanged(String ifNoneMatch) {
    String tag = header(plainly("/"), "ETag");

    Answer again =
        world.send(world.request("/").header("If-None-Match", ifNoneMatch.formatted(tag)));

    assertThat(again.status()).isEqualTo(304);
    assertThat(again.response().body()).isEmpty();
    assertThat(header(again, "ETag")).isEqualTo(tag);
  }

  @Test
  void whoHasAnotherVersionIsSentTheFile() {
    Answer again =
        world.send(
            world
                .request("/")
                .header("If-None-Match", header(plainly("/console/icon.svg"), "ETag")));

    assertThat(again.status()).isEqualTo(200);
    assertThat(header(again, "Cache-Control")).isEqualTo("no-cache");
  }

  @Test
  void headIsAnsweredAsGetWithoutTheBody() {
    for (String path : List.of("/", "/console/console.js")) {
      Answer get = plainly(path);
      Answer head = world.send(world.request(path).method("HEAD", BodyPublishers.noBody()));

      assertThat(head.status()).isEqualTo(200);
      assertThat(head.response().body()).isEmpty();
      for (String name : List.of("Content-Type", "ETag", "Content-Security-Policy")) {
        assertThat(header(head, name)).isEqualTo(header(get, name)).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"none.js", "index.html", "..%2fopenapi.yaml", "%2e%2e%2flogback.xml"})
  void nothingElseIsServedFromItsFolder(String file) {
    HttpRequest.Builder request = world.request("/console/" + file);

    assertThat(world.send(request).status()).isBetween(400, 404);
  }

  private Answer plainly(String path) {
    return world.send(world.request(path));
  }

  private static String header(Answer answer, String name) {
    return answer.response().headers().firstValue(name).orElse("");
  }

  private static Set<String> references(Answer answer) {
    return REFERENCE
        .matcher(answer.response().body())
        .results()
        .map(ConsoleEndpointTest::name)
        .collect(Collectors.toSet());
  }

  private static String name(MatchResult found) {
    return found.group(1) == null ? found.group(2) : found.group(1);
  }
}
