package dev.provisioner.http;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTVerifier;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.exceptions.AlgorithmMismatchException;
import com.auth0.jwt.exceptions.IncorrectClaimException;
import com.auth0.jwt.exceptions.SignatureVerificationException;
import com.auth0.jwt.exceptions.TokenExpiredException;
import com.auth0.jwt.interfaces.Claim;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.auth0.jwt.interfaces.Verification;
import dev.provisioner.Secret;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Verifies and mints bearer tokens: JWTs signed with HS256. The secret is usually the one Supabase
 * signs its users' sessions with, so the signature alone says little: {@code aud} and {@code role}
 * decide whether a token was meant for us.
 */
public final class Tokens {
  /** The {@code aud} of our tokens. */
  public static final String AUDIENCE = "vapi-provisioner";

  private static final String SCOPE = "scope";
  private static final String ROLE = "role";

  /** Supabase's own all-powerful key, which may do what any of our tokens may. */
  private static final String SERVICE_ROLE = "service_role";

  private static final Pattern BLANKS = Pattern.compile(" +");

  private final List<JWTVerifier> verifiers;

  /**
   * @param secrets newest first; used as raw UTF-8 bytes, as Supabase does; may be empty
   */
  public Tokens(List<Secret> secrets, InstantSource clock) {
    Clock utc = clock.withZone(ZoneOffset.UTC);
    this.verifiers = secrets.stream().map(each -> verifier(each, utc)).toList();
  }

  /** What a token turned out to be. */
  public sealed interface Verdict {}

  /**
   * Meant for us, and in force.
   *
   * @param scopes may be empty
   */
  public record Accepted(Set<Scope> scopes) implements Verdict {
    public Accepted {
      scopes = Set.copyOf(scopes);
    }
  }

  /** Why a token was refused. */
  public enum Refused implements Verdict {
    /** It is no JWT, or has claims of the wrong type. */
    MALFORMED,
    /** Its {@code alg} is not HS256. */
    WRONG_ALGORITHM,
    /** No secret gives its signature. */
    WRONG_SIGNATURE,
    /** It has no {@code exp}, and would be good for ever. */
    WITHOUT_EXPIRY,
    EXPIRED,
    /** Its {@code nbf} or {@code iat} is in the future. */
    NOT_YET_VALID,
    /** Its {@code role} is another than service_role: the session of one of the app's users. */
    FOREIGN_ROLE,
    /** It has no {@code aud: vapi-provisioner}. */
    WRONG_AUDIENCE
  }

  /** Whether there is any secret to verify with. */
  public boolean configured() {
    return !verifiers.isEmpty();
  }

  /** Never throws, whatever the token. */
  public Verdict verify(String token) {
    Verdict verdict = Refused.WRONG_SIGNATURE;
    for (JWTVerifier verifier : verifiers) {
      try {
        return meant(verifier.verify(token));
      } catch (SignatureVerificationException e) {
        verdict = Refused.WRONG_SIGNATURE;
      } catch (AlgorithmMismatchException e) {
        return Refused.WRONG_ALGORITHM;
      } catch (TokenExpiredException e) {
        return Refused.EXPIRED;
      } catch (IncorrectClaimException e) {
        return Refused.NOT_YET_VALID;
      } catch (RuntimeException e) {
        // Besides its own exceptions the library throws NullPointerException, at a header or a
        // payload that is the JSON null.
        return Refused.MALFORMED;
      }
    }
    return verdict;
  }

  /**
   * A new token.
   *
   * @param issuedAt to the second; what is shorter is cut off
   * @param expiresAt to the second; what is shorter is cut off
   * @throws IllegalArgumentException when it would expire before it is issued
   */
  public static String mint(Secret secret, Scope scope, Instant issuedAt, Instant expiresAt) {
    if (!expiresAt.isAfter(issuedAt)) {
      throw new IllegalArgumentException("A token must expire after it is issued.");
    }
    return JWT.create()
        .withAudience(AUDIENCE)
        .withClaim(SCOPE, scope.word())
        .withIssuedAt(issuedAt)
        .withExpiresAt(expiresAt)
        .sign(Algorithm.HMAC256(secret.bytes()));
  }

  private static JWTVerifier verifier(Secret secret, Clock clock) {
    Verification verification = JWT.require(Algorithm.HMAC256(secret.bytes()));
    // The interface has no way to set the clock.
    return ((JWTVerifier.BaseVerification) verification).build(clock);
  }

  /** What a token of good signature and time was meant for. */
  private static Verdict meant(DecodedJWT token) {
    if (token.getExpiresAtAsInstant() == null) {
      // The library's withClaimPresence is content with a null.
      return Refused.WITHOUT_EXPIRY;
    }
    Claim role = token.getClaim(ROLE);
    if (!role.isMissing()) {
      return SERVICE_ROLE.equals(role.asString())
          ? new Accepted(EnumSet.allOf(Scope.class))
          : Refused.FOREIGN_ROLE;
    }
    List<String> audience = token.getAudience();
    if (audience == null || !audience.contains(AUDIENCE)) {
      return Refused.WRONG_AUDIENCE;
    }
    return new Accepted(scopes(token.getClaim(SCOPE).asString()));
  }

  private static Set<Scope> scopes(@Nullable String words) {
    Set<Scope> scopes = EnumSet.noneOf(Scope.class);
    if (words != null) {
      BLANKS.splitAsStream(words).forEach(word -> Scope.named(word).ifPresent(scopes::add));
    }
    return scopes;
  }
}
