package dev.provisioner;

import static dev.provisioner.sandbox.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.World.Person;
import dev.provisioner.fuzz.Contract;
import dev.provisioner.fuzz.Contract.Operation;
import dev.provisioner.fuzz.RawClient;
import dev.provisioner.fuzz.Reply;
import dev.provisioner.fuzz.Requests;
import dev.provisioner.fuzz.Requests.Sent;
import dev.provisioner.fuzz.Requests.Volley;
import dev.provisioner.http.ProblemType;
import dev.provisioner.http.Scope;
import dev.provisioner.http.Tokens;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Whatever is sent, the service answers as the contract has it, gives nothing away and stays well.
 * The requests are made from openapi.yaml, good ones and bad ones. Every row is processed, so that
 * even the good ones have nothing to do; only an audit looks at Vapi.
 *
 * <p>{@code -Dfuzz.seed=…} makes the same requests again, {@code -Dfuzz.only=…} only one of them,
 * {@code -Dfuzz.requests=…} more of them.
 */
@ExtendWith(SharedSupabase.class)
class FuzzTest {
  private static final int REQUESTS = Integer.getInteger("fuzz.requests", 20_500);
  private static final int CALLERS = 8;
  private static final int MOST_FAILURES = 10;
  private static final String FOREIGN_SECRET = "whsec_Zm9yZWlnbi1zZWNyZXQtMjQtYnl0ZXMhISE=";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the server below the operations answers of its own accord, anywhere. */
  private static final Set<Integer> ANYWHERE = Set.of(400, 405, 408, 413, 414, 431);

  /** What would tell a stranger how the service is made, or what it keeps. */
  private static final List<String> PRIVATE =
      List.of(
          World.API_KEY,
          World.JWT_SECRET,
          World.WEBHOOK_SECRET,
          World.WEBHOOK_SECRET.substring("whsec_".length()),
          "@example.com",
          "Exception",
          "\tat ",
          "dev.provisioner",
          "org.eclipse",
          "java.lang",
          "io.javalin",
          "com.fasterxml",
          "org.postgresql");

  private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
  private final AtomicInteger cutOff = new AtomicInteger();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final SupabaseServer supabase;

  FuzzTest(SupabaseServer supabase) {
    this.supabase = supabase;
  }

  @Test
  void serviceAnswersAsItsContractHasItWhateverIsSent() throws Exception {
    long seed =
        Optional.ofNullable(Long.getLong("fuzz.seed"))
            .orElseGet(() -> RandomGenerator.getDefault().nextLong(1_000_000_000));
    try (World world = World.empty(supabase)) {
      Service service = world.start();
      List<Person> people = List.of(world.person(), world.person(), world.person());
      people.forEach(each -> assertThat(world.ring(each).field("outcome")).isEqualTo("created"));
      Requests requests = new Requests(Contract.read(), keys(), ids(people), seed);
      String before = world.dump();
      long calls = callsThatChange(world);
      int threads = Thread.activeCount();
      long begun = System.nanoTime();

      int sent = send(service.port(), requests, seed);

      Duration took = Duration.ofNanos(System.nanoTime() - begun);
      System.out.printf(
          "Fuzzed with -Dfuzz.seed=%d: %d requests in %.1f s, %d cut off without an answer; answered %s%n",
          seed, sent, took.toMillis() / 1000.0, cutOff.get(), new TreeMap<>(statuses));
      assertThat(failures).isEmpty();
      assertThat(world.get("/readyz").field("status")).isEqualTo("ready");
      eventually("the service's connections to be at rest", () -> busySessions(world) == 0);
      assertThat(world.dump()).isEqualTo(before);
      assertThat(callsThatChange(world)).as("calls to Vapi that change it").isEqualTo(calls);
      assertThat(Thread.activeCount()).as("threads").isLessThan(threads + 100);
    }
  }

