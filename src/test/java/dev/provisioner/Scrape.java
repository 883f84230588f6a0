package dev.provisioner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a service exports at this moment, as Prometheus reads it. */
record Scrape(String text, Set<String> families, List<Sample> samples) {
  private static final Pattern FAMILY = Pattern.compile("(?m)^# TYPE (\\S+) \\S+$");
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? (\\S+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_]\\w*)=\"((?:[^\"\\\\]|\\\\.)*)\"");
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** One line: a number under a name and labels. */
  record Sample(String name, Map<String, String> labels, double value) {}

  static Scrape of(Service service) {
    HttpResponse<String> response = get(service, "/metrics");
    if (response.statusCode() != 200) {
      throw new AssertionError("no metrics: " + response + response.body());
    }
    return read(response.body());
  }

  /** From the port for metrics. */
  static HttpResponse<String> get(Service service, String path) {
    return get(URI.create("http://localhost:" + service.metricsPort() + path));
  }

  static HttpResponse<String> get(URI uri) {
    try {
      return HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static Scrape read(String text) {
    Set<String> families = new TreeSet<>();
    FAMILY.matcher(text).results().forEach(each -> families.add(each.group(1)));
    List<Sample> samples = new ArrayList<>();
    text.lines()
        .filter(line -> !line.startsWith("#"))
        .forEach(line -> {
          Matcher sample = SAMPLE.matcher(line);
          if (!sample.matches()) {
            throw new AssertionError("no line of Prometheus' text format: " + line);
          }
          Map<String, String> labels = new TreeMap<>();
          if (sample.group(2) != null) {
            for (MatchResult label : LABEL.matcher(sample.group(2)).results().toList()) {
              labels.put(label.group(1), label.group(2));
            }
          }
          samples.add(new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3))));
        });
    return new Scrape(text, families, List.copyOf(samples));
  }

  /**
   * The one sample of this name that has these labels.
   *
   * @param labels alternately names and values
   */
  double value(String name, String... labels) {
    List<Sample> found =
        samples.stream().filter(each -> each.name().equals(name) && has(each, labels)).toList();
    if (found.size() != 1) {
      throw new AssertionError(
          found.size() + " samples of " + name + " " + List.of(labels) + " in:\n" + text);
    }
    return found.getFirst().value();
  }

  /** The same; 0 where there is none. */
  double count(String name, String... labels) {
    return samples.stream()
        .filter(each -> each.name().equals(name) && has(each, labels))
        .mapToDouble(Sample::value)
        .sum();
  }

  private static boolean has(Sample sample, String... labels) {
    for (int i = 0; i < labels.length; i += 2) {
      if (!labels[i + 1].equals(sample.labels().get(labels[i]))) {
        return false;
      }
    }
    return true;
  }
}
