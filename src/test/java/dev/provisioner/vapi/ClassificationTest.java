package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import kong.unirest.core.UnirestException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClassificationTest {
  private static final String KEY = "key-0123456789";
  private static final Instant NOW = Instant.parse("2026-08-01T10:00:00Z");

  private final List<String> organisations = new ArrayList<>();
  private final Classification classification =
      new Classification(new Redaction(KEY), organisations::add);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          status | create    | list      | get       | delete    | probe
          100    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          301    | Refused   | Refused   | Refused   | Refused   | Refused
          302    | Refused   | Refused   | Refused   | Refused   | Refused
          304    | Refused   | Refused   | Refused   | Refused   | Refused
          307    | Refused   | Refused   | Refused   | Refused   | Refused
          308    | Refused   | Refused   | Refused   | Refused   | Refused
          400    | Rejected  | Rejected  | Rejected  | Rejected  | Rejected
          401    | Refused   | Refused   | Refused   | Refused   | Refused
          402    | Ambiguous | Refused   | Rejected  | Rejected  | Refused
          403    | Ambiguous | Refused   | Rejected  | Rejected  | Refused
          404    | Ambiguous | Refused   | Missing   | Missing   | Refused
          405    | Rejected  | Rejected  | Rejected  | Rejected  | Rejected
          407    | Refused   | Refused   | Refused   | Refused   | Refused
          408    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          409    | Unknown   | Unknown   | Unknown   | Rejected  | Unknown
          413    | Rejected  | Rejected  | Rejected  | Rejected  | Rejected
          422    | Rejected  | Rejected  | Rejected  | Rejected  | Rejected
          429    | Throttled | Throttled | Throttled | Throttled | Throttled
          451    | Rejected  | Rejected  | Rejected  | Rejected  | Rejected
          500    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          502    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          503    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          504    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          524    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          600    | Unknown   | Unknown   | Unknown   | Unknown   | Unknown
          """,
      useHeadersInDisplayName = true)
  void everyStatusHasOneMeaningPerCall(
      int status, String create, String list, String get, String delete, String probe) {
    Reply reply = reply(status, "{\"message\": \"as it is\"}");

    assertThat(kind(classification.create(reply))).isEqualTo(create);
    assertThat(kind(list(reply))).isEqualTo(list);
    assertThat(kind(classification.get("a", reply))).isEqualTo(get);
    assertThat(kind(classification.delete("a", reply))).isEqualTo(delete);
    assertThat(kind(classification.probe(reply))).isEqualTo(probe);
    assertThat(kind(classification.account(reply))).isEqualTo(probe);
  }

  @Test
  void noStatusButA2xxIsEverTakenForSuccess() {
    IntStream.rangeClosed(100, 599)
        .filter(status -> status / 100 != 2)
        .mapToObj(status -> reply(status, "{\"id\": \"a\", \"createdAt\": \"" + NOW + "\"}"))
        .flatMap(reply ->
            Stream.<Answer<?>>of(
                classification.create(reply),
                list(reply),
                classification.get("a", reply),
                classification.delete("a", reply),
                classification.probe(reply)))
        .forEach(answer -> assertThat(answer).isNotInstanceOf(Answer.Ok.class));
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 201, 202, 204, 299})
  void any2xxWithAnIdHasCreated(int status) {
    assertThat(classification.create(reply(status, "{\"orgId\": 1, \"id\": \"a-1\"}")))
        .isEqualTo(new Answer.Ok<>("a-1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "true",
        "{}",
        "{\"id\": null}",
        "{\"id\": 7}",
        "{\"id\": \" \"}",
        "{\"id\": {}}",
        "[{\"id\": \"a\"}]",
        "\"a\"",
        "{\"id\": \"a\"",
        "{\"id\": \"a\"} {}",
        "{\"id\": \"a\", \"id\": \"b\"}",
        "{\"id\": \"a\", \"name\": \"Assi",
        "<html>ok</html>"
      })
  void aSuccessThatNamesNoAssistantIsUnknown(String body) {
    assertThat(classification.create(reply(201, body))).isInstanceOf(Answer.Unknown.class);
    assertThat(classification.get("a", reply(200, body))).isInstanceOf(Answer.Unknown.class);
  }

  @Test
  void aListingIsWhatItsEntriesSay() {
    String body =
        """
        [
          {"id": "a", "createdAt": "2026-08-01T10:00:00.123Z", "unknown": [1, {"x": []}],
           "metadata": {"provision_id": "p", "user_id": "u", "installation": "i", "more": 1}},
          {"id": "b", "createdAt": "2026-08-01T12:00:00+02:00", "metadata": {"provision_id": 7}},
          {"id": "c", "createdAt": "2026-08-01T10:00:00Z", "metadata": "none"},
          {"id": "d", "createdAt": "2026-08-01T10:00:00Z", "metadata": null}
        ]
        """;

    assertThat(list(reply(200, body)))
        .isEqualTo(
            new Answer.Ok<>(
                List.of(
                    new Assistant("a", NOW.plusMillis(123), "p", "u", "i"),
                    new Assistant("b", NOW, null, null, null),
                    new Assistant("c", NOW, null, null, null),
                    new Assistant("d", NOW, null, null, null))));
    assertThat(classification.probe(reply(200, body))).isEqualTo(new Answer.Ok<>(4));
    assertThat(list(reply(200, "[]"))).isEqualTo(new Answer.Ok<>(List.of()));
    assertThat(classification.probe(reply(200, "[]"))).isEqualTo(new Answer.Ok<>(0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "{}",
        "{\"results\": []}",
        "[",
        "[{\"id\": \"a\", \"createdAt\": \"2026-08-01T10:00:00Z\"}",
        "[{\"id\": \"a\", \"createdAt\": \"2026-08-01T10:00:00Z\"},",
        "[{\"id\": \"a\", \"createdAt\": \"2026-08-01T10:00:00Z\"",
        "[] []",
        "[] x",
        "[,]",
        "Bad gateway"
      })
  void aListThatIsNotOneCompleteArrayIsCouldNotLook(String body) {
    assertThat(list(reply(200, body))).isInstanceOf(Answer.Unknown.class);
    assertThat(classification.probe(reply(200, body))).isInstanceOf(Answer.Unknown.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "1",
        "\"a\"",
        "[]",
        "{}",
        "{\"id\": \"b\"}",
        "{\"createdAt\": \"2026-08-01T10:00:00Z\"}",
        "{\"id\": \"b\", \"createdAt\": \"yesterday\"}",
        "{\"id\": \"b\", \"createdAt\": 1785578400}"
      })
  void oneEntryThatIsNoAssistantSpoilsTheListing(String entry) {
    String body = "[{\"id\": \"a\", \"createdAt\": \"2026-08-01T10:00:00Z\"}, " + entry + "]";

    assertThat(list(reply(200, body))).isInstanceOf(Answer.Unknown.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      nullValues = "-",
      textBlock =
          """
          []                              | Sat, 01 Aug 2026 10:00:00 GMT | -   | 2026-08-01T10:00:00Z
          [{"orgId": "org"}]              | -                             | org | -
          [{"orgId": " "}, {"orgId": 1}]  | yesterday                     | -   | -
          """)
  void accountTellsItsOrganisationAndTheTime(
      String body, @Nullable String date, @Nullable String organisation, @Nullable Instant time) {
    Reply reply = new Reply(200, null, date, NOW, body.getBytes(StandardCharsets.UTF_8));

    assertThat(classification.account(reply))
        .isEqualTo(new Answer.Ok<>(new Account(organisation, time)));
  }

  @Test
  void anotherAssistantThanTheOneAskedForIsNoAnswer() {
    String body = "{\"id\": \"b\", \"createdAt\": \"2026-08-01T10:00:00Z\"}";

    assertThat(classification.get("a", reply(200, body))).isInstanceOf(Answer.Unknown.class);
    assertThat(classification.get("B", reply(200, body)))
        .isEqualTo(new Answer.Ok<>(new Assistant("b", NOW, null, null, null)));
  }

  @Test
  void aDeleteIsDoneWhateverItsBodySays() {
    assertThat(classification.delete("a", reply(200, ""))).isEqualTo(new Answer.Ok<>("a"));
    assertThat(classification.delete("a", reply(204, "{tru"))).isEqualTo(new Answer.Ok<>("a"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "absent",
      value = {
        "absent | absent",
        "'' | absent",
        "soon | absent",
        "-5 | absent",
        "1.5 | absent",
        "0 | 1s",
        "1 | 1s",
        " 17 | 17s",
        "300 | 5m",
        "301 | 5m",
        "99999999999999999999999 | 5m",
        "Sat, 01 Aug 2026 10:00:30 GMT | 30s",
        "Sat, 01 Aug 2026 09:00:00 GMT | 1s",
        "Sat, 01 Aug 2026 11:00:00 GMT | 5m",
        "Sun, 01 Aug 2026 10:00:30 GMT | absent"
      })
  void throttlingLastsAsLongAsVapiAskedWithinReason(
      @Nullable String header, @Nullable String pause) {
    Reply reply = new Reply(429, header, NOW, new byte[0]);

    assertThat(classification.create(reply))
        .isEqualTo(new Answer.Throttled<>(pause == null ? null : Duration.parse("PT" + pause)));
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of("NotSent", new ConnectException("Connection refused")),
        Arguments.of("NotSent", caused(new ConnectException(), new UnresolvedAddressException())),
        Arguments.of("NotSent", new UnknownHostException("api.example")),
        Arguments.of("NotSent", new UnresolvedAddressException()),
        Arguments.of("NotSent", new HttpConnectTimeoutException("HTTP connect timed out")),
        Arguments.of("NotSent", new SSLHandshakeException("PKIX path building failed")),
        Arguments.of("Unknown", new HttpTimeoutException("request timed out")),
        Arguments.of(
            "Unknown", caused(new HttpTimeoutException("timed out"), new ConnectException())),
        Arguments.of("Unknown", new SSLException("closed in transport")),
        Arguments.of("Unknown", new SocketException("Connection reset")),
        Arguments.of("Unknown", new NoRouteToHostException("after sending, for all we know")),
        Arguments.of("Unknown", new EOFException("EOF reached while reading")),
        Arguments.of("Unknown", new IOException("HTTP/1.1 header parser received no bytes")),
        Arguments.of("Unknown", new InterruptedException()),
        Arguments.of("Unknown", new IllegalStateException("a bug")),
        Arguments.of("Unknown", new OutOfMemoryError()));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void onlyWhatCannotHaveReachedVapiIsNotSent(String kind, Throwable thrown) {
    assertThat(kind(classification.failure(thrown))).isEqualTo(kind);
    assertThat(kind(classification.failure(new ExecutionException(thrown)))).isEqualTo(kind);
    assertThat(
            kind(
                classification.failure(
                    new ExecutionException(
                        new UnirestException(new IOException("around", thrown))))))
        .isEqualTo(kind);
  }

  static Stream<Arguments> messages() {
    return Stream.of(
        Arguments.of("{\"message\": \"name too long\", \"statusCode\": 400}", "name too long"),
        Arguments.of("{\"message\": [\"one\", \"two\", {\"a\": 1}]}", "one; two; {\"a\":1}"),
        Arguments.of("{\"message\": {\"a\": 1}}", "{\"a\":1}"),
        Arguments.of("{\"error\": \"Bad Request\"}", "Bad Request"),
        Arguments.of("{\"message\": \"  a\\n\\u0000\\tb  \"}", "a b"),
        Arguments.of("{\"message\": \"\"}", "no message"),
        Arguments.of("", "no message"),
        Arguments.of("error code: 1010", "error code: 1010"),
        Arguments.of("<html>\r\n  <b>no</b>\r\n</html>", "<html> <b>no</b> </html>"),
        Arguments.of("{\"message\": \"cut", "{\"message\": \"cut"),
        Arguments.of("{\"message\": \"bad token " + KEY + "!\"}", "bad token [redacted]!"),
        Arguments.of("Bearer " + KEY, "Bearer [redacted]"),
        Arguments.of("{\"message\": \"for <jane.d+x@example.org>, no\"}", "for <[e-mail]>, no"),
        Arguments.of("x".repeat(10_000), "x".repeat(200)),
        Arguments.of("x".repeat(199) + "\uD83D\uDE00", "x".repeat(199)),
        Arguments.of("{\"message\": \"" + "y".repeat(10_000) + "\"}", "y".repeat(500)),
        Arguments.of("x".repeat(195) + KEY, "x".repeat(195) + "[reda"));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageIsOneShortLineWithoutSecrets(String body, String message) {
    assertThat(classification.create(reply(400, body)))
        .isEqualTo(new Answer.Rejected<>(400, message));
  }

  @Test
  void theReasonForDoubtNamesTheStatus() {
    assertThat(classification.create(reply(502, "Bad gateway")))
        .isEqualTo(new Answer.Unknown<>("HTTP 502: Bad gateway"));
    assertThat(classification.failure(new IOException("sent " + KEY + " to a@b.example")))
        .isEqualTo(
            new Answer.Unknown<>("no complete answer: IOException: sent [redacted] to [e-mail]"));
  }

  @Test
  void organisationIsPassedOnWhereAnAnswerNamesOne() {
    String one = "{\"id\": \"a\", \"createdAt\": \"2026-08-01T10:00:00Z\", \"orgId\": \"%s\"}";

    Answer<String> created = classification.create(reply(201, one.formatted("o-1")));
    classification.get("a", reply(200, one.formatted("o-2")));
    list(reply(200, "[" + one.formatted("o-3") + "]"));

    assertThat(created).isEqualTo(new Answer.Ok<>("a"));
    assertThat(organisations).containsExactly("o-1", "o-2", "o-3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "null", "\"\"", "\"a b\"", "\"<script>\"", "{}"})
  void organisationThatIsNoIdIsPassedOver(String orgId) {
    String body = "{\"id\": \"a\", \"orgId\": %s}".formatted(orgId);

    assertThat(classification.create(reply(201, body))).isEqualTo(new Answer.Ok<>("a"));
    assertThat(organisations).isEmpty();
  }

  @Test
  void onlyWhatVapiItselfSaidShowsThatItAcceptsUs() {
    Map<Answer<?>, Boolean> expected =
        Map.ofEntries(
            Map.entry(new Answer.Ok<>("a"), true),
            Map.entry(new Answer.Missing<>(), true),
            Map.entry(new Answer.Rejected<>(400, ""), true),
            Map.entry(new Answer.Rejected<>(409, ""), true),
            Map.entry(new Answer.Rejected<>(422, ""), true),
            Map.entry(new Answer.Rejected<>(0, ""), false),
            Map.entry(new Answer.Rejected<>(403, ""), false),
            Map.entry(new Answer.Rejected<>(413, ""), false),
            Map.entry(new Answer.Ambiguous<>(403, ""), false),
            Map.entry(new Answer.Refused<>(401, ""), false),
            Map.entry(new Answer.Throttled<>(Duration.ZERO), false),
            Map.entry(new Answer.NotSent<>(""), false),
            Map.entry(new Answer.Unknown<>(""), false));

    expected.forEach((answer, shows) ->
        assertThat(Classification.showsAcceptance(answer)).as("%s", answer).isEqualTo(shows));
  }

  private static Reply reply(int status, String body) {
    return new Reply(status, null, NOW, body.getBytes(StandardCharsets.UTF_8));
  }

  private static String kind(Answer<?> answer) {
    return answer.getClass().getSimpleName();
  }

  private static Throwable caused(Throwable thrown, Throwable cause) {
    return thrown.initCause(cause);
  }

  /** As the client does. */
  private Answer<List<Assistant>> list(Reply reply) {
    try {
      return reply.isSuccess()
          ? classification.page(reply, reply.content())
          : classification.reading(reply);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
