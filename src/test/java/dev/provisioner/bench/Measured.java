package dev.provisioner.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/**
 * One round, as the process that did it tells it.
 *
 * @param seconds from the beginning to the last answer
 * @param p50 and the others: milliseconds, of all that was answered
 * @param statuses how often each came; 0 is no answer at all
 */
record Measured(
    double seconds,
    double p50,
    double p95,
    double p99,
    double max,
    Map<Integer, Integer> statuses) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Measured read(String json) {
    try {
      return JSON.readValue(json, Measured.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("not what was measured: " + json, e);
    }
  }

  int count(int status) {
    return statuses.getOrDefault(status, 0);
  }

  int answers() {
    return statuses.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** How many a second were provisioned before they were answered. */
  double rate() {
    return count(200) / seconds;
  }
}
