package dev.provisioner.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.StatementRefusedException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.HttpException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns whatever a handler throws into a problem. Only what nobody expected is logged, once. */
final class ProblemAnswers {
  private static final Logger log = LoggerFactory.getLogger(ProblemAnswers.class);

  private static final String REFUSES =
      "The database is not as this service needs it; GET /readyz tells more.";

  /** What is so of work that was told of until it broke off. */
  private static final String GOES_ON =
      " What was settled is settled, and what is due stays due; send it again.";

  private ProblemAnswers() {}

  static void register(RoutesConfig routes) {
    routes.exception(
        ProblemException.class,
        (e, ctx) -> answer(ctx, e.type(), e.detail(), e.headers(), e.errors()));
    routes.exception(HttpResponseException.class, ProblemAnswers::answerJavalin);
    routes.exception(
        QueueUnavailableException.class,
        (e, ctx) -> {
          log.warn("{} {} was answered 503: {}", ctx.method(), ctx.path(), e.getMessage());
          answerUnavailable(ctx, e.getMessage() + " Nothing was lost; send it again.", "5");
        });
    routes.exception(
        StatementRefusedException.class,
        (e, ctx) -> {
          log.error(
              "{} {} was answered 503: the database refuses ({}). Apply all migrations; GET /readyz names what is missing.",
              ctx.method(),
              ctx.path(),
              e.reason());
          answerUnavailable(ctx, REFUSES, "60");
        });
    routes.exception(Exception.class, ProblemAnswers::answerOther);
    // Javalin itself answers a body that stopped arriving, without a word.
    routes.error(
        ProblemType.REQUEST_TIMEOUT.status(),
        ctx -> {
          if (ctx.resultInputStream() == null) {
            answer(ctx, ProblemType.REQUEST_TIMEOUT);
          }
        });
  }

  /** An out-of-memory or the like: the process goes on, so this request is answered as well. */
  static void answerError(HttpServletResponse response, Error error) {
    log.error("A request failed with an error that is no exception", error);
    String id = response.getHeader(RequestId.HEADER);
    ProblemType type = ProblemType.INTERNAL_ERROR;
    try {
      response.setStatus(type.status());
      response.setContentType(Problem.CONTENT_TYPE);
      response.getOutputStream().write(Problem.of(type, JettyErrors.detail(type), id).json());
    } catch (IOException | IllegalStateException e) {
      log.debug("The answer could not be written", e);
    }
  }

  /**
   * For an answer that has begun: its last line, since its status is sent. Only what nobody
   * expected is logged.
   */
  static ObjectNode midway(RuntimeException e, @Nullable String requestId) {
    return switch (e) {
      case ProblemException expected ->
          midway(expected.type(), expected.detail() + GOES_ON, requestId);
      case QueueUnavailableException away -> {
        log.warn("An answer of many lines ended early: {}", away.getMessage());
        yield midway(ProblemType.DATABASE_UNAVAILABLE, away.getMessage() + GOES_ON, requestId);
      }
      case StatementRefusedException refused -> {
        log.error(
            "An answer of many lines ended early: the database refuses ({}). Apply all migrations; GET /readyz names what is missing.",
            refused.reason());
        yield midway(ProblemType.DATABASE_UNAVAILABLE, REFUSES + GOES_ON, requestId);
      }
      default -> {
        log.error("An answer of many lines ended early", e);
        ProblemType bug = ProblemType.INTERNAL_ERROR;
        yield midway(bug, JettyErrors.detail(bug), requestId);
      }
    };
  }

  private static ObjectNode midway(ProblemType type, String detail, @Nullable String requestId) {
    return Problem.of(type, detail, requestId).node();
  }

  /** What Javalin refuses: an unknown path, a method, a size. */
  private static void answerJavalin(HttpResponseException e, Context ctx) {
    ProblemType type = ProblemType.ofStatus(e.getStatus());
    // The methods are all that Javalin's details ever hold, under a key that depends on Accept.
    Map<String, String> headers =
        type == ProblemType.METHOD_NOT_ALLOWED && !e.getDetails().isEmpty()
            ? Map.of("Allow", e.getDetails().values().iterator().next())
            : Map.of();
    answer(ctx, type, JettyErrors.detail(type), headers, List.of());
  }

  private static void answerOther(Exception e, Context ctx) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpException http) {
        // Jetty found the request wrong while a handler was reading it.
        answer(ctx, ProblemType.ofStatus(http.getCode()));
        return;
      }
    }
    log.error("{} {} failed unexpectedly", ctx.method(), ctx.path(), e);
    answer(ctx, ProblemType.INTERNAL_ERROR);
  }

  private static void answerUnavailable(Context ctx, String detail, String seconds) {
    Map<String, String> headers = Map.of("Retry-After", seconds);
    answer(ctx, ProblemType.DATABASE_UNAVAILABLE, detail, headers, List.of());
  }

  private static void answer(Context ctx, ProblemType type) {
    answer(ctx, type, JettyErrors.detail(type), Map.of(), List.of());
  }

  private static void answer(
      Context ctx,
      ProblemType type,
      String detail,
      Map<String, String> headers,
      List<Problem.FieldError> errors) {
    @Nullable String id = ctx.attribute(RequestId.NAME);
    headers.forEach(ctx::header);
    ctx.status(type.status())
        .contentType(Problem.CONTENT_TYPE)
        .result(Problem.of(type, detail, id, errors).json());
  }
}
