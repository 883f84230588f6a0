package dev.provisioner.http;

import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of an address, read as strictly as a {@link JsonBody}: what does not fit is
 * remembered, and {@link #check()} refuses the request with everything that is wrong at once.
 */
final class QueryParameters {
  private static final int MOST_ERRORS = 20;

  /** A mistaken name is shown, but not a whole address full of it. */
  private static final int LONGEST_NAME = 40;

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  private final Map<String, List<String>> given;
  private final List<Problem.FieldError> errors = new ArrayList<>();

  private QueryParameters(Map<String, List<String>> given) {
    this.given = given;
  }

  /**
   * Reads those of this request.
   *
   * @param known every other is a mistake, most likely a misspelt one
   */
  static QueryParameters read(Context ctx, Set<String> known) {
    return read(ctx.queryParamMap(), known);
  }

  static QueryParameters read(Map<String, List<String>> given, Set<String> known) {
    QueryParameters parameters = new QueryParameters(given);
    for (String name : given.keySet()) {
      if (!known.contains(name)) {
        parameters.error(name, "is not known here");
      }
    }
    return parameters;
  }

  /** A whole number from {@code least} to {@code most} that may be absent. */
  int optionalInt(String name, int fallback, int least, int most) {
    return single(
            name,
            "must be a whole number from %d to %d".formatted(least, most),
            text ->
                Optional.of(text)
                    .filter(it -> NUMBER.matcher(it).matches())
                    .map(Integer::valueOf)
                    .filter(it -> it >= least && it <= most))
        .orElse(fallback);
  }

  /** {@code true} or {@code false}; absent, it is false. */
  boolean optionalBoolean(String name) {
    return single(
            name,
            "must be true or false",
            text ->
                switch (text) {
                  case "true" -> Optional.of(true);
                  case "false" -> Optional.of(false);
                  default -> Optional.empty();
                })
        .orElse(false);
  }

  /** A UUID that may be absent. */
  @Nullable UUID optionalUuid(String name) {
    return single(name, "must be a UUID", JsonBody::uuid).orElse(null);
  }

  /**
   * A value that may be absent, and is given once at most.
   *
   * @param expected what it must be, for the caller to read
   * @param reading empty for what it cannot read
   */
  <T> Optional<T> single(String name, String expected, Function<String, Optional<T>> reading) {
    List<String> values = given.getOrDefault(name, List.of());
    if (values.isEmpty()) {
      return Optional.empty();
    }
    if (values.size() > 1) {
      error(name, "may be given only once");
      return Optional.empty();
    }
    return read(name, values.getFirst(), expected, reading);
  }

  /** The same for one that may be given several times. */
  <T> List<T> several(String name, String expected, Function<String, Optional<T>> reading) {
    List<T> found = new ArrayList<>();
    for (String value : given.getOrDefault(name, List.of())) {
      read(name, value, expected, reading).ifPresent(found::add);
    }
    return found;
  }

  private <T> Optional<T> read(
      String name, String value, String expected, Function<String, Optional<T>> reading) {
    Optional<T> found = reading.apply(value);
    if (found.isEmpty()) {
      error(name, expected);
    }
    return found;
  }

  /**
   * The last thing to call.
   *
   * @throws ProblemException 400 when anything did not fit
   */
  void check() {
    if (!errors.isEmpty()) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "The parameters of the address do not match the contract; see errors.",
          Map.of(),
          errors);
    }
  }

  private void error(String name, String detail) {
    if (errors.size() < MOST_ERRORS) {
      String shown = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + "…" : name;
      errors.add(Problem.FieldError.ofParameter(shown, detail));
    }
  }
}
