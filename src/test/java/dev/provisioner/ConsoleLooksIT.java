package dev.provisioner;

import static dev.provisioner.Operator.trouble;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;

/** The console for whoever has a small screen, no mouse, a screen reader, or the lights out. */
@Chromium.Driven
@ExtendWith(SharedSupabase.class)
class ConsoleLooksIT {
  /** What WCAG 2 asks of text at level AA. */
  private static final double CONTRAST = 4.5;

  private final World world;
  private final Operator operator;
  private final Chromium browser;

  ConsoleLooksIT(SupabaseServer supabase, Chromium browser) {
    world = World.serving(supabase);
    operator = new Operator(browser, world);
    this.browser = browser;
  }

  @AfterEach
  void end() {
    operator.close();
    world.close();
  }

  @Test
  void picturesAreKept() {
    busyMorning();
    operator.logIn();
    browser.sees("#headline", "4 rows need a person.");

    browser.keep("light", 1280);
    browser.prefer("dark");
    browser.keep("dark", 1280);
    browser.keep("phone", 320);
    browser.prefer("light");
    browser.keep("phone-light", 390);
    browser.size(1280, 900);
    browser.click("#troubles a");
    browser.sees("#fields", "Attempts");
    browser.keep("details", 1280);
    browser.press(Keys.ESCAPE);
    browser.click("#forget");
    browser.keep("login", 1280);
  }

  @Test
  void nothingIsWiderThanASmallPhone() {
    busyMorning();
    browser.size(320, 640);
    browser.open(operator.home());
    browser.one("#token");
    assertNoOverflow("the login");
    operator.logIn();
    browser.sees("#troubles", "Vapi rejects");
    assertNoOverflow("the console");
    browser.click("#troubles a");
    browser.sees("#fields", "Attempts");
    assertNoOverflow("the details");
    browser.press(Keys.ESCAPE);
    browser.click("#retry-all");
    assertNoOverflow("the question");
    browser.press(Keys.ESCAPE);
    operator.wire.cut();
    browser.sees("#banner", "does not answer");
    assertNoOverflow("the banner");
  }

  @Test
  void everythingIsDoneWithTheKeyboardAlone() {
    Person person = operator.rejected("name must be shorter");
    browser.open(operator.home());
    browser.one("#token");
    // The field has the focus from the start.
    browser.press(World.token(Scope.OPERATE));
    browser.press(Keys.ENTER);
    browser.sees(trouble(person), "name must be shorter");

    browser.reload();
    browser.sees(trouble(person), "name must be shorter");
    browser.press(Keys.TAB);
    assertThat(focused()).isEqualTo("Skip to content");
    browser.press(Keys.ENTER);
    browser.press(Keys.TAB);
    assertThat(focused()).startsWith("Details of row");
    assertThat(
            browser
                .script("return getComputedStyle(document.activeElement).outlineStyle;")
                .asText())
        .isEqualTo("solid");
    // What is told anew beside it leaves it the focus.
    String made = browser.text(trouble(person) + " .meta time");
    world.sql("update public.pending_vapi_provision set created_at = created_at - interval '3 h'");
    browser.until(
        "another time", () -> !browser.text(trouble(person) + " .meta time").equals(made));
    assertThat(focused()).startsWith("Details of row");
    browser.press(Keys.ENTER);
    browser.sees("#fields", "name must be shorter");
    assertThat(focused()).isEqualTo("Close");
    browser.press(Keys.ENTER);
    browser.until("closed", () -> browser.all("dialog[open]").isEmpty());
    assertThat(focused()).startsWith("Details of row");
    browser.press(Keys.TAB);
    assertThat(focused())
        .startsWith("Try again row " + person.provision().toString().substring(0, 8));
    browser.press(Keys.SPACE);

    browser.sees(trouble(person) + " .badge", "Processed");
    assertThat(focused()).startsWith("Details of row");
    browser.press(Keys.TAB);
    browser.press(Keys.SPACE);
    assertThat(browser.script("return document.activeElement.value;").asText())
        .isEqualTo("pending");
    browser.sees("#rows-empty", "No row is like that.");
  }

