package dev.provisioner;

import static dev.provisioner.Operator.row;
import static dev.provisioner.Operator.trouble;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.provisioner.World.Person;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.openqa.selenium.Keys;
import org.slf4j.LoggerFactory;

/** What an operator sees in the console, and does there. */
@Chromium.Driven
@ExtendWith(SharedSupabase.class)
class ConsoleIT {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final World world;
  private final Operator operator;
  private final Chromium browser;

  ConsoleIT(SupabaseServer supabase, Chromium browser) {
    world = World.empty(supabase).with("VAPI_CONCURRENCY", "1").with("VAPI_TIMEOUT", "30s");
    world.start();
    operator = new Operator(browser, world);
    this.browser = browser;
  }

  @AfterEach
  void end() {
    operator.close();
    world.close();
  }

  @Test
  void queueIsSeenAtAGlance() {
    world.person(); // pending
    due(world.person(), 200);
    world.ring(world.person());
    world.ring(world.person());
    operator.rejected("name must be shorter");
    world.doubt(world.person());
    set(
        world.person(),
        """
        status = 'processing', claim_token = gen_random_uuid(), attempts = 1,
        next_attempt_at = now() + interval '1 minute',
        unconfirmed_since = now(), unconfirmed_until = now() + interval '1 minute'\
        """);
    operator.logIn();

    browser.sees("#headline", "1 row needs a person.");
    assertThat(number("pending")).isEqualTo("2");
    assertThat(number("processing")).isEqualTo("1");
    assertThat(number("errored")).isEqualTo("1");
    assertThat(number("failed")).isEqualTo("1");
    assertThat(number("processed")).isEqualTo("2");
    assertThat(fact("needs")).isEqualTo("1");
    assertThat(fact("due")).isEqualTo("2");
    assertThat(fact("oldest")).startsWith("for 3 min");
    assertThat(fact("doubt")).isEqualTo("1");
    assertThat(browser.text("#rate")).contains("2 processed");
    assertThat(browser.all("#rate rect")).hasSize(12);
    assertThat(
            browser
                .script("return [...document.querySelectorAll('#rate td')].map(e => +e.innerText);")
                .toString())
        .isEqualTo("[0,0,0,0,0,0,0,0,0,0,0,2]");
    for (String check : List.of("instance", "database", "vapi")) {
      assertThat(browser.text("#checks [data-key='" + check + "'] dd")).isEqualTo("Ready");
    }
    assertThat(browser.text("#gate dd")).startsWith("Go out");
    assertThat(browser.script("return document.title;").asText()).isEqualTo("(1) vapi-provisioner");
  }

  @Test
  void emptyQueueIsSaidToBeEmpty() {
    operator.logIn();

    browser.sees("#headline", "Nothing waits.");
    browser.sees("#subline", "Rows appear here as soon as users verify their e-mail.");
    browser.sees("#attention-empty", "None.");
    browser.sees("#rows-empty", "The queue is empty.");
    assertThat(browser.one("#pause").isDisplayed()).isTrue();
    assertThat(browser.all("#retry-all").getFirst().isDisplayed()).isFalse();
  }

  @Test
  void whyVapiIsNotCalledIsSaid() {
    world.vapi.revokeKeys();
    world.ring(world.person());
    operator.logIn();

    browser.sees("#headline", "Vapi refuses the account.");
    browser.sees("#subline", "Vapi says: HTTP 401");
    browser.sees("#checks [data-key='vapi']", "Degraded");
    browser.sees("#checks [data-key='vapi']", "See VAPI_API_KEY");
    browser.sees("#gate", "Refused");
    browser.sees("#gate", "tried again in");
    browser.sees("#troubles", "Mend VAPI_API_KEY or VAPI_BASE_URL");
  }

  @Test
  void whatVapiSaysIsTextWhateverItLooksLike() {
    Person person =
        operator.rejected(
            "<img src=x onerror='document.title=1'><b>bold</b><script>top.x=1</script>");
    operator.logIn();

    browser.sees(trouble(person), "<img src=x onerror='document.title=1'><b>bold</b><script>");
    assertThat(browser.all("#console img, #console b, #console script")).isEmpty();
    browser.click(trouble(person) + " a");
    browser.sees("#fields", "<b>bold</b>");
    assertThat(browser.all("dialog img, dialog b, dialog script")).isEmpty();
    assertThat(browser.script("return document.title;").asText()).contains("vapi-provisioner");
  }

