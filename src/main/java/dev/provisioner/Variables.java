package dev.provisioner;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Environment variables, read one by one, with everything that is wrong collected on the way. A
 * variable that is set but blank counts as unset, since that is how platforms clear one.
 */
final class Variables {
  /** Nothing here is sensibly longer, and nanoseconds of it still fit a long. */
  private static final Duration LONGEST = Duration.ofHours(24);

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
  private static final Pattern WHOLE_NUMBER = Pattern.compile("[0-9]{1,9}");
  private static final Pattern COMMA = Pattern.compile(",");

  private final Map<String, String> environment;
  private final List<String> problems = new ArrayList<>();

  Variables(Map<String, String> environment) {
    this.environment = environment;
  }

  /** What is wrong so far. */
  List<String> problems() {
    return List.copyOf(problems);
  }

  /**
   * @param what what is wrong, and what to write instead; never the value of a secret
   */
  void problem(String name, String what) {
    problems.add(name + " " + what);
  }

  Optional<String> text(String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? Optional.empty() : Optional.of(value.strip());
  }

  /**
   * The value as {@code parse} reads it; empty when unset, or when parse refused it with an {@link
   * IllegalArgumentException}, whose message becomes the problem.
   */
  <T> Optional<T> parsed(String name, Function<String, T> parse) {
    return text(name)
        .flatMap(value -> {
          try {
            return Optional.of(parse.apply(value));
          } catch (IllegalArgumentException e) {
            problem(name, String.valueOf(e.getMessage()));
            return Optional.empty();
          }
        });
  }

  /** The entries of a comma-separated list, without blank ones. */
  List<String> list(String name) {
    return text(name).stream()
        .flatMap(COMMA::splitAsStream)
        .map(String::strip)
        .filter(each -> !each.isEmpty())
        .toList();
  }

  int number(String name, int fallback, int least, int most) {
    return number(name, fallback, least, most, "");
  }

  /**
   * @param alternative what else may be written, for the problem's text
   */
  int number(String name, int fallback, int least, int most, String alternative) {
    return parsed(
            name,
            value -> {
              int number =
                  WHOLE_NUMBER.matcher(value).matches() ? Integer.parseInt(value) : least - 1;
              if (number < least || number > most) {
                throw new IllegalArgumentException(
                    "is no whole number from %d to %d. Write for example %d%s."
                        .formatted(least, most, fallback, alternative));
              }
              return number;
            })
        .orElse(fallback);
  }

  /** A duration longer than nothing. */
  Duration duration(String name, Duration fallback, Duration longest) {
    return duration(name, fallback, longest, "").orElse(fallback);
  }

  Duration duration(String name, Duration fallback) {
    return duration(name, fallback, LONGEST);
  }

  /** A duration, or {@code 0}. */
  Duration durationOrZero(String name, Duration fallback) {
    return text(name).filter("0"::equals).isPresent()
        ? Duration.ZERO
        : duration(name, fallback, LONGEST, ", or 0").orElse(fallback);
  }

  private Optional<Duration> duration(
      String name, Duration fallback, Duration longest, String alternative) {
    return parsed(
        name,
        value -> {
          Matcher matcher = DURATION.matcher(value);
          Duration duration = matcher.matches() ? duration(matcher) : Duration.ZERO;
          if (duration.isZero() || duration.compareTo(longest) > 0) {
            throw new IllegalArgumentException(
                "is no duration of more than nothing and at most %s. Write for example %s%s."
                    .formatted(shown(longest), shown(fallback), alternative));
          }
          return duration;
        });
  }

  private static Duration duration(Matcher matcher) {
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  /** A duration the way it is written in the environment: {@code 500ms}, {@code 20s}, … */
  static String shown(Duration duration) {
    if (duration.toMillisPart() > 0) {
      return duration.toMillis() + "ms";
    }
    if (duration.toSecondsPart() > 0) {
      return duration.toSeconds() + "s";
    }
    return duration.toMinutesPart() > 0 ? duration.toMinutes() + "m" : duration.toHours() + "h";
  }

  /** One of a few words, in any case. */
  String word(String name, String fallback, String other) {
    return parsed(
            name,
            value -> {
              String word = value.toLowerCase(Locale.ROOT);
              if (!word.equals(fallback) && !word.equals(other)) {
                throw new IllegalArgumentException(
                    "is neither %s nor %s. Write one of these.".formatted(fallback, other));
              }
              return word;
            })
        .orElse(fallback);
  }
}