  @Test
  void everythingHasANameAndAPlace() {
    busyMorning();
    operator.logIn();
    browser.sees("#troubles", "Vapi rejects");
    browser.click("#troubles a");
    browser.sees("#fields", "Attempts");

    assertThat(browser.script(NAMELESS)).as("controls without a name").isEmpty();
    assertThat(browser.script("return document.documentElement.lang;").asText()).isEqualTo("en");
    for (String once : List.of("main", "header", "h1:not([hidden] *)", "head > title")) {
      assertThat(browser.all(once)).as(once).hasSize(1);
    }
    assertThat(browser.script(UNTITLED)).as("sections and dialogs without a heading").isEmpty();
    assertThat(browser.script(LEAPS)).as("headings that leave out a level").isEmpty();
    assertThat(browser.script(REPEATED)).as("ids that stand twice").isEmpty();
    assertThat(
            browser.all(
                "#rows-said[role='status'], #run-text[aria-live='polite'], #banner[role='alert']"))
        .hasSize(3);
    assertThat(browser.all("table caption")).hasSize(2);
    assertThat(browser.all("table.rows [role='columnheader'][scope='col']")).hasSize(6);
    assertThat(
            browser
                .script(
                    "return [...document.querySelectorAll('time')].filter(e => !e.dateTime || (!e.title && e.parentElement.id !== 'updated')).length;")
                .asInt())
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"light", "dark"})
  void textIsReadable(String scheme) {
    busyMorning();
    browser.prefer(scheme);
    browser.open(operator.home());
    browser.one("#token");
    assertReadable(scheme);
    operator.enter("wrong");
    browser.sees("#token-error", "does not take");
    assertReadable(scheme);
    operator.logIn();
    browser.sees("#troubles", "Vapi rejects");
    browser.click("#filters label:has([value='failed'])");
    assertReadable(scheme);
    browser.click("#troubles .retry");
    browser.sees("#run-text", "tried");
    assertReadable(scheme);
    browser.click("#troubles a");
    browser.sees("#fields", "Attempts");
    assertReadable(scheme);
  }

  /** A queue as it may be found in the morning: mostly well, with some trouble. */
  private void busyMorning() {
    for (Person each : world.people(34)) {
      world.sql(
          """
          update public.pending_vapi_provision
             set status = 'processed', next_attempt_at = null, attempts = 1,
                 assistant_id = gen_random_uuid()::text,
                 processed_at = now() - interval '58 minutes' * power(random(), 1.5),
                 created_at = now() - interval '60 minutes'
           where id = ?\
          """,
          each.provision());
    }
    operator.rejected("name must be shorter than or equal to 40 characters");
    operator.rejected("model.model must be one of the following values: gpt-4.1, gpt-4.1-mini");
    Person spent = world.person();
    set(
        spent,
        """
        status = 'failed', next_attempt_at = null, attempts = 12, error_code = 'attempts_spent',
        error = 'All 12 attempts are spent. The last one: HTTP 503: upstream connect error or disconnect/reset before headers.',
        created_at = now() - interval '9 hours'\
        """);
    set(
        world.person(),
        """
        status = 'errored', next_attempt_at = now() + interval '14 minutes', attempts = 4,
        error_code = 'settings_refused',
        error = 'public.user_settings refused the assistant''s id: violates check constraint "plan_is_active" (23514).',
        created_at = now() - interval '47 minutes'\
        """);
    world.doubt(world.person());
    world.doubt(world.person());
    set(world.person(), "next_attempt_at = now() - interval '74 seconds'");
    world.person();
    world.person();
  }

  private void set(Person person, String assignments) {
    world.sql(
        "update public.pending_vapi_provision set " + assignments + " where id = ?",
        person.provision());
  }

  private void assertNoOverflow(String what) {
    JsonNode wide =
        browser.script(
            """
            const root = document.documentElement;
            const wide = [...document.querySelectorAll('body *')]
              .filter(e => e.checkVisibility() && !e.closest('.unseen, .sprite, .skip'))
              .filter(e => e.getBoundingClientRect().right > root.clientWidth + 0.5)
              .map(e => e.outerHTML.slice(0, 120));
            return root.scrollWidth > root.clientWidth ? ['the page: ' + root.scrollWidth, ...wide] : wide;\
            """);
    assertThat(wide).as("what is too wide in %s", what).isEmpty();
  }

  private String focused() {
    return browser
        .script("return document.activeElement.textContent.replace(/\\s+/g, ' ').trim();")
        .asText();
  }

  private void assertReadable(String scheme) {
    JsonNode faint = browser.script(FAINT, CONTRAST);
    assertThat(faint).as("text that is too faint when it is %s", scheme).isEmpty();
  }

  private static final String NAMELESS =
      """
      const text = id => document.getElementById(id)?.textContent.trim() ?? '';
      const name = e => e.getAttribute('aria-label')
        || (e.getAttribute('aria-labelledby') ?? '').split(' ').map(text).join('')
        || [...(e.labels ?? [])].map(l => l.textContent.trim()).join('')
        || (e.matches('button, a') ? e.textContent.trim() : '');
      return [...document.querySelectorAll('button, a, input, progress, dialog, table.rows')]
        .filter(e => !name(e)).map(e => e.outerHTML);\
      """;

  private static final String UNTITLED =
      """
      return [...document.querySelectorAll('section, dialog')]
        .filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))?.matches('h1, h2'))
        .map(e => e.outerHTML.slice(0, 120));\
      """;

  private static final String LEAPS =
      """
      const levels = [...document.querySelectorAll('#console :is(h1, h2, h3)')].map(e => +e.tagName[1]);
      return levels.filter((level, i) => level > (levels[i - 1] ?? 0) + 1);\
      """;

  private static final String REPEATED =
      """
      const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
      return ids.filter((id, i) => ids.indexOf(id) !== i);\
      """;

  /** Every text that is shown, against what lies behind it. */
  private static final String FAINT =
      """
      const parse = c => c.match(/[\\d.]+/g).map(Number);
      const over = (top, under) => {
        const a = top[3] ?? 1;
        return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a));
      };
      const behind = e => {
        if (!e) { return [255, 255, 255]; }
        const own = parse(getComputedStyle(e).backgroundColor);
        return (own[3] ?? 1) === 1 ? own : over(own, behind(e.parentElement));
      };
      const light = c => {
        const [r, g, b] = c.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const contrast = (a, b) => {
        const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
      };
      const scope = document.querySelector('dialog[open]') ?? document.body;
      document.getAnimations().forEach(each => each.finish());
      return [...scope.querySelectorAll('*')]
        .filter(e => e.checkVisibility() && !e.closest('.sprite, [aria-disabled=true]')
          && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .map(e => [contrast(over(parse(getComputedStyle(e).color), behind(e)), behind(e)), e])
        .filter(([ratio]) => ratio < arguments[0])
        .map(([ratio, e]) => ratio.toFixed(2) + ' ' + e.outerHTML.slice(0, 120));\
      """;
}
