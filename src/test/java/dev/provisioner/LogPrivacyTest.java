package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.Hold;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * Whatever happens: no name, no address and nothing secret gets into the log, stack traces
 * included, nor into a row's error. Looked at after every test here; whatever else the tests do,
 * {@code PrivacyGuard} watches.
 */
@ExtendWith(SharedSupabase.class)
@Isolated("It reads what the whole process logs.")
class LogPrivacyTest {
  private static final String EMAIL = "countess.ada@private.example";
  private static final String NAME = "Ada Augusta Lovelace";
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Logger everything =
      (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Listener log = new Listener();
  private final World world;
  private final Person ada;

  LogPrivacyTest(SupabaseServer supabase) {
    world = World.empty(supabase).with("ACK_TIMEOUT", "3s");
    ada = world.person(EMAIL, NAME);
  }

  @BeforeEach
  void listen() {
    log.start();
    everything.addAppender(log);
    world.start();
  }

  @AfterEach
  void nothingPersonalAndNothingSecretIsTold() {
    world.close();
    everything.detachAppender(log);

    assertThat(log.text()).isNotEmpty();
    assertTellsNothing(log.text());
  }

  @Test
  void successIsLoggedByIdsAlone() {
    world.ring(ada);
    world.ring(ada);
    world.reconcile();

    assertThat(log.text()).contains("Provision " + ada.provision(), ada.user().toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 403, 409, 500})
  void whatVapiEchoesIsMasked(int status) {
    String message =
        "name Assistant for %s is taken, %s too; was given %s as Bearer %s, Assistant for %s…"
            .formatted(NAME, EMAIL, NAME, World.API_KEY, NAME.substring(0, 9));
    world
        .vapi
        .onCreate()
        .next(Fault.status(status, "{\"message\": [\"" + message + "\", \"voice is missing\"]}"));

    Answer answer = world.ring(ada);

    assertThat(log.text()).contains("Provision " + ada.provision());
    assertThat(world.row(ada).error()).contains("is taken", "voice is missing");
    assertTellsNothing(world.row(ada).error());
    assertTellsNothing(answer.response().body());
  }

  @Test
  void addressThatStandsInForANameIsMaskedWhereItIsCut() {
    String address = "a.rather.long.address.of.somebody@private.example";
    Person nameless = world.person(address, null);
    world
        .vapi
        .onCreate()
        .next(
            Fault.status(
                400,
                "{\"message\": \"no Assistant for " + address.substring(0, 26) + " please\"}"));

    world.ring(nameless);

    assertThat(world.row(nameless).error())
        .isEqualTo("Vapi answered 400: no Assistant for [name] please");
  }

  @Test
  void refusedKeyIsNotQuoted() {
    world
        .vapi
        .onCreate()
        .next(Fault.status(401, "{\"message\": \"Invalid key " + World.API_KEY + "\"}"));

    world.ring(ada);

    assertThat(world.row(ada).error()).contains("401");
    assertTellsNothing(world.row(ada).error());
    assertTellsNothing(world.get("/readyz").response().body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "raise exception 'no settings for %', (select email from auth.users where id = new.user_id)",
        "raise unique_violation using detail = (select raw_user_meta_data::text from auth.users where id = new.user_id)"
      })
  void settingsThatRefuseAreNotQuoted(String refusal) {
    world.sql(
        "create function public.refuse() returns trigger language plpgsql security definer as $$ begin %s; end $$"
            .formatted(refusal));
    world.sql(
        "create trigger refuse before insert on public.user_settings for each row execute function public.refuse()");

    Answer answer = world.ring(ada);

    assertThat(answer.status()).as("%s", answer).isEqualTo(202);
    assertThat(world.row(ada).errorCode()).isEqualTo("settings_refused");
    assertThat(world.row(ada).error()).contains("SQLSTATE");
    assertTellsNothing(world.row(ada).error());
  }

  @Test
  void rowThatTheDatabaseRefusesToClaimIsNotQuoted() {
    world.sql(
        """
        create function public.refuse() returns trigger language plpgsql as $$
        begin raise exception 'not % of all people', new.email using detail = new.display_name; end
        $$\
        """);
    world.sql(
        "create trigger refuse before update on public.pending_vapi_provision for each row execute function public.refuse()");

    assertThat(world.ring(ada).status()).isEqualTo(503);
    world.send(
        world
            .signed(world.request("/reconcile"), "{\"ids\": [\"" + ada.provision() + "\"]}")
            .header("Content-Type", "application/json")
            .header("Prefer", "respond-async"));

    eventually("both are logged", () -> log.lines() >= 3);
    assertThat(log.text()).contains("P0001", "StatementRefusedException");
    assertThat(world.vapi.calls()).isEmpty();
  }

  @Test
  void databaseThatIsAwayIsLoggedWithoutItsAddress() throws Exception {
    Hold hold = Hold.afterApplying();
    world.vapi.onCreate().next(hold);

    Future<Answer> answer = world.ringInBackground(ada);
    hold.awaitArrived(PATIENCE);
    world.wire.cut();
    hold.release();
    assertThat(world.ring(world.person()).status()).isEqualTo(503);
    assertThat(world.get("/readyz").status()).isEqualTo(503);
    world.wire.restore();

    assertThat(answer.get().status()).isIn(200, 202);
    eventually("it is settled", () -> world.row(ada).status().equals("processed"));
    assertThat(log.text()).contains("was answered 503").doesNotContain("localhost");
  }

  @Test
  void callersWhoAreRefusedAreNotQuoted() {
    String token = World.token(Scope.WEBHOOK);
    world.send(
        world
            .request("/reconcile")
            .POST(HttpRequest.BodyPublishers.ofString("{\"email\": \"" + EMAIL + "\"}"))
            .header("Authorization", "Bearer " + token));
    world.send(
        world
            .signed(world.request("/reconcile"), "{\"email\": \"" + EMAIL + "\"}")
            .header("Content-Type", "application/json"));
    world.send(world.request("/provisions/" + EMAIL).header("Authorization", "Bearer " + token));

    assertThat(log.text()).doesNotContain(token);
  }

  private static void assertTellsNothing(@Nullable String text) {
    assertThat(text)
        .doesNotContain("countess", "private.example", "@")
        .doesNotContainIgnoringCase("Augusta", "Lovelace", "Ada Aug")
        .doesNotContain(World.API_KEY, World.JWT_SECRET, World.WEBHOOK_SECRET, "Bearer ey", "v1,");
  }

  /** Keeps all that is said, with the whole of every stack trace. */
  private static final class Listener extends AppenderBase<ILoggingEvent> {
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();

    @Override
    protected void append(ILoggingEvent event) {
      String trace =
          event.getThrowableProxy() == null
              ? ""
              : ThrowableProxyUtil.asString(event.getThrowableProxy());
      lines.add(
          String.join(
              " ",
              List.of(
                  event.getLevel().toString(),
                  event.getLoggerName(),
                  event.getFormattedMessage(),
                  String.valueOf(event.getKeyValuePairs()),
                  event.getMDCPropertyMap().toString(),
                  trace)));
    }

    int lines() {
      return lines.size();
    }

    String text() {
      return lines.stream().collect(Collectors.joining("\n"));
    }
  }
}
