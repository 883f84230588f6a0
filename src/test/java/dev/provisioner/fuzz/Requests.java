package dev.provisioner.fuzz;

import static dev.provisioner.fuzz.Bodies.pick;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.fuzz.Contract.Operation;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Requests at random: the same ones for the same seed, but for what time is part of. */
public final class Requests {
  private final Contract contract;
  private final Keys keys;
  private final Bodies bodies;
  private final long seed;

  /**
   * @param known ids that mean something to the service
   */
  public Requests(Contract contract, Keys keys, List<UUID> known, long seed) {
    this.contract = contract;
    this.keys = keys;
    this.bodies = new Bodies(contract, known);
    this.seed = seed;
  }

  /**
   * What opens the service's doors, and what looks like it.
   *
   * @param tokens good ones by their scope
   * @param badTokens of every kind
   */
  public record Keys(
      String webhookSecret,
      String foreignSecret,
      Map<String, String> tokens,
      List<String> badTokens) {}

  /** What must come of a request. */
  public enum Expectation {
    /** It is as the contract has it: not refused as a wrong one. */
    ACCEPTED,
    /** It does not prove who sends it: refused. */
    REFUSED,
    /** It may be either; it must be answered as the contract has it. */
    ANSWERED,
    /** It is no proper HTTP: it may also be cut off without an answer. */
    ENDED
  }

  /** What is sent in one go. */
  public record Volley(int number, List<Sent> requests) {
    public byte[] bytes() {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      requests.forEach(each -> all.writeBytes(each.bytes()));
      return all.toByteArray();
    }

    /** Whether nothing can follow on the same connection. */
    public boolean last() {
      return requests.stream().anyMatch(each -> each.expectation() == Expectation.ENDED);
    }
  }

  /**
   * One request.
   *
   * @param operation what it is aimed at; null where its path or method is not in the contract
   * @param text its bytes, each as a character
   * @param secrets what of it must not come back
   */
  public record Sent(
      String kind,
      @Nullable Operation operation,
      String method,
      Expectation expectation,
      String text,
      List<String> secrets) {
    byte[] bytes() {
      return text.getBytes(ISO_8859_1);
    }

    @Override
    public String toString() {
      String shown = text.length() > 3000 ? text.substring(0, 3000) + "…" : text;
      return kind
          + ", expected to be "
          + expectation
          + ":\n"
          + shown.replace("\u0000", "\\0").replace("\r", "\\r");
    }
  }

  /** The one of this number. */
  public Volley volley(int number) {
    RandomGenerator random = new SplittableRandom(seed * 1_000_003 + number);
    if (random.nextInt(20) > 0) {
      return new Volley(number, List.of(any(random)));
    }
    List<Sent> several = new ArrayList<>();
    for (int i = random.nextInt(2, 6); i > 0; i--) {
      several.add(random.nextBoolean() ? valid(random) : mutated(random));
    }
    return new Volley(number, several);
  }

  private Sent any(RandomGenerator random) {
    int kind = random.nextInt(100);
    if (kind < 22) {
      return valid(random);
    } else if (kind < 50) {
      return mutated(random);
    } else if (kind < 60) {
      return unproven(random);
    } else if (kind < 68) {
      return oddHeaders(random);
    } else if (kind < 77) {
      return oddLine(random);
    } else if (kind < 84) {
      return recoded(random);
    } else if (kind < 90) {
      return chunked(random);
    } else if (kind < 92) {
      return oversized(random);
    }
    return improper(random);
  }

  private Sent valid(RandomGenerator random) {
    Draft draft = draft(random, pick(random, contract.operations()));
    return draft.sent("as the contract has it", Expectation.ACCEPTED);
  }

  private Sent mutated(RandomGenerator random) {
    Operation operation = pick(random, withBody());
    Draft draft = new Draft(operation, path(random, operation));
    draft.body = bodies.mutated(random, operation).getBytes(UTF_8);
    prove(random, draft);
    return draft.sent("a wrong body", Expectation.ANSWERED);
  }

