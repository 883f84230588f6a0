package dev.provisioner.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Sends what one database has queued with {@code net.http_post}, the way pg_net's worker does:
 * after commit, in batches, each request once, and no new batch before the whole of the last one is
 * answered or timed out.
 */
public final class PgNetWorker implements AutoCloseable {
  private static final int BATCH = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SupabaseDatabase database;
  private final Duration tick;
  private final InstantSource clock = InstantSource.system();
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.ALWAYS)
          .build();
  private final ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Delivery> deliveries = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread loop = Thread.ofVirtual().name("pg-net").unstarted(this::run);

  /** Guards {@link #paused}: while it is held, nobody takes requests out of the queue. */
  private final Object taking = new Object();

  private boolean paused;

  private PgNetWorker(SupabaseDatabase database, Duration tick) {
    this.database = database;
    this.tick = tick;
  }

  /** A worker that looks ten times a second, so that a demo does not drag. */
  public static PgNetWorker start(SupabaseDatabase database) {
    return start(database, Duration.ofMillis(100));
  }

  /**
   * A worker with its own pace.
   *
   * @param tick how long it rests between batches; the real one starts at most one a second
   */
  public static PgNetWorker start(SupabaseDatabase database, Duration tick) {
    PgNetWorker worker = new PgNetWorker(database, tick);
    worker.loop.start();
    return worker;
  }

  /** Everything sent so far, in the order of the answers. */
  public List<Delivery> deliveries() {
    return List.copyOf(deliveries);
  }

  /** From its return on, nothing more is taken from the queue. What was taken is still sent. */
  public void pause() {
    synchronized (taking) {
      paused = true;
    }
  }

  public void resume() {
    synchronized (taking) {
      paused = false;
    }
  }

  /**
   * Loses what is queued, as a crash of the database does.
   *
   * @return how many requests nobody will ever hear of
   */
  public int lose() {
    synchronized (taking) {
      try (Connection connection = database.connectAsSuperuser();
          Statement statement = connection.createStatement()) {
        return statement.executeUpdate("delete from net.http_request_queue");
      } catch (SQLException e) {
        throw new IllegalStateException("could not empty the queue", e);
      }
    }
  }

  /** Lets the batch under way end, but not longer than its own timeouts say. */
  @Override
  public void close() {
    closed.countDown();
    try {
      loop.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      senders.close();
      client.shutdownNow();
      client.close();
    }
  }

  private void run() {
    Connection connection = null;
    try {
      do {
        try {
          if (connection == null) {
            connection = database.connectAsSuperuser();
          }
          deliverBatch(connection);
        } catch (SQLException e) {
          // The database is away. So is the real worker then, until it is back.
          closeQuietly(connection);
          connection = null;
        }
      } while (!closed.await(tick.toNanos(), TimeUnit.NANOSECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closeQuietly(connection);
    }
  }

  private void deliverBatch(Connection connection) throws SQLException, InterruptedException {
    List<Callable<Answered>> sends = new ArrayList<>();
    for (Queued request : take(connection)) {
      sends.add(() -> send(request));
    }
    for (Future<Answered> sent : senders.invokeAll(sends)) {
      try {
        record(connection, sent.get());
      } catch (ExecutionException e) {
        throw new IllegalStateException("a request that can be neither sent nor reported", e);
      }
    }
  }

  private List<Queued> take(Connection connection) throws SQLException {
    synchronized (taking) {
      List<Queued> taken = new ArrayList<>();
      if (paused) {
        return taken;
      }
      try (Statement statement = connection.createStatement();
          ResultSet rows =
              statement.executeQuery(
                  """
                  with batch as (
                    delete from net.http_request_queue
                     where id in (select id from net.http_request_queue order by id limit %d)
                    returning id, url, headers, body, timeout_milliseconds
                  )
                  select * from batch order by id
                  """
                      .formatted(BATCH))) {
        while (rows.next()) {
          taken.add(
              new Queued(
                  rows.getLong("id"),
                  rows.getString("url"),
                  headersOf(rows.getString("headers")),
                  new String(rows.getBytes("body"), StandardCharsets.UTF_8),
                  Duration.ofMillis(rows.getLong("timeout_milliseconds"))));
        }
      }
      return taken;
    }
  }

  private Answered send(Queued request) throws InterruptedException {
    Instant sentAt = clock.instant();
    CompletableFuture<HttpResponse<String>> call = null;
    HttpResponse<String> response = null;
    String error = null;
    boolean timedOut = false;
    try {
      call = client.sendAsync(request.toHttp(), HttpResponse.BodyHandlers.ofString());
      response = call.get(request.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      call.cancel(true);
      timedOut = true;
      error = "Timeout of %d ms reached".formatted(request.timeout().toMillis());
    } catch (ExecutionException e) {
      error = String.valueOf(e.getCause());
    } catch (IllegalArgumentException e) {
      error = String.valueOf(e.getMessage());
    }
    Delivery delivery =
        new Delivery(
            request.url(),
            request.headers(),
            request.body(),
            response == null ? null : response.statusCode(),
            error,
            sentAt);
    return new Answered(request.id(), delivery, response, timedOut);
  }

  private void record(Connection connection, Answered answered) throws SQLException {
    // First in memory: the database may be gone by now, the request has been sent all the same.
    deliveries.add(answered.delivery());
    HttpResponse<String> response = answered.response();
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            insert into net._http_response
              (id, status_code, content_type, headers, content, timed_out, error_msg)
            values (?, ?, ?, ?::jsonb, ?, ?, ?)
            """)) {
      insert.setLong(1, answered.id());
      if (response == null) {
        insert.setNull(2, Types.INTEGER);
        insert.setNull(3, Types.VARCHAR);
        insert.setNull(4, Types.VARCHAR);
        insert.setNull(5, Types.VARCHAR);
      } else {
        insert.setInt(2, response.statusCode());
        insert.setString(3, response.headers().firstValue("content-type").orElse(null));
        insert.setString(4, headersOf(response));
        insert.setString(5, response.body());
      }
      insert.setBoolean(6, answered.timedOut());
      insert.setString(7, answered.delivery().error());
      insert.executeUpdate();
    }
  }

  private static Map<String, String> headersOf(String json) {
    try {
      return JSON.readValue(json, new TypeReference<Map<String, String>>() {});
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("headers are an object of strings", e);
    }
  }

  private static String headersOf(HttpResponse<String> response) {
    try {
      return JSON.writeValueAsString(response.headers().map());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void closeQuietly(@Nullable Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        // It was broken already.
      }
    }
  }

  private record Queued(
      long id, String url, Map<String, String> headers, String body, Duration timeout) {
    HttpRequest toHttp() {
      HttpRequest.Builder http =
          HttpRequest.newBuilder(URI.create(url))
              .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
      headers.forEach(http::setHeader);
      return http.setHeader("User-Agent", "pg_net/0.14.0").build();
    }
  }

  private record Answered(
      long id, Delivery delivery, @Nullable HttpResponse<String> response, boolean timedOut) {}
}
