package dev.provisioner.vapi;

import dev.provisioner.vapi.CallObserver.Operation;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import kong.unirest.core.Config;
import kong.unirest.core.HttpRequest;
import kong.unirest.core.RawResponse;
import kong.unirest.core.UnirestInstance;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls to Vapi. Each is sent once, is over within the timeout, and ends in an {@link Answer}: none
 * throws for anything that Vapi or the network does.
 *
 * <p>The caller holds a {@link Gate.Slot} around its calls; the client itself only tells the gate
 * what each single call has shown about the account. Thread-safe.
 *
 * <p>The JDK's client below repeats a GET once by itself when a pooled connection breaks, and never
 * a POST over HTTP/1.1, which is why that version is asked for: one broken connection then leaves
 * one call in doubt, not all of them.
 */
public final class VapiClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VapiClient.class);
  private static final Duration LONGEST_CONNECT = Duration.ofSeconds(5);

  /** As long as Vapi's own tools wait at first. */
  private static final Duration DEFAULT_PAUSE = Duration.ofSeconds(2);

  private static final String RETRY_PROPERTY = "jdk.httpclient.enableAllMethodRetry";
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,100}");
  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  // Of an answer that is read whole: one assistant with the longest of prompts is smaller.
  private static final int MOST_BYTES = 4 * 1024 * 1024;

  /** Some fifty million assistants, or a server that ignores the filter. */
  private static final int MOST_PAGES_OF_A_WALK = 100_000;

  private final Settings settings;
  private final Gate gate;
  private final Clock clock;
  private final CallObserver observer;
  private final Classification classification;
  private final String assistants;
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final UnirestInstance unirest;
  private final HttpClient http;
  private final Listing listing = new Listing(this::page, Listing.PAGE_LIMIT);
  private volatile Consumer<String> organisation = id -> {};

  /**
   * Where Vapi is and how to call it.
   *
   * @param baseUrl http or https with a host, without user info, query or fragment; a path is kept
   * @param apiKey the private key: visible ASCII
   * @param timeout for a whole call, from connecting to the last byte of the body; more than zero
   * @param userAgent visible ASCII and spaces; Vapi's front door turns default ones away
   */
  public record Settings(URI baseUrl, String apiKey, Duration timeout, String userAgent) {
    /**
     * @throws IllegalArgumentException when one of them cannot be used; it never quotes a value
     */
    public Settings {
      Objects.requireNonNull(baseUrl, "baseUrl");
      String scheme = baseUrl.getScheme();
      if (!("http".equalsIgnoreCase(scheme) || "https".equalsIgnoreCase(scheme))
          || baseUrl.getHost() == null
          || baseUrl.getRawUserInfo() != null
          || baseUrl.getRawQuery() != null
          || baseUrl.getRawFragment() != null) {
        throw new IllegalArgumentException(
            "the base URL must be http(s)://host[:port][/path], without user, query or fragment");
      }
      // Anything else the JDK would refuse in a header, quoting it in the exception.
      if (apiKey.isEmpty() || !apiKey.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
        throw new IllegalArgumentException("the API key must be visible ASCII without spaces");
      }
      if (timeout.isZero() || timeout.isNegative()) {
        throw new IllegalArgumentException("the timeout must be more than zero");
      }
      if (userAgent.isBlank() || !userAgent.chars().allMatch(c -> c >= ' ' && c < 0x7F)) {
        throw new IllegalArgumentException("the user agent must be visible ASCII");
      }
    }

    @Override
    public String toString() {
      return "Settings[baseUrl=%s, apiKey=[redacted], timeout=%s, userAgent=%s]"
          .formatted(baseUrl, timeout, userAgent);
    }
  }

  /**
   * @param gate told after every call what it has shown about the account
   * @throws IllegalStateException when the system property {@code
   *     jdk.httpclient.enableAllMethodRetry} is set: with it the JDK would send a create twice
   */
  public VapiClient(Settings settings, Gate gate) {
    this(settings, gate, CallObserver.NOBODY);
  }

  /** The same with every call told of. */
  public VapiClient(Settings settings, Gate gate, CallObserver observer) {
    this(settings, gate, observer, Clock.systemUTC());
  }

  /**
   * @param clock only reads a Retry-After that is a date
   */
  VapiClient(Settings settings, Gate gate, CallObserver observer, Clock clock) {
    refuseRetries();
    this.settings = settings;
    this.gate = gate;
    this.clock = clock;
    this.observer = observer;
    this.classification =
        new Classification(new Redaction(settings.apiKey()), id -> organisation.accept(id));
    this.assistants = settings.baseUrl().toString().replaceAll("/+$", "") + "/assistant";
    this.unirest = new UnirestInstance(config());
    this.http = unirest.config().getClient().getClient();
  }

  /**
   * {@code POST /assistant}: creates an assistant.
   *
   * @param body the JSON to send, as {@link AssistantTemplate#render} makes it
   * @return the new assistant's id. {@link Answer.Unknown} when interrupted after sending began;
   *     the interrupt flag is set again
   */
  public Answer<String> create(byte[] body) {
    return call(
        Operation.CREATE,
        () -> unirest.post(assistants).header("Content-Type", "application/json").body(body),
        whole(classification::create));
  }

  /**
   * {@code GET /assistant}: every assistant created in [from, to], both ends included and widened
   * to whole milliseconds, oldest first. One call per page, one after the other, each with the
   * whole timeout; the first that fails is the answer. An Ok is complete.
   *
   * @param wanted the others are read and forgotten
   * @throws IllegalArgumentException when {@code from} is after {@code to}
   */
  public Answer<List<Assistant>> list(Instant from, Instant to, Predicate<Assistant> wanted) {
    return listing.every(Listing.Interval.around(from, to), wanted);
  }

  /**
   * As {@link #list}, for more assistants than should be held at once: each is handed over as its
   * page comes, some of them twice.
   *
   * @param turns leave for each page's call
   * @return null when that was all; else the first page that failed, and then what was handed over
   *     is not to be relied on
   */
  public @Nullable Answer<List<Assistant>> walk(
      Instant from, Instant to, Turns turns, Consumer<Assistant> each) {
    return new Listing(
            (interval, limit) -> turns.take(() -> page(interval, limit)), Listing.PAGE_LIMIT)
        .walk(Listing.Interval.around(from, to), MOST_PAGES_OF_A_WALK, each);
  }

  /** Lets one call of several pass when it is its turn, holding a slot around it. */
  public interface Turns {
    /** What the call has returned, or an answer instead of it. */
    Answer<List<Assistant>> take(Supplier<Answer<List<Assistant>>> call);
  }

  /**
   * From now on told, on the thread of each call, which organisation its answer names: every time,
   * so it must be quick, and must not throw.
   */
  public void onOrganisation(Consumer<String> listener) {
    organisation = listener;
  }

  /**
   * {@code GET /assistant/{id}}.
   *
   * @return {@link Answer.Rejected} with status 0, without a call, when {@code id} is not of the
   *     form {@code [A-Za-z0-9_-]{1,100}}: that it does not exist is not for us to say
   */
  public Answer<Assistant> get(String id) {
    if (!ID.matcher(id).matches()) {
      return noId();
    }
    return call(
        Operation.GET,
        () -> unirest.get(assistants + "/{id}").routeParam("id", id),
        whole(reply -> classification.get(id, reply)));
  }

  /**
   * {@code DELETE /assistant/{id}}.
   *
   * @return the id. {@link Answer.Missing} is as good; {@link Answer.Rejected} leaves it there
   *     (409: pinned), and comes with status 0, without a call, for an id as in {@link #get}
   */
  public Answer<String> delete(String id) {
    if (!ID.matcher(id).matches()) {
      return noId();
    }
    return call(
        Operation.DELETE,
        () -> unirest.delete(assistants + "/{id}").routeParam("id", id),
        whole(reply -> classification.delete(id, reply)));
  }

  /**
   * {@code GET /assistant?limit=1}: does Vapi accept our account at this address?
   *
   * @return how many entries came, 0 or 1
   */
  public Answer<Integer> probe() {
    return call(
        Operation.PROBE,
        () -> unirest.get(assistants).queryString("limit", 1),
        whole(classification::probe));
  }

  /** {@code GET /assistant?limit=1}: the same question, and what else the answer tells. */
  public Answer<Account> account() {
    return call(
        Operation.PROBE,
        () -> unirest.get(assistants).queryString("limit", 1),
        whole(classification::account));
  }

  /**
   * Cuts what is still in flight, which ends as {@link Answer.Unknown}; later calls are not sent.
   */
  @Override
  public void close() {
    calls.shutdownNow();
    http.shutdownNow();
    unirest.close();
  }

  private Answer<List<Assistant>> page(Listing.Interval interval, int limit) {
    return call(
        Operation.LIST,
        () ->
            unirest
                .get(assistants)
                .queryString("limit", limit)
                .queryString("createdAtGe", millis(interval.fromMillis()))
                .queryString("createdAtLe", millis(interval.toMillis())),
        this::page);
  }

  /** As it comes: a thousand assistants with long prompts are some 20 MB. */
  private Answer<List<Assistant>> page(Reply head, InputStream content) throws IOException {
    return head.isSuccess()
        ? classification.page(head, content)
        : classification.reading(head.with(read(content)));
  }

  private static <T> Meaning<T> whole(Function<Reply, Answer<T>> meaning) {
    return (head, content) -> meaning.apply(head.with(read(content)));
  }

  private static byte[] read(InputStream content) throws IOException {
    byte[] body = content.readNBytes(MOST_BYTES + 1);
    if (body.length > MOST_BYTES) {
      throw new IOException("the body is larger than any of Vapi's");
    }
    return body;
  }

  private <T> Answer<T> call(Operation operation, Request request, Meaning<T> meaning) {
    long begin = System.nanoTime();
    Answer<T> answer = ask(request, meaning);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    tell(answer);
    try {
      observer.called(operation, answer, took);
    } catch (RuntimeException e) {
      LOG.error("A call to Vapi could not be counted; nothing else is wrong.", e);
    }
    return answer;
  }

  /** Sends on a thread of its own, so that the wait ends in time even inside a stalled body. */
  private <T> Answer<T> ask(Request request, Meaning<T> meaning) {
    if (Thread.currentThread().isInterrupted()) {
      return new Answer.NotSent<>("interrupted before sending");
    }
    Future<Answer<T>> sent;
    try {
      sent = calls.submit(() -> send(request, meaning));
    } catch (RejectedExecutionException e) {
      return new Answer.NotSent<>("the client is closed");
    }
    try {
      return sent.get(TimeUnit.NANOSECONDS.convert(settings.timeout()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      sent.cancel(true);
      return new Answer.Unknown<>("no complete answer within " + readable(settings.timeout()));
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      return new Answer.Unknown<>("interrupted while waiting for the answer");
    } catch (ExecutionException e) {
      return classification.failure(e);
    }
  }

  private <T> Answer<T> send(Request request, Meaning<T> meaning) throws IOException {
    // Kept out of Unirest's own body handling, which turns a truncated body into an empty one.
    Received<T> received =
        request.get().<Received<T>>asObject(response -> receive(response, meaning)).getBody();
    if (received == null) {
      throw new IOException("the response could not be read");
    }
    if (received.failure() != null) {
      throw received.failure();
    }
    return Objects.requireNonNull(received.answer());
  }

  private <T> Received<T> receive(RawResponse response, Meaning<T> meaning) {
    try (InputStream content = response.getContent()) {
      String retryAfter = response.getHeaders().getFirst("Retry-After");
      String date = response.getHeaders().getFirst("Date");
      Reply head =
          new Reply(
              response.getStatus(),
              retryAfter.isEmpty() ? null : retryAfter,
              date.isEmpty() ? null : date,
              clock.instant(),
              new byte[0]);
      return new Received<>(meaning.of(head, content), null);
    } catch (IOException e) {
      return new Received<>(null, e);
    }
  }

  private void tell(Answer<?> answer) {
    switch (answer) {
      // Only the status: what Vapi says may name the user, and anybody may read /readyz.
      case Answer.Refused<?> refused -> gate.refuse("HTTP " + refused.status());
      case Answer.Throttled<?>(Duration wait) -> gate.throttle(wait == null ? DEFAULT_PAUSE : wait);
      default -> {
        if (Classification.showsAcceptance(answer)) {
          gate.accepted();
        }
      }
    }
  }

  private Config config() {
    Duration connect =
        settings.timeout().compareTo(LONGEST_CONNECT) < 0 ? settings.timeout() : LONGEST_CONNECT;
    return new Config()
        .followRedirects(false)
        .enableCookieManagement(false)
        .retryAfter(false)
        .version(HttpClient.Version.HTTP_1_1)
        .executor(calls)
        .connectTimeout(Math.max(1, (int) connect.toMillis()))
        .setDefaultHeader("Authorization", "Bearer " + settings.apiKey())
        .setDefaultHeader("Accept", "application/json")
        .setDefaultHeader("User-Agent", settings.userAgent());
  }

  private static void refuseRetries() {
    String value = System.getProperty(RETRY_PROPERTY);
    if (value != null && !value.equalsIgnoreCase("false")) {
      throw new IllegalStateException(
          "system property "
              + RETRY_PROPERTY
              + " is set: the JDK would send a create twice. Remove it, or set it to false.");
    }
  }

  private static <T> Answer<T> noId() {
    return new Answer.Rejected<>(0, "not an assistant's id, so Vapi was not asked");
  }

  private static String millis(long epochMillis) {
    return MILLIS.format(Instant.ofEpochMilli(epochMillis));
  }

  private static String readable(Duration duration) {
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }

  /** Builds the request on the thread that sends it. */
  private interface Request {
    HttpRequest<?> get();
  }

  /** What a reply means whose body is still to come. */
  private interface Meaning<T> {
    /**
     * @param head without its body
     * @throws IOException the body did not come whole
     */
    Answer<T> of(Reply head, InputStream content) throws IOException;
  }

  /** One of the two. */
  private record Received<T>(@Nullable Answer<T> answer, @Nullable IOException failure) {}
}