  private Sent recoded(RandomGenerator random) {
    Operation operation = pick(random, withBody());
    Draft draft = new Draft(operation, path(random, operation));
    draft.body = bodies.recoded(random, bodies.valid(random, operation));
    prove(random, draft);
    if (random.nextBoolean()) {
      draft.set(
          "Content-Type",
          "application/json; charset=" + pick(random, List.of("utf-16", "latin1", "no-such")));
    }
    return draft.sent("wrong bytes", Expectation.ANSWERED);
  }

  /** Everything is right but the proof. */
  private Sent unproven(RandomGenerator random) {
    Operation operation =
        pick(random, contract.operations().stream().filter(each -> !each.open()).toList());
    Draft draft = draft(random, operation);
    List<String> webhook = List.of("webhook-id", "webhook-timestamp", "webhook-signature");
    webhook.forEach(draft::remove);
    draft.remove("Authorization");
    boolean signable = operation.signable();
    long now = Instant.now().getEpochSecond();
    switch (random.nextInt(signable ? 10 : 5)) {
      case 0 -> {}
      case 1 -> draft.set("Authorization", "Basic " + keys.tokens().values().iterator().next());
      case 2, 3 -> draft.bear(pick(random, keys.badTokens()));
      case 4 -> {
        List<String> others =
            keys.tokens().entrySet().stream()
                .filter(each -> !operation.scopes().contains(each.getKey()))
                .map(Map.Entry::getValue)
                .toList();
        draft.bear(pick(random, others));
      }
      case 5 -> draft.sign(keys.foreignSecret(), now, draft.body);
      case 6 -> draft.sign(keys.webhookSecret(), now - 400 - random.nextInt(1_000_000), draft.body);
      case 7 -> draft.sign(keys.webhookSecret(), now + 400 + random.nextInt(1_000_000), draft.body);
      case 8 -> {
        byte[] other = (new String(draft.body, UTF_8) + " ").getBytes(UTF_8);
        draft.sign(keys.webhookSecret(), now, other);
      }
      default -> {
        draft.sign(keys.webhookSecret(), now, draft.body);
        draft.set(
            pick(random, webhook),
            pick(random, List.of("", "1", "v1,", "v2,abc", "é", "9".repeat(3000), "-1", " , ,")));
      }
    }
    if (random.nextInt(4) == 0) {
      draft.body = bodies.recoded(random, new String(draft.body, UTF_8));
    }
    return draft.sent("without a proof that holds", Expectation.REFUSED);
  }

  private Sent oddHeaders(RandomGenerator random) {
    Draft draft = draft(random, pick(random, contract.operations()));
    for (int i = random.nextInt(3); i >= 0; i--) {
      switch (random.nextInt(14)) {
        case 0 ->
            draft.set(
                "Content-Type",
                pick(
                    random,
                    List.of(
                        "",
                        ";",
                        "text/plain",
                        "application/json;charset=utf-8;x=\"a;b\"",
                        "APPLICATION/JSON",
                        "application/x-www-form-urlencoded",
                        "multipart/form-data; boundary=x",
                        "multipart/form-data",
                        "application/jsonx",
                        "*/*",
                        "application/json, text/plain",
                        "é")));
        case 1 -> draft.remove("Content-Type");
        case 2 -> draft.add("Content-Type", "text/plain");
        case 3 ->
            draft.set(
                "Accept",
                pick(
                    random,
                    List.of("text/html", "application/x-ndjson", "*/*;q=0", "rubbish", "")));
        case 4 -> draft.set("Accept-Encoding", "gzip, br, zstd, identity;q=0");
        case 5 -> draft.set("Content-Encoding", pick(random, List.of("gzip", "br", "rubbish")));
        case 6 ->
            draft.set(
                "X-Request-Id",
                pick(random, List.of("ok-1.A_z", "", "a b", "é", "x".repeat(65), "<script>")));
        case 7 ->
            draft.set(
                "Prefer",
                pick(random, List.of("respond-async", "RESPOND-ASYNC, wait=10", "wait=1", ",,;")));
        case 8 ->
            draft.set(
                "Cookie",
                pick(random, List.of("JSESSIONID=1", "a", "=;=", "a=\"" + "b".repeat(2000))));
        case 9 -> draft.set("Sec-WebSocket-Version", "13").set("Upgrade", "websocket");
        case 10 -> draft.set("Range", "bytes=0-1").set("If-None-Match", "*");
        case 11 -> draft.set("X-HTTP-Method-Override", "DELETE").set("X-Forwarded-For", "::1");
        case 12 -> draft.add("X-Many", "y").add("X-Many", "y").add("x-many", "");
        default -> draft.add("Forwarded", "for=unknown;proto=;host=\"").add("TE", "trailers");
      }
    }
    return draft.sent("odd headers", Expectation.ANSWERED);
  }

