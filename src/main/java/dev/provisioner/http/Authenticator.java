package dev.provisioner.http;

import io.javalin.http.Context;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Lets a request pass or throws the {@link ProblemException} that refuses it: 401 when it does not
 * prove who sends it, 403 when it does, but may not do this. Neither shows anything of a secret or
 * token.
 */
public final class Authenticator {
  private static final String CHALLENGE = "Bearer realm=\"vapi-provisioner\"";
  private static final Pattern BEARER = Pattern.compile("(?i)bearer +(?<token>[^ ]+) *");

  private final Signatures signatures;
  private final Tokens tokens;

  public Authenticator(Signatures signatures, Tokens tokens) {
    this.signatures = signatures;
    this.tokens = tokens;
  }

  /**
   * For routes that the database calls. Any {@code webhook-} header makes the signature decide;
   * without one, a bearer token must have the scope.
   *
   * @param body exactly the bytes received
   * @throws ProblemException when the request may not pass
   */
  public void requireSignatureOrToken(Context ctx, byte[] body, Scope scope) {
    Signatures.Headers headers = signatureHeaders(ctx);
    if (headers.any()) {
      requireSignature(headers, body);
    } else {
      requireToken(ctx, scope, "Sign the body as Standard Webhooks describes it, or send");
    }
  }

  /**
   * For routes that people and their scripts call.
   *
   * @throws ProblemException when the request may not pass
   */
  public void requireToken(Context ctx, Scope scope) {
    requireToken(ctx, scope, "Send");
  }

  private void requireSignature(Signatures.Headers headers, byte[] body) {
    if (!signatures.configured()) {
      throw refused(
          ProblemType.UNAUTHENTICATED,
          "Signatures are not configured here: set WEBHOOK_SECRETS, or send a bearer token and no"
              + " webhook- headers.");
    }
    switch (signatures.verify(headers, body)) {
      case VALID -> {}
      case MISSING_HEADERS ->
          throw refused(
              ProblemType.INVALID_SIGNATURE,
              "A signed request needs all of webhook-id, webhook-timestamp and webhook-signature.");
      case MALFORMED_TIMESTAMP ->
          throw refused(
              ProblemType.INVALID_SIGNATURE,
              "webhook-timestamp must be the time of sending in whole seconds since 1970.");
      case TOO_OLD ->
          throw refused(
              ProblemType.SIGNATURE_EXPIRED,
              "webhook-timestamp is more than five minutes ago. Sign anew for every attempt, with a"
                  + " clock that is right.");
      case TOO_NEW ->
          throw refused(
              ProblemType.SIGNATURE_EXPIRED,
              "webhook-timestamp is more than five minutes ahead. Put the sender's clock right.");
      case NO_MATCH ->
          throw refused(
              ProblemType.INVALID_SIGNATURE,
              "webhook-signature matches no configured secret. Sign exactly the bytes of the body,"
                  + " after id and timestamp, with one of WEBHOOK_SECRETS:"
                  + " v1,base64(hmac-sha256(\"{id}.{timestamp}.{body}\")).");
    }
  }

  private void requireToken(Context ctx, Scope scope, String what) {
    String token = bearer(ctx.header("Authorization"));
    if (token == null) {
      throw refused(
          ProblemType.UNAUTHENTICATED,
          "%s a header \"Authorization: Bearer <token>\" with scope %s. `vapi-provisioner token --scope %s` makes one."
              .formatted(what, scope.word(), scope.word()));
    }
    if (!tokens.configured()) {
      throw refused(
          ProblemType.UNAUTHENTICATED,
          "Bearer tokens are not configured here: set JWT_SECRETS.",
          "invalid_token");
    }
    switch (tokens.verify(token)) {
      case Tokens.Accepted accepted -> {
        if (!accepted.scopes().contains(scope)) {
          throw new ProblemException(
              ProblemType.INSUFFICIENT_SCOPE,
              "This needs a token with scope %s. `vapi-provisioner token --scope %s` makes one."
                  .formatted(scope.word(), scope.word()),
              Map.of(
                  "WWW-Authenticate",
                  CHALLENGE + ", error=\"insufficient_scope\", scope=\"" + scope.word() + "\""));
        }
      }
      case Tokens.Refused refused ->
          throw refused(ProblemType.INVALID_TOKEN, detail(refused), "invalid_token");
    }
  }

  private static String detail(Tokens.Refused refused) {
    return switch (refused) {
      case MALFORMED -> "The token is no JWT that can be read. Send it whole, without quotes.";
      case WRONG_ALGORITHM -> "The token is not signed with HS256, the only algorithm taken here.";
      case WRONG_SIGNATURE ->
          "The token is signed with none of JWT_SECRETS. Make one with a secret in force.";
      case WITHOUT_EXPIRY -> "The token has no exp. Make one that expires.";
      case EXPIRED -> "The token has expired. Make a new one.";
      case NOT_YET_VALID -> "The token's nbf or iat is in the future. Compare the clocks.";
      case FOREIGN_ROLE ->
          "The token belongs to a user of the app. Make one for this service: `vapi-provisioner"
              + " token`.";
      case WRONG_AUDIENCE ->
          "The token's aud is not vapi-provisioner. Make one for this service: `vapi-provisioner"
              + " token`.";
    };
  }

  private static ProblemException refused(ProblemType type, String detail) {
    return new ProblemException(type, detail, Map.of("WWW-Authenticate", CHALLENGE));
  }

  private static ProblemException refused(ProblemType type, String detail, String error) {
    return new ProblemException(
        type, detail, Map.of("WWW-Authenticate", CHALLENGE + ", error=\"" + error + "\""));
  }

  private static Signatures.Headers signatureHeaders(Context ctx) {
    List<String> lines = Collections.list(ctx.req().getHeaders("webhook-signature"));
    return new Signatures.Headers(
        ctx.header("webhook-id"),
        ctx.header("webhook-timestamp"),
        lines.isEmpty() ? null : String.join(" ", lines));
  }

  private static @Nullable String bearer(@Nullable String authorization) {
    Matcher matcher = BEARER.matcher(authorization == null ? "" : authorization);
    return matcher.matches() ? matcher.group("token") : null;
  }
}
