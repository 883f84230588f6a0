package dev.provisioner.http;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.provisioner.http.Problem.FieldError;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonBodyTest {
  private static final UUID ID = UUID.fromString("0b1f0f6e-7a7b-4f0e-9d0c-3f4f3c1c2d3e");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{}}",
        "{} {}",
        "{}x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":1,}",
        "/* */{}",
        "\uFEFF{}"
      })
  void whatIsNotOneStrictDocumentIsMalformed(String body) {
    assertThat(refusal(body.getBytes(UTF_8)).type()).isEqualTo(ProblemType.MALFORMED_JSON);
  }

  @Test
  void otherEncodingsAreMalformed() {
    assertThat(refusal("{}".getBytes(UTF_16)).type()).isEqualTo(ProblemType.MALFORMED_JSON);
    assertThat(refusal(new byte[] {'{', '"', (byte) 0xFF, '"', ':', '1', '}'}).type())
        .isEqualTo(ProblemType.MALFORMED_JSON);
  }

  @Test
  void nestingHasAnEnd() {
    String deep = "{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}";
    String abyss = "{\"a\":" + "[".repeat(30_000);

    assertThat(refusal(deep.getBytes(UTF_8)).type()).isEqualTo(ProblemType.MALFORMED_JSON);
    assertThat(refusal(abyss.getBytes(UTF_8)).type()).isEqualTo(ProblemType.MALFORMED_JSON);
  }

  @Test
  void refusalSaysWhereButDoesNotQuote() {
    ProblemException e = refusal("{\"email\":\"jane@example.com\",\n\"x\":oops}".getBytes(UTF_8));

    assertThat(e.detail()).contains("line 2").doesNotContain("jane", "oops");
    assertThat(e.getMessage()).doesNotContain("jane", "oops");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "null", "1", "\"text\"", "true"})
  void whatIsNoObjectIsInvalid(String body) {
    assertThat(refusal(body.getBytes(UTF_8)).type()).isEqualTo(ProblemType.INVALID_REQUEST);
  }

  @Test
  void valuesAreTakenByPointer() {
    JsonBody body =
        body(
            """
            {"type":"INSERT","record":{"id":"%s"},"limit":7,"dry_run":true,"ids":["%s"]}
            """
                .formatted(ID, ID));

    assertThat(body.requiredText("/type")).isEqualTo("INSERT");
    assertThat(body.requiredUuid("/record/id")).isEqualTo(ID);
    assertThat(body.optionalInt("/limit", 100, 1, 1000)).isEqualTo(7);
    assertThat(body.optionalBoolean("/dry_run", false)).isTrue();
    assertThat(body.optionalUuids("/ids", 10)).containsExactly(ID);
    body.onlyFields(Set.of("type", "record", "limit", "dry_run", "ids"));
    assertThatCode(body::check).doesNotThrowAnyException();
  }

  @Test
  void absentValuesHaveFallbacks() {
    JsonBody body = body("{}");

    assertThat(body.optionalInt("/limit", 100, 1, 1000)).isEqualTo(100);
    assertThat(body.optionalBoolean("/dry_run", true)).isTrue();
    assertThat(body.optionalUuids("/ids", 10)).isEmpty();
    assertThatCode(body::check).doesNotThrowAnyException();
  }

  @Test
  void everythingWrongIsSaidAtOnce() {
    JsonBody body =
        body(
            """
            {"limit":0,"dry_run":"true","ids":["%s","1-1-1-1-1",null],"user_ids":["%s","%s"],
             "max_seconds":2.5,"type":1,"record":{"id":null},"a/b~c ü":1,"none":null}
            """
                .formatted(ID, ID, ID));

    body.optionalInt("/limit", 100, 1, 1000);
    body.optionalInt("/max_seconds", 25, 1, 60);
    body.optionalInt("/none", 25, 1, 60);
    body.optionalBoolean("/dry_run", false);
    body.optionalUuids("/ids", 10);
    body.optionalUuids("/user_ids", 1);
    body.requiredText("/type");
    body.requiredUuid("/record/id");
    body.requiredUuid("/record/user_id");
    body.onlyFields(
        Set.of("limit", "dry_run", "ids", "user_ids", "max_seconds", "type", "record", "none"));

    assertThat(errors(body))
        .containsExactly(
            new FieldError("#/limit", "must be a whole number from 1 to 1000"),
            new FieldError("#/max_seconds", "must be a whole number from 1 to 60"),
            new FieldError("#/none", "must be a whole number from 1 to 60"),
            new FieldError("#/dry_run", "must be true or false"),
            new FieldError("#/ids/1", "must be a UUID"),
            new FieldError("#/ids/2", "must be a UUID"),
            new FieldError("#/user_ids", "must be a list of at most 1 UUIDs"),
            new FieldError("#/type", "must be a string"),
            new FieldError("#/record/id", "must be a UUID"),
            new FieldError("#/record/user_id", "is required"),
            new FieldError("#/a~1b~0c%20%C3%BC", "is not known here"));
  }

  @Test
  void numbersBeyondAnIntAreOutOfRange() {
    JsonBody body = body("{\"limit\":4294967297}");

    body.optionalInt("/limit", 100, 1, 1000);

    assertThat(errors(body)).hasSize(1);
  }

  @Test
  void bodyOfMistakesIsNotAnsweredWithALongerOne() {
    StringBuilder json = new StringBuilder("{\"k\":1");
    for (int i = 0; i < 1000; i++) {
      json.append(",\"k").append(i).append("\":1");
    }
    JsonBody body = body(json.append('}').toString());

    body.onlyFields(Set.of());

    assertThat(errors(body)).hasSize(20);
  }

  private static JsonBody body(String json) {
    return JsonBody.read(json.getBytes(UTF_8));
  }

  private static ProblemException refusal(byte[] body) {
    return catchThrowableOfType(ProblemException.class, () -> JsonBody.read(body));
  }

  private static List<FieldError> errors(JsonBody body) {
    return catchThrowableOfType(ProblemException.class, body::check).errors();
  }
}
