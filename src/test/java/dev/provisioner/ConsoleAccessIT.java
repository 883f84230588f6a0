package dev.provisioner;

import static dev.provisioner.Operator.trouble;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The console and its token; and the console when the service, or what it needs, is away. */
@Chromium.Driven
@ExtendWith(SharedSupabase.class)
class ConsoleAccessIT {
  private final World world;
  private final Operator operator;
  private final Chromium browser;

  ConsoleAccessIT(SupabaseServer supabase, Chromium browser) {
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
  void tokenThatIsNotTakenIsRefusedWithTheReason() {
    browser.open(operator.home());
    String good = World.token(Scope.OPERATE);

    operator.enter("two words");
    browser.sees("#token-error", "one line without blanks");
    operator.enter("rubbish");
    browser.sees("#token-error", "is no JWT that can be read");
    operator.enter(good.substring(0, good.length() - 4) + "AAAA");
    browser.sees("#token-error", "is signed with none of JWT_SECRETS");
    operator.enter(Operator.expiring(Duration.ofMinutes(-5)));
    browser.sees("#token-error", "The token has expired. Make a new one.");
    operator.enter(World.token(Scope.WEBHOOK));
    browser.sees("#token-error", "This needs a token with scope operate.");
    assertThat(browser.one("#token").isDisplayed()).isTrue();
    assertThat(browser.all("#statuses dd")).isEmpty();
    assertThat(browser.script("return sessionStorage.length;").asInt()).isZero();

    operator.enter(good);
    browser.sees("#headline", "Nothing waits.");
  }

  @Test
  void tokenThatExpiresMeanwhileIsAskedForAnew() {
    Person person = operator.rejected("name must be shorter");
    browser.open(operator.home());
    operator.enter(Operator.expiring(Duration.ofSeconds(20)));
    browser.sees(trouble(person), "name must be shorter");

    browser.sees("#token-error", "The token has expired. Make a new one.");

    assertThat(browser.one("#token").isDisplayed()).isTrue();
    assertThat(browser.text()).doesNotContain("name must be shorter");
    assertThat(browser.all("#troubles > *, #rows > *")).isEmpty();
    operator.enter(World.token(Scope.OPERATE));
    browser.sees(trouble(person), "name must be shorter");
  }

  @Test
  void tokenIsKeptForTheTabAndNowhereElse() {
    operator.logIn();
    browser.reload();
    browser.sees("#headline", "Nothing waits.");
    String token = browser.script("return sessionStorage.getItem('operator-token');").asText();
    assertThat(token).startsWith("ey");
    assertThat(browser.script("return [localStorage.length, document.cookie];").toString())
        .isEqualTo("[0,\"\"]");
    assertThat(browser.address()).isEqualTo(operator.home());
    assertThat(browser.script("return document.documentElement.outerHTML;").asText())
        .doesNotContain(token);
    assertThat(browser.script("return document.querySelector('#token').value;").asText()).isEmpty();
    assertThat(browser.requests()).isNotEmpty().noneMatch(each -> each.contains(token));

    browser.click("#forget");

    assertThat(browser.one("#token").isDisplayed()).isTrue();
    assertThat(browser.script("return sessionStorage.length;").asInt()).isZero();
    browser.reload();
    assertThat(browser.one("#token").isDisplayed()).isTrue();
  }

  @Test
  void serviceThatStopsIsMissedAndFoundAgain() {
    Person person = operator.rejected("name must be shorter");
    operator.logIn();
    browser.sees(trouble(person), "name must be shorter");

    operator.wire.cut();

    browser.sees("#banner", "The service does not answer. What you see is of");
    assertThat(browser.text(trouble(person))).contains("name must be shorter");
    browser.click(trouble(person) + " .retry");
    browser.sees("#run-text", "Then it ended: The service does not answer.");
    Person next = operator.rejected("one more");
    operator.wire.restore();
    browser.sees(trouble(next), "one more");
    browser.until("the banner is gone", () -> browser.text("#banner").isEmpty());
    assertThat(world.row(person).status()).isEqualTo("failed");
  }

  @Test
  void serviceThatDoesNotAnswerAtTheLoginIsSaidToBeAway() {
    browser.open(operator.home());
    browser.one("#token");
    operator.wire.cut();

    operator.enter(World.token(Scope.OPERATE));

    browser.sees("#token-error", "The service does not answer.");
    operator.wire.restore();
    operator.enter(World.token(Scope.OPERATE));
    browser.sees("#headline", "Nothing waits.");
  }

  @Test
  void databaseThatIsAwayIsSaidToBeWithTheReason() {
    Person person = operator.rejected("name must be shorter");
    operator.logIn();
    browser.sees(trouble(person), "name must be shorter");

    world.wire.cut();

    browser.sees("#banner", "database");
    browser.sees("#banner", "What you see is of");
    browser.sees("#checks [data-key='database']", "Not ready");
    browser.sees("#checks [data-key='database']", "DATABASE_URL");
    browser.sees("#checks [data-key='instance']", "Ready");
    assertThat(browser.text(trouble(person))).contains("name must be shorter");
    world.wire.restore();
    browser.until("the banner is gone", () -> browser.text("#banner").isEmpty());
    browser.sees("#checks [data-key='database']", "Ready");
  }

  @Test
  void nothingIsAskedForAnywhereElseAndNothingIsComplainedAbout() {
    Person person = operator.rejected("name must be shorter");
    operator.logIn();
    browser.click(trouble(person) + " a");
    browser.sees("#fields", "name must be shorter");
    browser.click("#details-retry");
    browser.sees("#details-said", "Processed");
    browser.click("#details-close");
    browser.click("#filters label:has([value='processed'])");
    browser.until("it is found", () -> browser.all("#rows > tr").size() == 1);
    browser.click("#forget");

    assertThat(browser.complaints()).isEmpty();
    List<String> requests = browser.requests();
    assertThat(requests)
        .anyMatch(each -> each.endsWith("/reconcile"))
        .allMatch(each -> each.startsWith(operator.home()) || each.startsWith("data:"));
  }

  @Test
  void policyIsInForce() {
    operator.logIn();
    browser.complaints();

    browser.script(
        """
        const add = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
        add('img', {src: 'https://elsewhere.invalid/pixel.png'});
        add('style', {textContent: 'body { display: none }'});
        fetch('https://elsewhere.invalid/').catch(() => {});
        document.body.setAttribute('style', 'display: none');
        try { document.body.innerHTML = '<p>'; document.title = 'broken'; } catch { }\
        """);

    browser.sees("#headline", "Nothing waits.");
    assertThat(browser.script("return document.title;").asText()).isEqualTo("vapi-provisioner");
    String complaints = String.join("\n", browser.complaints());
    for (String directive : List.of("img-src", "style-src", "connect-src", "TrustedHTML")) {
      assertThat(complaints).contains(directive);
    }
  }
}