  @Test
  void failedRowIsTriedAgainAndTurnsProcessed() {
    Person other = operator.rejected("name must be shorter");
    Person person = operator.rejected("model is not known");
    operator.logIn();
    browser.sees(trouble(person), "Vapi rejects this assistant");
    browser.sees(trouble(person), "model is not known");
    browser.sees(trouble(person), "Mend the template");
    assertThat(browser.text(trouble(person) + " .badge")).isEqualTo("Failed");

    browser.click(trouble(person) + " .retry");

    browser.sees(trouble(person) + " .badge", "Processed");
    browser.sees(trouble(person) + " h3", "a new assistant was made");
    browser.sees("#run-text", "1 row tried");
    browser.sees("#run-text", "1 processed");
    browser.sees(row(person) + " .badge", "Processed");
    assertThat(browser.all(trouble(person) + " .retry").getFirst().isDisplayed()).isFalse();
    assertThat(world.row(person).status()).isEqualTo("processed");
    assertThat(world.row(other).status()).isEqualTo("failed");
    browser.sees("#headline", "1 row needs a person.");
  }

  @Test
  void rowThatFailsAgainSaysSo() {
    Person person = operator.rejected("name must be shorter");
    world.vapi.onCreate().next(Fault.status(400, "{\"message\":[\"still too long\"]}"));
    operator.logIn();

    browser.click(trouble(person) + " .retry");

    browser.sees(trouble(person), "still too long");
    browser.sees("#run-text", "1 failed again");
    assertThat(browser.one(trouble(person) + " .retry").isDisplayed()).isTrue();
  }

  @Test
  void allAreTriedAgainAndToldAsTheyGo() {
    List<Person> people = rejected(5);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().drawn((ordinal, call) -> ordinal == 2 ? hold : null);
    operator.logIn();
    browser.click("#retry-all");
    browser.sees("#confirm", "5 rows are tried again now");
    browser.click("#confirm-no");
    assertThat(people).allMatch(each -> world.row(each).status().equals("failed"));

    browser.click("#retry-all");
    browser.click("#confirm-yes");

    hold.awaitArrived(PATIENCE);
    browser.sees("#run-text", "2 of 5 tried: 2 processed.");
    browser.until(
        "two are done", () -> browser.all("#troubles [data-state='processed']").size() == 2);
    assertThat(browser.script("return document.querySelector('#run-progress').value;").asInt())
        .isEqualTo(2);
    hold.release();
    browser.sees("#run-text", "5 rows tried");
    browser.sees("#run-text", "5 processed.");
    assertThat(people).allMatch(each -> world.row(each).status().equals("processed"));
    browser.sees("#headline", "Nothing waits.");
    assertThat(browser.all("#retry-all").getFirst().isDisplayed()).isFalse();
  }

  @Test
  void runIsStoppedAndWhatWasNotTakenUpStaysAsItWas() {
    Departure departure = new Departure();
    List<Person> people = rejected(6);
    Hold hold = Hold.beforeApplying();
    world.vapi.onCreate().drawn((ordinal, call) -> ordinal == 1 ? hold : null);
    operator.logIn();
    browser.click("#retry-all");
    browser.click("#confirm-yes");
    hold.awaitArrived(PATIENCE);
    browser.sees("#run-text", "1 of 6 tried");

    browser.click("#run-stop");

    browser.sees("#run-text", "Stopped. 1 row tried: 1 processed.");
    browser.until("the service to notice", departure::isHeard);
    hold.release();
    browser.until("one batch is finished", () -> count(people, "processed") == 4);
    assertThat(count(people, "failed")).as("not taken up").isEqualTo(2);
    browser.sees("#headline", "2 rows need a person.");
  }

  @Test
  void tableIsFilteredByStatusAndUser() {
    Person failed = operator.rejected("name must be shorter");
    Person pending = world.person();
    Person processed = world.person();
    world.ring(processed);
    operator.logIn();
    browser.until("three rows", () -> browser.all("#rows > tr").size() == 3);

    browser.click("#filters label:has([value='failed'])");
    browser.until("one row", () -> browser.all("#rows > tr").size() == 1);
    assertThat(browser.all(row(failed))).hasSize(1);

    browser.click("#filters label:has([value='pending'])");
    browser.until("two rows", () -> browser.all("#rows > tr").size() == 2);

    browser.type("#user", pending.user().toString(), Keys.ENTER);
    browser.until("the user's row", () -> browser.all("#rows > tr").size() == 1);
    assertThat(browser.all(row(pending))).hasSize(1);

    browser.click("#filters [type='reset']");
    browser.until("all again", () -> browser.all("#rows > tr").size() == 3);

    browser.type("#user", processed.user().toString().substring(0, 8), Keys.ENTER);
    browser.sees("#user-error", "A user id is a UUID");
    assertThat(browser.all("#rows > tr")).hasSize(3);
    browser.click("#filters [type='reset']");
    browser.click("#filters label:has([value='errored'])");
    browser.sees("#rows-empty", "No row is like that.");
  }