  /** Another method, path or query. */
  private Sent oddLine(RandomGenerator random) {
    Operation operation = pick(random, contract.operations());
    Draft draft = draft(random, operation);
    switch (random.nextInt(4)) {
      case 0 ->
          draft.method =
              pick(
                  random,
                  List.of(
                      "GET",
                      "HEAD",
                      "OPTIONS",
                      "POST",
                      "PUT",
                      "PATCH",
                      "DELETE",
                      "TRACE",
                      "PROPFIND",
                      "QUERY",
                      "PRI",
                      "get",
                      "M-SEARCH",
                      "X".repeat(100)));
      case 1 ->
          draft.path +=
              pick(
                  random,
                  List.of(
                      "/",
                      "//",
                      "/..",
                      "?",
                      "?a=b&a=c",
                      "?%",
                      "?limit=-1&id[]=1",
                      "?" + "q".repeat(3000),
                      "/%2e%2e",
                      "%00",
                      "%2F",
                      ";jsessionid=1",
                      "/%C3%28",
                      "#x"));
      case 2 ->
          draft.path =
              pick(
                  random,
                  List.of(
                      "/",
                      "//",
                      "/*",
                      "/../" + operation.path(),
                      "/.well-known/security.txt",
                      "/provisions/somebody@example.com",
                      "/provisions/%00",
                      "/provisions/%F0%9F%99%82",
                      "/provisions/%zz",
                      "/provisions/" + "9".repeat(3000),
                      "/provisions/;x=y",
                      "/provisions/{id}",
                      "/PROVISIONS/1",
                      "/metrics",
                      "/WEB-INF/web.xml",
                      "/static/../../openapi.yaml",
                      "/%252e%252e/",
                      "/a%20b%0d%0aSet-Cookie:%20a=b"));
      default -> {
        StringBuilder path = new StringBuilder("/");
        for (int i = random.nextInt(40); i > 0; i--) {
          path.append((char) random.nextInt('!', 127));
        }
        draft.path = path.toString();
      }
    }
    boolean same = draft.method.equals(operation.method()) && draft.path.equals(operation.path());
    return draft.sent("an odd address", Expectation.ANSWERED, same ? operation : null);
  }

  /** A body in chunks as they should be. */
  private Sent chunked(RandomGenerator random) {
    Draft draft = draft(random, pick(random, withBody()));
    draft.wire = chunks(random, draft.body, random.nextBoolean());
    draft.set("Transfer-Encoding", "chunked");
    return draft.sent("in chunks", Expectation.ACCEPTED);
  }

  private Sent oversized(RandomGenerator random) {
    Draft draft = draft(random, pick(random, contract.operations()));
    switch (random.nextInt(5)) {
      case 0 -> draft.path += "?" + "x".repeat(9_000 + random.nextInt(10_000));
      case 1 -> draft.set("X-Large", "x".repeat(9_000 + random.nextInt(10_000)));
      case 2 -> {
        for (int i = 0; i < 600; i++) {
          draft.add("X-" + i, "some value");
        }
      }
      default -> {
        draft.body = " ".repeat(66_000 + random.nextInt(60_000)).getBytes(UTF_8);
        if (random.nextBoolean()) {
          draft.wire = chunks(random, draft.body, false);
          draft.set("Transfer-Encoding", "chunked");
        }
      }
    }
    return draft.sent("too much", Expectation.ENDED, null);
  }

