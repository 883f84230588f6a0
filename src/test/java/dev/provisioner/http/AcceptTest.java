package dev.provisioner.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets lines, and who gets JSON as ever. */
class AcceptTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/x-ndjson",
        "Application/X-NDJSON",
        "application/x-ndjson;q=0.1",
        "application/x-ndjson ; charset=utf-8 ; q=0.5",
        "text/html, application/x-ndjson",
        "application/x-ndjson, application/json",
        "application/x-ndjson, application/json;q=0.9",
        "application/json;q=0.1, application/x-ndjson;q=0.2",
        "application/json;q=0, application/x-ndjson;q=0.2",
        "application/x-ndjson, */*",
        "*/*, application/x-ndjson",
        "*/*;q=0.1, application/x-ndjson;q=0.2",
        "application/x-ndjson, application/json;q=rubbish",
      })
  void linesWhereTheyAreLiked(String accept) {
    assertThat(Accept.prefersLines(List.of(accept))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",;,",
        "rubbish",
        "*/*",
        "application/*",
        "application/json",
        "application/json, application/x-ndjson",
        "application/json, application/x-ndjson;q=0.9",
        "application/x-ndjson;q=0.5, application/json",
        "application/x-ndjson;q=0.5, */*",
        "application/x-ndjson;q=0",
        "application/x-ndjson;q=0.0",
        "application/x-ndjson;q=2",
        "application/x-ndjson;q=",
        "application/x-ndjson;q=-1",
        "application/x-ndjsonx",
        "x-ndjson",
      })
  void jsonForEverybodyElse(String accept) {
    assertThat(Accept.prefersLines(List.of(accept))).isFalse();
  }

  @Test
  void severalHeadersCountAsOne() {
    assertThat(Accept.prefersLines(List.of())).isFalse();
    assertThat(Accept.prefersLines(List.of("text/html", "application/x-ndjson"))).isTrue();
    assertThat(Accept.prefersLines(List.of("application/json", "application/x-ndjson"))).isFalse();
  }
}