  @Test
  void moreRowsAreShownWhenAskedFor() {
    world.people(60);
    operator.logIn();
    browser.until("a page", () -> browser.all("#rows > tr").size() == 25);

    browser.click("#rows-more");
    browser.until("two pages", () -> browser.all("#rows > tr").size() == 50);
    browser.click("#rows-more");
    browser.until("the last page", () -> browser.all("#rows > tr").size() == 60);

    assertThat(browser.all("#rows-more").getFirst().isDisplayed()).isFalse();
    world.ring(world.person());
    browser.until("one more by itself", () -> browser.all("#rows > tr").size() == 61);
  }

  @Test
  void detailsHaveAnAddressOfTheirOwn() {
    Person person = operator.rejected("name must be shorter");
    operator.logIn();

    browser.click(row(person) + " a");
    browser.sees("#fields", "name must be shorter");
    assertThat(browser.address()).endsWith("#/provisions/" + person.provision());
    assertThat(browser.text("#fields"))
        .contains(person.provision().toString(), person.user().toString(), "Attempts", "In doubt");
    browser.press(Keys.ESCAPE);
    browser.until("closed", () -> browser.all("dialog[open]").isEmpty());
    assertThat(browser.address()).isEqualTo(operator.home());

    browser.open(operator.home() + "#/provisions/" + person.provision());
    browser.reload();
    browser.sees("#fields", "name must be shorter");
    browser.click("#details-retry");
    browser.sees("#details-said", "a new assistant was made");
    browser.sees("#fields .badge", "Processed");

    world.delete(person);
    browser.open(operator.home() + "#/provisions/" + person.provision());
    browser.reload();
    browser.sees("#details-error", "has no row");
  }

  @Test
  void whatIsBeingReadStaysWhereItIs() {
    Person person = operator.rejected("first");
    rejected(8);
    operator.logIn();
    String button = trouble(person) + " .retry";
    browser.one(button);
    browser.script(
        "const it = document.querySelector(arguments[0]); it.scrollIntoView({block: 'center'}); it.focus();",
        button);
    int before = top(button);

    Person next = operator.rejected("one more");
    browser.sees(trouble(next), "one more");

    assertThat(top(button)).isBetween(before - 2, before + 2);
    assertThat(
            browser
                .script("return document.activeElement.matches(arguments[0]);", button)
                .asBoolean())
        .isTrue();
  }

  @Test
  void pausedPageStaysAsItIs() {
    operator.logIn();
    browser.click("#pause");
    browser.sees("#updated", "As of");
    Person person = operator.rejected("name must be shorter");
    browser.requests();

    browser.script("document.dispatchEvent(new Event('click'));");
    assertThat(browser.all(trouble(person))).isEmpty();
    assertThat(browser.text("#pause")).isEqualTo("Go on");
    browser.click("#pause");
    browser.sees(trouble(person), "name must be shorter");
    browser.sees("#updated", "Updated");
  }

  /** Hears the log say that nobody listens to a reconcile any more. */
  private static final class Departure extends AppenderBase<ILoggingEvent> {
    private volatile boolean heard;

    Departure() {
      Logger logger = (Logger) LoggerFactory.getLogger("dev.provisioner.http.ReconcileStream");
      logger.setLevel(Level.INFO);
      logger.addAppender(this);
      start();
    }

    boolean isHeard() {
      return heard;
    }

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getFormattedMessage().contains("went away after 1 rows")) {
        heard = true;
      }
    }
  }

  private List<Person> rejected(int count) {
    List<Person> people = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      people.add(operator.rejected("name must be shorter"));
    }
    return people;
  }

  private long count(List<Person> people, String status) {
    return people.stream().filter(each -> world.row(each).status().equals(status)).count();
  }

  private void due(Person person, int seconds) {
    set(person, "next_attempt_at = now() - interval '" + seconds + " seconds'");
  }

  private void set(Person person, String assignments) {
    world.sql(
        "update public.pending_vapi_provision set " + assignments + " where id = ?",
        person.provision());
  }

  private String number(String status) {
    return browser.text("#statuses [data-key='" + status + "'] strong");
  }

  private String fact(String key) {
    return browser.text("#facts [data-key='" + key + "'] dd");
  }

  private int top(String selector) {
    return browser
        .script(
            "return Math.round(document.querySelector(arguments[0]).getBoundingClientRect().top);",
            selector)
        .asInt();
  }
}