  private int send(int port, Requests requests, long seed) throws Exception {
    int only = Integer.getInteger("fuzz.only", -1);
    if (only >= 0) {
      try (RawClient client = new RawClient(port)) {
        return send(client, requests.volley(only), seed);
      }
    }
    AtomicInteger next = new AtomicInteger();
    AtomicInteger sent = new AtomicInteger();
    try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        all.add(
            callers.submit(() -> {
              try (RawClient client = new RawClient(port)) {
                while (sent.get() < REQUESTS && failures.size() < MOST_FAILURES) {
                  sent.addAndGet(send(client, requests.volley(next.getAndIncrement()), seed));
                }
              }
              return null;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    return sent.get();
  }

  private int send(RawClient client, Volley volley, long seed) throws IOException {
    List<Sent> requests = volley.requests();
    try {
      List<Reply> replies = replies(client, volley);
      for (int i = 0; i < replies.size(); i++) {
        // What is no proper HTTP may look like several requests.
        check(replies.get(i), requests.get(Math.min(i, requests.size() - 1)));
      }
    } catch (IOException | AssertionError e) {
      client.close();
      failures.add(
          "Again with -Dfuzz.seed=%d -Dfuzz.only=%d%n%s%n%s"
              .formatted(seed, volley.number(), requests, e));
    }
    return requests.size();
  }

  private List<Reply> replies(RawClient client, Volley volley) throws IOException {
    try {
      List<Reply> replies =
          volley.last()
              ? client.finish(volley.bytes())
              : client.exchange(
                  volley.bytes(), volley.requests().stream().map(Sent::method).toList());
      if (!replies.isEmpty()) {
        return replies;
      }
    } catch (SocketException e) {
      if (!volley.last()) {
        throw e;
      }
    }
    assertThat(volley.last()).as("cut off without an answer").isTrue();
    cutOff.incrementAndGet();
    return List.of();
  }

  private void check(Reply reply, Sent sent) {
    statuses.computeIfAbsent(reply.status(), each -> new AtomicInteger()).incrementAndGet();
    Operation operation = sent.operation();
    int status = reply.status();
    if (operation != null) {
      assertThat(operation.statuses().contains(status) || ANYWHERE.contains(status))
          .as("%s is documented for %s: %s", status, operation, reply)
          .isTrue();
    }
    assertThat(status < 500 || (status == 503 && !reply.header("retry-after").isEmpty()))
        .as("not the service's fault: %s", reply)
        .isTrue();
    switch (sent.expectation()) {
      case ACCEPTED -> assertThat(status).as("%s", reply).isIn(200, 202, 404, 409, 503);
      case REFUSED -> assertThat(status).as("%s", reply).isIn(401, 403);
      case ANSWERED, ENDED -> {}
    }
    assertThat(reply.header("x-request-id")).as("%s", reply).matches("[A-Za-z0-9._-]{1,64}");
    assertThat(reply.header("x-content-type-options")).as("%s", reply).isEqualTo("nosniff");
    // What has a tag is the console's, and the same for everybody.
    assertThat(reply.header("cache-control"))
        .as("%s", reply)
        .isEqualTo(reply.header("etag").isEmpty() ? "no-store" : "no-cache");
    assertThat(reply.headers()).doesNotContainKeys("server", "set-cookie", "x-powered-by");
    String shown = reply.toString();
    assertThat(shown).doesNotContain(PRIVATE);
    sent.secrets().forEach(each -> assertThat(shown).doesNotContain(each));
    if (status >= 400 && !sent.method().equals("HEAD")) {
      checkProblem(reply);
    }
  }

  private static void checkProblem(Reply reply) {
    assertThat(reply.header("content-type")).as("%s", reply).isEqualTo("application/problem+json");
    JsonNode problem;
    try {
      problem = JSON.readTree(reply.body());
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON: " + reply, e);
    }
    ProblemType type =
        Arrays.stream(ProblemType.values())
            .filter(each -> each.uri().equals(problem.path("type").asText()))
            .findAny()
            .orElseThrow(() -> new AssertionError("of no known type: " + reply));
    assertThat(reply.status()).as("%s", reply).isEqualTo(type.status());
    assertThat(problem.path("status").asInt()).as("%s", reply).isEqualTo(reply.status());
    assertThat(problem.path("title").asText()).as("%s", reply).isNotBlank();
    assertThat(problem.path("detail").asText()).as("%s", reply).isNotBlank();
    assertThat(problem.path("instance").asText())
        .as("%s", reply)
        .endsWith(reply.header("x-request-id"));
  }

  private static long callsThatChange(World world) {
    return world.vapi.calls().stream()
        .filter(each -> each.operation() != dev.provisioner.sandbox.Operation.LIST)
        .count();
  }

  private static int busySessions(World world) {
    return world.count(
        """
        select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'vapi-provisioner'
           and state <> 'idle'\
        """);
  }

  private static List<UUID> ids(List<Person> people) {
    return people.stream()
        .flatMap(each -> List.of(each.provision(), each.user()).stream())
        .toList();
  }

  private static Requests.Keys keys() {
    Instant now = Instant.now();
    Instant soon = now.plus(Duration.ofHours(1));
    String good = World.token(Scope.OPERATE);
    Algorithm hs256 = Algorithm.HMAC256(World.JWT_SECRET);
    return new Requests.Keys(
        World.WEBHOOK_SECRET,
        FOREIGN_SECRET,
        Map.of("webhook", World.token(Scope.WEBHOOK), "operate", good),
        List.of(
            good + "x",
            good.substring(0, good.lastIndexOf('.') + 1),
            good.substring(good.indexOf('.')),
            "rubbish-".repeat(500),
            "a.b.c",
            "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZXJhdGUifQ.",
            Tokens.mint(
                new Secret(World.JWT_SECRET),
                Scope.OPERATE,
                now.minusSeconds(90),
                now.minusSeconds(60)),
            Tokens.mint(new Secret("another-secret-of-32-bytes-or-more"), Scope.WEBHOOK, now, soon),
            JWT.create().withClaim("role", "authenticated").withExpiresAt(soon).sign(hs256),
            JWT.create().withAudience("another").withExpiresAt(soon).sign(hs256)));
  }
}
