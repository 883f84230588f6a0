package dev.provisioner.vapi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * Decides what a response, or the lack of one, means. Does no I/O and keeps no state; which
 * organisation an answer names, it passes on.
 */
final class Classification {
  static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
  static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

  /** As ids are; whatever else may stand there is not worth repeating. */
  private static final Pattern ORGANISATION = Pattern.compile("[A-Za-z0-9_-]{1,100}");

  private final Redaction redaction;
  private final Consumer<String> organisation;

  /**
   * @param organisation told the {@code orgId} of every assistant that is read
   */
  Classification(Redaction redaction, Consumer<String> organisation) {
    this.redaction = redaction;
    this.organisation = organisation;
  }

  Answer<String> create(Reply reply) {
    if (reply.isSuccess()) {
      String id = idOf(reply.body());
      return id == null ? notUnderstood(reply, "without an assistant's id") : new Answer.Ok<>(id);
    }
    return switch (reply.status()) {
      case 402, 403, 404 -> new Answer.Ambiguous<>(reply.status(), said(reply));
      // To a create a conflict may mean that it is already there.
      case 409 -> unknown(reply);
      default -> common(reply);
    };
  }

  /**
   * A page of a listing, read as it comes.
   *
   * @param head of a success
   * @throws IOException {@code content} cannot be read to its end
   */
  Answer<List<Assistant>> page(Reply head, InputStream content) throws IOException {
    List<Assistant> assistants = new ArrayList<>();
    List<String> strangers = new ArrayList<>(0);
    try {
      Json.entries(
          content,
          entry -> {
            Assistant assistant = assistantOf(entry);
            if (assistant != null) {
              assistants.add(assistant);
            } else {
              strangers.add("entry");
            }
          });
    } catch (JsonProcessingException e) {
      return notUnderstood(head, "that is not one complete JSON array");
    }
    return strangers.isEmpty()
        ? new Answer.Ok<>(List.copyOf(assistants))
        : notUnderstood(head, "listing entries without id and createdAt");
  }

  Answer<Assistant> get(String id, Reply reply) {
    if (reply.status() == 404) {
      return new Answer.Missing<>();
    }
    if (reply.status() == 402 || reply.status() == 403) {
      return rejected(reply); // this one is not ours to see; the account as such still works
    }
    if (!reply.isSuccess()) {
      return reading(reply);
    }
    Assistant assistant;
    try {
      assistant = assistantOf(Json.tree(reply.body()));
    } catch (IOException e) {
      return notUnderstood(reply, "that is not one complete JSON object");
    }
    if (assistant == null) {
      return notUnderstood(reply, "without id and createdAt");
    }
    return assistant.id().equalsIgnoreCase(id)
        ? new Answer.Ok<>(assistant)
        : notUnderstood(reply, "about another assistant than the one asked for");
  }

  Answer<String> delete(String id, Reply reply) {
    if (reply.isSuccess()) {
      return new Answer.Ok<>(id);
    }
    return switch (reply.status()) {
      case 404 -> new Answer.Missing<>();
      // Pinned at Vapi: a definite no, where to a create or a read a conflict tells nothing.
      case 409 -> rejected(reply);
      // 402 and 403 among them: that this one may not be deleted need not pause everybody's calls.
      default -> common(reply);
    };
  }

  Answer<Integer> probe(Reply reply) {
    if (!reply.isSuccess()) {
      return reading(reply);
    }
    int[] entries = {0};
    try {
      Json.entries(reply.content(), entry -> entries[0]++);
    } catch (IOException e) {
      return notUnderstood(reply, "that is not one complete JSON array");
    }
    return new Answer.Ok<>(entries[0]);
  }

  Answer<Account> account(Reply reply) {
    if (!reply.isSuccess()) {
      return reading(reply);
    }
    List<String> organisations = new ArrayList<>(1);
    try {
      Json.entries(
          reply.content(),
          entry -> {
            String organisation = entry.path("orgId").textValue();
            if (organisation != null && !organisation.isBlank()) {
              organisations.add(redaction.line(organisation, Redaction.EXCERPT_LIMIT));
            }
          });
    } catch (IOException e) {
      return notUnderstood(reply, "that is not one complete JSON array");
    }
    return new Answer.Ok<>(
        new Account(organisations.isEmpty() ? null : organisations.getFirst(), date(reply.date())));
  }