  /** What is no request at all, in the end. */
  private Sent improper(RandomGenerator random) {
    Draft draft = draft(random, pick(random, withBody()));
    String length = Integer.toString(draft.body.length);
    switch (random.nextInt(12)) {
      case 0 -> draft.wire = cut(random, draft.body);
      case 1 -> {
        byte[] chunks = chunks(random, draft.body, false);
        draft.wire = cut(random, chunks);
        draft.set("Transfer-Encoding", "chunked");
      }
      case 2 -> {
        draft.set("Transfer-Encoding", "chunked");
        draft.wire =
            pick(
                    random,
                    List.of(
                        "zz\r\n{}\r\n0\r\n\r\n",
                        "-1\r\n{}\r\n0\r\n\r\n",
                        "FFFFFFFFFFFFFFFFF\r\n{}\r\n",
                        "7fffffff\r\n{}\r\n",
                        "2;\u0000=x\r\n{}\r\n0\r\n\r\n",
                        "2\n{}\n0\n\n",
                        "2\r\n{}{}\r\n0\r\n\r\n",
                        "\r\n",
                        "0\r\nbad trailer\r\n\r\n",
                        "0\r\n" + "X: y\r\n".repeat(5000) + "\r\n"))
                .getBytes(ISO_8859_1);
      }
      case 3 -> draft.add("Transfer-Encoding", "chunked").add("Content-Length", length);
      case 4 -> draft.add("Content-Length", length).add("Content-Length", length + "1");
      case 5 ->
          draft.add(
              "Content-Length",
              pick(random, List.of("-1", "1e3", "", "99999999999999999999", "0x10", "+2", "1, 2")));
      case 6 ->
          draft.set(
              "Transfer-Encoding",
              pick(random, List.of("gzip", "chunked, chunked", "identity", "x")));
      case 7 ->
          draft.path = pick(random, List.of("", "reconcile", "*", "http://", "/a b", "/\u0000"));
      case 8 ->
          draft.version = pick(random, List.of("HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "http/1.1", ""));
      case 9 ->
          draft.add(pick(random, List.of("", "a b", "é", "X\u0000", " folded")), "x\u0000\u0001");
      case 10 ->
          draft.set("Host", pick(random, List.of("", "a b", ":", "[::", "x".repeat(300), "@")));
      default -> {
        byte[] noise = new byte[1 + random.nextInt(200)];
        random.nextBytes(noise);
        return new Sent(
            "noise", null, "?", Expectation.ENDED, new String(noise, ISO_8859_1), List.of());
      }
    }
    return draft.sent("no proper HTTP", Expectation.ENDED, null);
  }

  private List<Operation> withBody() {
    return contract.operations().stream().filter(each -> !each.body().isMissingNode()).toList();
  }

  /** A good request. */
  private Draft draft(RandomGenerator random, Operation operation) {
    Draft draft = new Draft(operation, path(random, operation));
    if (!operation.body().isMissingNode()) {
      draft.body = bodies.valid(random, operation).getBytes(UTF_8);
      draft.set("Content-Type", "application/json");
    }
    prove(random, draft);
    return draft;
  }

  private void prove(RandomGenerator random, Draft draft) {
    Operation operation = draft.operation;
    if (operation.open()) {
      return;
    }
    if (operation.signable() && random.nextBoolean()) {
      draft.sign(keys.webhookSecret(), Instant.now().getEpochSecond(), draft.body);
    } else {
      String scope = pick(random, operation.scopes().stream().sorted().toList());
      String token = keys.tokens().get(scope);
      if (token == null) {
        throw new IllegalStateException("no token with scope " + scope);
      }
      draft.bear(token);
    }
  }

  /** Of a pattern only the contract's own example is known to fit. */
  private JsonNode value(RandomGenerator random, JsonNode parameter, JsonNode schema) {
    return schema.has("pattern") ? parameter.path("example") : bodies.valid(random, schema);
  }

  private String path(RandomGenerator random, Operation operation) {
    String path = operation.path();
    List<String> query = new ArrayList<>();
    for (var parameter : operation.parameters()) {
      String name = parameter.path("name").asText();
      JsonNode schema = contract.resolve(parameter.path("schema"));
      switch (parameter.path("in").asText()) {
        case "path" ->
            path = path.replace("{" + name + "}", value(random, parameter, schema).asText());
        case "query" -> {
          JsonNode value = value(random, parameter, schema);
          if (value.isArray()) {
            value.forEach(each -> query.add(name + "=" + each.asText()));
          } else if (random.nextBoolean()) {
            query.add(name + "=" + value.asText());
          }
        }
        default -> {}
      }
    }
    return query.isEmpty() ? path : path + "?" + String.join("&", query);
  }

  private static byte[] cut(RandomGenerator random, byte[] bytes) {
    byte[] less = new byte[random.nextInt(Math.max(1, bytes.length))];
    System.arraycopy(bytes, 0, less, 0, less.length);
    return less;
  }

  private static byte[] chunks(RandomGenerator random, byte[] body, boolean fancy) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 0; at < body.length; ) {
      int size = Math.min(body.length - at, 1 + random.nextInt(Math.max(1, body.length / 2)));
      String head = Integer.toHexString(size) + (fancy ? ";name=\"value\"" : "");
      out.writeBytes((head + "\r\n").getBytes(ISO_8859_1));
      out.write(body, at, size);
      out.writeBytes("\r\n".getBytes(ISO_8859_1));
      at += size;
    }
    out.writeBytes((fancy ? "000\r\nX-Trailer: 1\r\n\r\n" : "0\r\n\r\n").getBytes(ISO_8859_1));
    return out.toByteArray();
  }

