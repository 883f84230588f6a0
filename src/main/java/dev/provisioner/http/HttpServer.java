package dev.provisioner.http;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.router.Endpoint;
import io.javalin.util.JavalinException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server: a port, and routes behind it. Whatever a handler throws, and whatever Jetty refuses
 * by itself, is answered as a problem; every answer carries a request id. Handlers run on virtual
 * threads and may block.
 */
public final class HttpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  /**
   * Connections that may wait to be accepted. Beyond them the system drops a caller's first packet,
   * which comes again only a second later: Java's own 50 would be too few for a burst.
   */
  private static final int BACKLOG = 1_024;

  private final Javalin javalin;

  /**
   * Builds the server; it listens after {@link #start()}.
   *
   * @param port 0 takes any free one
   */
  public HttpServer(int port, List<Route> routes) {
    this(port, routes, RequestObserver.NOBODY);
  }

  /** The same with every answer told of. */
  public HttpServer(int port, List<Route> routes, RequestObserver observer) {
    this(port, routes, observer, Limits.DEFAULT);
  }

  HttpServer(int port, List<Route> routes, Limits limits) {
    this(port, routes, RequestObserver.NOBODY, limits);
  }

  private HttpServer(int port, List<Route> routes, RequestObserver observer, Limits limits) {
    this.javalin =
        Javalin.create(javalin -> {
          configure(javalin, port, routes, limits);
          javalin.requestLogger.http((ctx, millis) -> tell(observer, ctx, millis));
        });
  }

  /**
   * What a caller may take up.
   *
   * @param bodyBytes of the largest body
   * @param idle how long a connection may be silent in the middle of a request, or between two
   * @param arrival how long a whole body may take to arrive; a rate instead would turn small bodies
   *     away whose second packet is late
   */
  record Limits(int bodyBytes, Duration idle, Duration arrival) {
    static final Limits DEFAULT =
        new Limits(64 * 1024, Duration.ofSeconds(30), Duration.ofSeconds(30));
  }

  /**
   * Begins to listen.
   *
   * @throws JavalinException when the port is taken or not ours to take
   */
  public void start() {
    javalin.start();
  }

  /** The port it listens on, once started. */
  public int port() {
    return javalin.port();
  }

  /**
   * Stops listening at once, lets requests in flight finish, and cuts off those that have not
   * finished after {@code grace}.
   */
  public void stop(Duration grace) {
    javalin.jettyServer().server().setStopTimeout(grace.toMillis());
    try {
      javalin.stop();
    } catch (JavalinException e) {
      // Javalin has logged why.
      log.warn("Not every request in flight was finished within {}", grace);
    }
  }

  /** Stops without waiting. */
  @Override
  public void close() {
    stop(Duration.ZERO);
  }

  private static void configure(
      JavalinConfig javalin, int port, List<Route> routes, Limits limits) {
    javalin.startup.showJavalinBanner = false;
    javalin.startup.showOldJavalinVersionWarning = false;
    javalin.startup.startupWatcherEnabled = false;
    javalin.concurrency.useVirtualThreads = true;
    javalin.http.maxRequestSize = limits.bodyBytes();
    javalin.http.prefer405over404 = true;
    javalin.http.compressionStrategy = CompressionStrategy.NONE;
    javalin.jetty.timeoutStatus = ProblemType.REQUEST_TIMEOUT.status();
    javalin.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      // It would hold some 100 kB per connection, so that a burst of senders fills a small heap.
      http.setHeaderCacheSize(0);
    });
    javalin.jetty.modifyServer(server -> {
      server.setHandler(new EveryRequest(limits.arrival()));
      server.setErrorHandler(new JettyErrors());
    });
    javalin.jetty.modifyServletContextHandler(
        context -> context.setErrorHandler(new JettyErrors()));
    javalin.jetty.addConnector((server, http) -> connector(server, http, port, limits));
    javalin.router.javaLangErrorHandler(ProblemAnswers::answerError);
    ProblemAnswers.register(javalin.routes);
    register(javalin, routes);
  }

  private static void tell(RequestObserver observer, Context ctx, float millis) {
    Endpoint route = ctx.endpoints().matchedHttpEndpoint();
    try {
      observer.answered(
          route == null ? RequestObserver.NONE : ctx.method().name(),
          route == null ? RequestObserver.NONE : route.path,
          ctx.statusCode(),
          Duration.ofNanos((long) (millis * 1_000_000)));
    } catch (RuntimeException e) {
      log.error("A request could not be counted; it is answered.", e);
    }
  }

  private static ServerConnector connector(
      Server server, HttpConfiguration http, int port, Limits limits) {
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setPort(port);
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(limits.idle().toMillis());
    return connector;
  }

  private static void register(JavalinConfig javalin, List<Route> routes) {
    Map<String, Set<String>> methods = new LinkedHashMap<>();
    for (Route route : routes) {
      Set<String> allowed = methods.computeIfAbsent(route.path(), path -> new TreeSet<>());
      javalin.routes.addHttpHandler(route.method(), route.path(), route.handler());
      allowed.add(route.method().name());
      if (route.method().equals(HandlerType.GET)) {
        // Javalin would answer HEAD 200 without running the handler, authentication included.
        javalin.routes.head(route.path(), route.handler());
        allowed.add(HandlerType.HEAD.name());
      }
    }
    methods.forEach((path, allowed) -> {
      allowed.add(HandlerType.OPTIONS.name());
      String allow = String.join(", ", allowed);
      javalin.routes.options(path, ctx -> ctx.status(204).header("Allow", allow));
    });
  }
}