  private static @Nullable Instant date(@Nullable String header) {
    try {
      return header == null
          ? null
          : ZonedDateTime.parse(header.strip(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  /**
   * A call that ended in an exception instead of a response. Only what cannot have reached Vapi is
   * {@link Answer.NotSent}; everything else may have been applied.
   */
  <T> Answer<T> failure(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof HttpConnectTimeoutException) {
        return new Answer.NotSent<>("no connection in time");
      }
      // The parent of the above, and maybe with a ConnectException as its cause: the request was
      // out.
      if (cause instanceof HttpTimeoutException) {
        break;
      }
      if (cause instanceof ConnectException
          || cause instanceof UnknownHostException
          || cause instanceof UnresolvedAddressException) {
        return new Answer.NotSent<>(
            isUnresolved(cause) ? "host name not resolved" : "connection refused");
      }
      if (cause instanceof SSLHandshakeException) {
        return new Answer.NotSent<>("TLS handshake failed: " + describe(cause));
      }
    }
    return new Answer.Unknown<>("no complete answer: " + describe(root(thrown)));
  }

  /**
   * Whether an answer shows that Vapi accepts our key. Statuses that a proxy in front of Vapi may
   * have given, before anybody looked at the key, show nothing.
   */
  static boolean showsAcceptance(Answer<?> answer) {
    return switch (answer) {
      case Answer.Ok<?> ok -> true;
      case Answer.Missing<?> missing -> true;
      case Answer.Rejected<?> rejected ->
          rejected.status() == 400 || rejected.status() == 409 || rejected.status() == 422;
      case Answer.Ambiguous<?> ambiguous -> false;
      case Answer.Refused<?> refused -> false;
      case Answer.Throttled<?> throttled -> false;
      case Answer.NotSent<?> notSent -> false;
      case Answer.Unknown<?> unknown -> false;
    };
  }

  /** What is not a success, to a call that only reads: there a ban is the account's. */
  <T> Answer<T> reading(Reply reply) {
    return switch (reply.status()) {
      case 402, 403, 404 -> refused(reply);
      case 409 -> unknown(reply);
      default -> common(reply);
    };
  }

  /** What a status other than a success means on every call. */
  private <T> Answer<T> common(Reply reply) {
    int status = reply.status();
    if (reply.isRedirect() || status == 401 || status == 407) {
      return refused(reply);
    }
    if (status == 429) {
      return new Answer.Throttled<>(wait(reply.retryAfter(), reply.receivedAt()));
    }
    if (status >= 400 && status < 500 && status != 408) {
      return rejected(reply);
    }
    return unknown(reply);
  }

  private <T> Answer<T> rejected(Reply reply) {
    return new Answer.Rejected<>(reply.status(), said(reply));
  }

  private <T> Answer<T> refused(Reply reply) {
    return new Answer.Refused<>(
        reply.status(),
        reply.isRedirect() ? "a redirect: this address is not Vapi's API" : said(reply));
  }

  private <T> Answer<T> unknown(Reply reply) {
    return new Answer.Unknown<>("HTTP " + reply.status() + ": " + said(reply));
  }

  private static <T> Answer<T> notUnderstood(Reply reply, String what) {
    return new Answer.Unknown<>("HTTP " + reply.status() + " " + what);
  }

  private String said(Reply reply) {
    return redaction.message(reply.body());
  }

  static @Nullable Duration wait(@Nullable String retryAfter, Instant receivedAt) {
    if (retryAfter == null) {
      return null;
    }
    String value = retryAfter.strip();
    Duration wait;
    if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // More digits than any wait we would keep need not fit a long.
      wait = value.length() > 9 ? LONGEST_WAIT : Duration.ofSeconds(Long.parseLong(value));
    } else {
      try {
        ZonedDateTime until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
        wait = Duration.between(receivedAt, until.toInstant());
      } catch (DateTimeException e) {
        return null;
      }
    }
    if (wait.compareTo(SHORTEST_WAIT) < 0) {
      return SHORTEST_WAIT;
    }
    return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
  }

  private @Nullable String idOf(byte[] body) {
    try {
      JsonNode json = Json.tree(body);
      noteOrganisation(json);
      return idOf(json);
    } catch (IOException e) {
      return null;
    }
  }

  private static @Nullable String idOf(JsonNode json) {
    String id = json.isObject() ? json.path("id").textValue() : null;
    return id == null || id.isBlank() ? null : id;
  }

  private void noteOrganisation(JsonNode json) {
    String id = json.path("orgId").textValue();
    if (id != null && ORGANISATION.matcher(id).matches()) {
      organisation.accept(id);
    }
  }

  private @Nullable Assistant assistantOf(JsonNode json) {
    noteOrganisation(json);
    String id = idOf(json);
    String createdAt = json.path("createdAt").textValue();
    if (id == null || createdAt == null) {
      return null;
    }
    JsonNode metadata = json.path("metadata");
    try {
      return new Assistant(
          id,
          Instant.parse(createdAt),
          metadata.path("provision_id").textValue(),
          metadata.path("user_id").textValue(),
          metadata.path("installation").textValue());
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static boolean isUnresolved(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException || cause instanceof UnresolvedAddressException) {
        return true;
      }
    }
    return false;
  }

  private static Throwable root(Throwable thrown) {
    Throwable root = thrown;
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root;
  }

  private String describe(Throwable thrown) {
    String message = thrown.getMessage();
    String name = thrown.getClass().getSimpleName();
    return message == null ? name : redaction.line(name + ": " + message, Redaction.EXCERPT_LIMIT);
  }
}