  /** A request in the making. */
  private static final class Draft {
    private final Operation operation;
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();
    private final List<String> secrets = new ArrayList<>();
    private String method;
    private String path;
    private String version = "HTTP/1.1";
    private byte[] body = new byte[0];
    private byte @Nullable [] wire;

    Draft(Operation operation, String path) {
      this.operation = operation;
      this.method = operation.method();
      this.path = path;
      set("Host", "localhost");
      if (!operation.body().isMissingNode()) {
        set("Content-Type", "application/json");
      }
    }

    Draft add(String name, String value) {
      headers.add(Map.entry(name, value));
      return this;
    }

    Draft set(String name, String value) {
      remove(name);
      return add(name, value);
    }

    void remove(String name) {
      headers.removeIf(each -> each.getKey().equalsIgnoreCase(name));
    }

    void bear(String token) {
      secrets.add(token);
      set("Authorization", "Bearer " + token);
    }

    void sign(String secret, long seconds, byte[] signed) {
      String id = "msg_" + seconds;
      String head = id + "." + seconds + ".";
      try {
        Mac mac = Mac.getInstance("HmacSHA256");
        byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update(head.getBytes(UTF_8));
        String signature = Base64.getEncoder().encodeToString(mac.doFinal(signed));
        secrets.add(signature);
        set("webhook-id", id);
        set("webhook-timestamp", Long.toString(seconds));
        set("webhook-signature", "v1," + signature);
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }

    Sent sent(String kind, Expectation expectation) {
      return sent(kind, expectation, operation);
    }

    Sent sent(String kind, Expectation expectation, @Nullable Operation aim) {
      byte[] sending = wire == null ? body : wire;
      boolean framed =
          headers.stream()
              .anyMatch(each ->
                  each.getKey().equals("Content-Length")
                      || each.getKey().equals("Transfer-Encoding"));
      if (!framed && (body.length > 0 || method.equals("POST"))) {
        add("Content-Length", Integer.toString(body.length));
      }
      StringBuilder head = new StringBuilder(method + " " + path + " " + version + "\r\n");
      headers.forEach(
          each -> head.append(each.getKey()).append(": ").append(each.getValue()).append("\r\n"));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes((head + "\r\n").getBytes(UTF_8));
      out.writeBytes(sending);
      return new Sent(
          kind, aim, method, expectation, out.toString(ISO_8859_1), List.copyOf(secrets));
    }
  }
}
