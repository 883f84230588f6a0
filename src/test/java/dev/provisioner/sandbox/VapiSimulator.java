package dev.provisioner.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okhttp3.HttpUrl;
import okhttp3.Protocol;
import okio.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Vapi's assistants over real HTTP: as strict as the real one about keys and bodies, without an
 * idempotency key like the real one, and able to fail in every way that has to be survived. Nothing
 * happens at random: what befalls which call is planned with {@link #onCreate()} and its siblings.
 */
public final class VapiSimulator implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
          .withZone(ZoneOffset.UTC);

  /** The properties of Vapi's CreateAssistantDTO. The server refuses any other. */
  private static final Set<String> PROPERTIES =
      Set.of(
          "analysisPlan",
          "artifactPlan",
          "backgroundSound",
          "backgroundSpeechDenoisingPlan",
          "clientMessages",
          "compliancePlan",
          "credentialIds",
          "credentials",
          "endCallMessage",
          "endCallPhrases",
          "firstMessage",
          "firstMessageInterruptionsEnabled",
          "firstMessageMode",
          "hooks",
          "keypadInputPlan",
          "maxDurationSeconds",
          "metadata",
          "model",
          "modelOutputInMessagesEnabled",
          "monitorPlan",
          "name",
          "observabilityPlan",
          "server",
          "serverMessages",
          "startSpeakingPlan",
          "stopSpeakingPlan",
          "transcriber",
          "transportConfigurations",
          "voice",
          "voicemailDetection",
          "voicemailMessage");

  private final InstantSource clock;
  private final String scheme;
  private final MockWebServer server = new MockWebServer();
  private final AssistantStore store;
  private final Map<Operation, FaultPlan> plans = new EnumMap<>(Operation.class);
  private final Set<String> keys = ConcurrentHashMap.newKeySet();
  private final Set<Hold> holds = ConcurrentHashMap.newKeySet();
  private final List<Call> calls = new ArrayList<>();
  private volatile Duration ahead = Duration.ZERO;

  private VapiSimulator(InstantSource clock, String scheme) {
    this.clock = clock;
    this.scheme = scheme;
    this.store = new AssistantStore(clock);
    for (Operation operation : Operation.values()) {
      plans.put(operation, new FaultPlan());
    }
  }

  public static VapiSimulator start() {
    return start(InstantSource.system());
  }

  /**
   * A Vapi that no key opens yet.
   *
   * @param clock what {@code createdAt} is read from, cut to milliseconds
   */
  public static VapiSimulator start(InstantSource clock) {
    VapiSimulator vapi = new VapiSimulator(clock, "http");
    vapi.listen(List.of(Protocol.HTTP_1_1));
    return vapi;
  }

  /** One that speaks TLS and HTTP/2 as the real one does, to whoever trusts this certificate. */
  public static VapiSimulator start(LocalCertificate certificate) {
    VapiSimulator vapi = new VapiSimulator(InstantSource.system(), "https");
    vapi.server.useHttps(certificate.server().getSocketFactory());
    vapi.listen(List.of(Protocol.HTTP_2, Protocol.HTTP_1_1));
    return vapi;
  }

  private void listen(List<Protocol> protocols) {
    server.setProtocols(protocols);
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
            return answer(request);
          }
        });
    try {
      server.start(InetAddress.getLoopbackAddress(), 0);
    } catch (IOException e) {
      throw new UncheckedIOException("the Vapi simulator did not start", e);
    }
  }

  /** Without a slash at the end. */
  public String baseUrl() {
    return scheme + "://localhost:" + port();
  }

  public int port() {
    return server.getPort();
  }

  public VapiSimulator acceptKey(String key) {
    keys.add(key);
    return this;
  }

  /** From now on every call is answered 401, until a key is accepted again. */
  public void revokeKeys() {
    keys.clear();
  }

  public FaultPlan onCreate() {
    return on(Operation.CREATE);
  }

  public FaultPlan onList() {
    return on(Operation.LIST);
  }

  public FaultPlan onGet() {
    return on(Operation.GET);
  }

  public FaultPlan onDelete() {
    return on(Operation.DELETE);
  }

  /** Assistants created from now on are missing from listings until {@link #catchUp}. */
  public void lagListing() {
    store.lagListing();
  }

  /** An assistant is missing from listings until it is this old, by the simulator's clock. */
  public void lagListing(Duration lag) {
    store.lagListing(lag);
  }

  /** Listings show everything again, and no longer lag. */
  public void catchUp() {
    store.catchUp();
  }

  public void listOldestFirst() {
    store.order(AssistantStore.ListOrder.OLDEST_FIRST);
  }

  /** Listings come in an order that means nothing; a limit then cuts off just anything. */
  public void listShuffled() {
    store.order(AssistantStore.ListOrder.SHUFFLED);
  }

  /**
   * Puts assistants there that nobody created over HTTP, spread evenly over a span of time.
   *
   * @param metadata of each; empty for what others made by hand
   * @param to not itself reached
   */
  public List<SimulatedAssistant> seed(
      int count, Map<String, ?> metadata, Instant from, Instant to) {
    List<SimulatedAssistant> seeded = new ArrayList<>(count);
    Duration span = Duration.between(from, to);
    for (int i = 0; i < count; i++) {
      ObjectNode body = JsonNodeFactory.instance.objectNode().put("name", "Seeded " + i);
      if (!metadata.isEmpty()) {
        body.set("metadata", JSON.valueToTree(metadata));
      }
      seeded.add(store.add(body, from.plus(span.multipliedBy(i).dividedBy(count))));
    }
    return seeded;
  }

  /** One such assistant. */
  public SimulatedAssistant seed(Map<String, ?> metadata, Instant createdAt) {
    return seed(1, metadata, createdAt, createdAt).getFirst();
  }

  /** Lets time pass: whatever exists was created that much earlier. */
  public void age(Duration by) {
    store.age(by);
  }

  /** Somebody deletes an assistant in Vapi's dashboard. It counts as {@link #deleted}. */
  public void deleteByHand(String id) {
    if (store.delete(id) == null) {
      throw new IllegalArgumentException("no such assistant: " + id);
    }
  }

  /** From now on its answers are dated that much later than they are given. */
  public void dateAnswersAhead(Duration by) {
    ahead = by;
  }

  /** What exists now, in the order it came to exist, listed or not. */
  public List<SimulatedAssistant> assistants() {
    return store.all();
  }

  /** What exists now and bears this in its metadata. */
  public List<SimulatedAssistant> assistantsWith(String metadataKey, Object value) {
    return store.all().stream()
        .filter(each -> value.equals(each.metadata().get(metadataKey)))
        .toList();
  }

  /** Every request, in the order of arrival; those still held are {@code pending}. */
  public List<Call> calls() {
    synchronized (calls) {
      return List.copyOf(calls);
    }
  }

  public List<Call> callsTo(Operation operation) {
    return calls().stream().filter(call -> call.operation() == operation).toList();
  }

  /** How many requests to create an assistant have arrived, whatever became of them. */
  public int creates() {
    return callsTo(Operation.CREATE).size();
  }

  /** How many assistants were ever created over HTTP, those deleted since included. */
  public int created() {
    return store.everCreated().size();
  }

  /** The assistants that were ever created over HTTP, as they were made, in order. */
  public List<SimulatedAssistant> everCreated() {
    return store.everCreated();
  }

  /** How many listings were cut at their limit. */
  public int cutListings() {
    return store.cutListings();
  }

  /** How many listings did not show an assistant yet that was there and was asked for. */
  public int laggingListings() {
    return store.laggingListings();
  }

  /** The ids of what was deleted, in order. */
  public List<String> deleted() {
    return store.deleted();
  }

  /** What is held by then is never applied. */
  @Override
  public void close() {
    for (FaultPlan plan : plans.values()) {
      plan.clear();
    }
    holds.forEach(Hold::abandon);
    server.close();
  }

  private FaultPlan on(Operation operation) {
    return Objects.requireNonNull(plans.get(operation), "a plan for each");
  }

  private MockResponse answer(RecordedRequest request) throws InterruptedException {
    // The server remembers every request for takeRequest(); a long run would not like that.
    server.takeRequest(0, TimeUnit.NANOSECONDS);
    Operation operation = operationOf(request);
    int call = arrived(operation, request);
    Answer refusal = refusalOf(request);
    Fault fault = refusal == null ? on(operation).take(call(call)) : null;
    return switch (fault) {
      case null -> {
        Answer answer = refusal == null ? perform(operation, request) : refusal;
        yield complete(call, answer).build();
      }
      case Fault.Delay delay ->
          complete(call, perform(operation, request))
              .headersDelay(delay.duration().toNanos(), TimeUnit.NANOSECONDS)
              .build();
      case Fault.HalfBody half -> {
        Answer answer = perform(operation, request);
        answered(call, answer.status() + (half.stalls() ? " stalled" : " cut"));
        yield response(answer)
            .onResponseBody(
                half.stalls() ? SocketEffect.Stall.INSTANCE : new SocketEffect.CloseSocket())
            .build();
      }
      case Fault.Drop drop -> {
        if (drop.applied()) {
          perform(operation, request);
        }
        yield drop(call);
      }
      case Fault.Instead instead -> {
        if (instead.applied()) {
          perform(operation, request);
        }
        yield complete(call, instead.answer()).build();
      }
      case Fault.WithoutId withoutId ->
          complete(call, withoutId(perform(operation, request))).build();
      case Hold hold -> held(call, hold, operation, request);
    };
  }

  private MockResponse held(int call, Hold hold, Operation operation, RecordedRequest request)
      throws InterruptedException {
    holds.add(hold);
    try {
      if (hold.appliesFirst()) {
        Answer answer = perform(operation, request);
        return hold.hold() ? complete(call, answer).build() : drop(call);
      }
      return hold.hold() ? complete(call, perform(operation, request)).build() : drop(call);
    } finally {
      hold.passed();
    }
  }

  private static Operation operationOf(RecordedRequest request) {
    List<String> path = request.getUrl().pathSegments();
    if (!path.getFirst().equals("assistant") || path.size() > 2) {
      return Operation.OTHER;
    }
    boolean one = path.size() == 2;
    return switch (request.getMethod()) {
      case "POST" -> one ? Operation.OTHER : Operation.CREATE;
      case "GET" -> one ? Operation.GET : Operation.LIST;
      case "DELETE" -> one ? Operation.DELETE : Operation.OTHER;
      default -> Operation.OTHER;
    };
  }

  /** Cloudflare, in front of Vapi, looks at the client's name before Vapi looks at its key. */
  private @Nullable Answer refusalOf(RecordedRequest request) {
    String userAgent = request.getHeaders().get("User-Agent");
    if (userAgent == null || userAgent.isBlank() || userAgent.startsWith("Java")) {
      return new Answer(403, "text/plain; charset=UTF-8", "error code: 1010", Map.of());
    }
    String authorization = request.getHeaders().get("Authorization");
    String bearer = "Bearer ";
    if (authorization == null
        || !authorization.startsWith(bearer)
        || !keys.contains(authorization.substring(bearer.length()))) {
      return Answer.error(
          401,
          "Invalid Key. Hot tip, you may be using the private key instead of the public key, or"
              + " vice versa.");
    }
    return null;
  }

  private Answer perform(Operation operation, RecordedRequest request) {
    String last = request.getUrl().pathSegments().getLast();
    return switch (operation) {
      case CREATE -> create(bodyOf(request));
      case LIST -> list(request.getUrl());
      case GET -> found(last, store.get(last));
      case DELETE -> found(last, store.delete(last));
      case OTHER ->
          Answer.error(
              404, "Cannot %s %s".formatted(request.getMethod(), request.getUrl().encodedPath()));
    };
  }

  private Answer create(String text) {
    JsonNode body;
    try {
      body = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return Answer.error(400, "Unexpected token in JSON");
    }
    if (!(body instanceof ObjectNode assistant)) {
      return Answer.error(400, "Unexpected token in JSON");
    }
    List<String> wrong = new ArrayList<>();
    assistant
        .fieldNames()
        .forEachRemaining(each -> {
          if (!PROPERTIES.contains(each)) {
            wrong.add("property %s should not exist".formatted(each));
          }
        });
    JsonNode name = assistant.get("name");
    if (name != null && !name.isTextual()) {
      wrong.add("name must be a string");
    } else if (name != null && name.textValue().length() > 40) {
      wrong.add("name must be shorter than or equal to 40 characters");
    }
    JsonNode metadata = assistant.get("metadata");
    if (metadata != null && !metadata.isObject()) {
      wrong.add("metadata must be an object");
    }
    return wrong.isEmpty()
        ? Answer.of(201, store.create(assistant).json().toString())
        : Answer.invalid(wrong);
  }

  private Answer list(HttpUrl url) {
    List<String> wrong = new ArrayList<>();
    int limit = 100;
    Predicate<SimulatedAssistant> wanted = each -> true;
    for (String parameter : url.queryParameterNames()) {
      String value = String.valueOf(url.queryParameter(parameter));
      switch (parameter) {
        case "limit" -> {
          try {
            limit = Integer.parseInt(value);
          } catch (NumberFormatException e) {
            wrong.add("limit must be a number conforming to the specified constraints");
          }
        }
        case "createdAtGt", "createdAtLt", "createdAtGe", "createdAtLe" ->
            wanted = wanted.and(timed(parameter, value, wrong));
        // Nothing here ever changes, so both times are the same.
        case "updatedAtGt", "updatedAtLt", "updatedAtGe", "updatedAtLe" ->
            wanted = wanted.and(timed(parameter, value, wrong));
        default -> wrong.add("property %s should not exist".formatted(parameter));
      }
    }
    if (limit > 1000) {
      wrong.add("limit must not be greater than 1000");
    } else if (limit < 0) {
      wrong.add("limit must not be less than 0");
    }
    if (!wrong.isEmpty()) {
      return Answer.invalid(wrong);
    }
    ArrayNode page = JsonNodeFactory.instance.arrayNode();
    store.list(wanted, limit).forEach(each -> page.add(each.json()));
    return Answer.of(200, page.toString());
  }

  private static Predicate<SimulatedAssistant> timed(
      String parameter, String value, List<String> wrong) {
    Instant bound;
    try {
      bound = OffsetDateTime.parse(value).toInstant();
    } catch (DateTimeParseException e) {
      wrong.add("%s must be a valid ISO 8601 date string".formatted(parameter));
      return each -> true;
    }
    return each -> {
      int order = each.createdAt().compareTo(bound);
      return switch (parameter.substring(parameter.length() - 2)) {
        case "Gt" -> order > 0;
        case "Lt" -> order < 0;
        case "Ge" -> order >= 0;
        default -> order <= 0;
      };
    };
  }

  private static Answer found(String id, @Nullable SimulatedAssistant assistant) {
    return assistant == null
        ? Answer.error(404, "Couldn't Get Assistant. `%s` does not exist.".formatted(id))
        : Answer.of(200, assistant.json().toString());
  }

  private static Answer withoutId(Answer answer) {
    try {
      JsonNode body = JSON.readTree(answer.body());
      if (body instanceof ObjectNode assistant) {
        assistant.remove("id");
      }
      return new Answer(answer.status(), answer.contentType(), body.toString(), answer.headers());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("answers of our own are JSON", e);
    }
  }

  private static String bodyOf(RecordedRequest request) {
    ByteString body = request.getBody();
    return body == null ? "" : body.utf8();
  }

  private int arrived(Operation operation, RecordedRequest request) {
    Call call =
        new Call(
            operation,
            request.getUrl().encodedPath(),
            request.getUrl().query(),
            bodyOf(request),
            request.getHeaders().get("User-Agent"),
            request.getHeaders().get("Authorization") != null,
            clock.instant(),
            Call.PENDING);
    synchronized (calls) {
      calls.add(call);
      return calls.size() - 1;
    }
  }

  private Call call(int number) {
    synchronized (calls) {
      return calls.get(number);
    }
  }

  private void answered(int call, String answer) {
    synchronized (calls) {
      calls.set(call, calls.get(call).answered(answer));
    }
  }

  private MockResponse.Builder complete(int call, Answer answer) {
    answered(call, Integer.toString(answer.status()));
    return response(answer);
  }

  private MockResponse drop(int call) {
    answered(call, Call.DROPPED);
    return new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build();
  }

  private MockResponse.Builder response(Answer answer) {
    MockResponse.Builder response =
        new MockResponse.Builder()
            .code(answer.status())
            .addHeader("Date", DATE.format(clock.instant().plus(ahead)))
            .addHeader("Content-Type", answer.contentType())
            .body(answer.body());
    answer.headers().forEach(response::addHeader);
    return response;
  }
}
