package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.vapi.AssistantTemplate.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AssistantTemplateTest {
  private static final UUID USER = UUID.fromString("11111111-2222-4333-8444-555555555555");
  private static final UUID ROW = UUID.fromString("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee");
  private static final Function<String, @Nullable String> NOTHING_SET =
      Map.<String, String>of()::get;

  @Test
  void everyPlaceholderIsReplacedWithOrWithoutSpaces() {
    JsonNode body =
        rendered(
            """
            {"a": "{{user.id}}", "b": ["<{{ user.email }}>", {"c": "{{  user.name}}, {{user.name}}!"}],
             "d": "{{env.URL}}/{{ env.URL }}"}
            """,
            Map.of("URL", "https://app.example")::get,
            subject("jane@app.example", "Jane"));

    assertThat(body.at("/a").textValue()).isEqualTo(USER.toString());
    assertThat(body.at("/b/0").textValue()).isEqualTo("<jane@app.example>");
    assertThat(body.at("/b/1/c").textValue()).isEqualTo("Jane, Jane!");
    assertThat(body.at("/d").textValue()).isEqualTo("https://app.example/https://app.example");
  }

  @Test
  void whatIsNoPlaceholderStaysAsItIs() {
    JsonNode body =
        rendered(
            """
            {"{{user.name}}": 1, "number": 0.10, "big": 12345678901234567890.5e2, "yes": true,
             "no": false, "nothing": null, "text": "{ {user.name} } }} {", "empty": "",
             "list": [[], {}, ""]}
            """,
            NOTHING_SET,
            subject("jane@app.example", "Jane"));

    assertThat(body.has("{{user.name}}")).isTrue();
    assertThat(body.at("/text").textValue()).isEqualTo("{ {user.name} } }} {");
    assertThat(body.at("/nothing").isNull()).isTrue();
    assertThat(body.at("/list").toString()).isEqualTo("[[],{},\"\"]");
    assertThat(text("{\"number\": 0.10, \"big\": 12345678901234567890.5e2}", subject(null, null)))
        .startsWith("{\"number\":0.10,\"big\":12345678901234567890.5e2,\"metadata\":");
  }

  @Test
  void vapisOwnVariablesAreSentInItsBraces() {
    JsonNode body =
        rendered(
            """
            {"firstMessage": "{{vapi:customer.number}} {{ vapi: now | date: \\"%Y\\" }} {{user.name}}"}
            """,
            NOTHING_SET, subject(null, "Jane"));

    assertThat(body.at("/firstMessage").textValue())
        .isEqualTo("{{customer.number}} {{ now | date: \"%Y\" }} Jane");
  }

  @Test
  void whatAVariableOrAUserHoldsIsNeverExpandedAgain() {
    JsonNode body =
        rendered(
            "{\"a\": \"{{env.A}}\", \"b\": \"{{user.name}}\", \"c\": \"{{user.email}}\"}",
            Map.of("A", "{{user.id}} \"quoted\\ {{env.A}}")::get,
            subject("{{user.id}}@x.example", "{{user.email}}\",\"x\":{\""));

    assertThat(body.at("/a").textValue()).isEqualTo("{{user.id}} \"quoted\\ {{env.A}}");
    // Nor by Vapi, which would expand braces in each call.
    assertThat(body.at("/b").textValue()).isEqualTo("((user.email))\",\"x\":(\"");
    assertThat(body.at("/c").textValue()).isEqualTo("((user.id))@x.example");
    assertThat(body.size()).isEqualTo(4);
  }

  @Test
  void noNameCanChangeTheStructure() {
    AssistantTemplate template =
        AssistantTemplate.parse(
            "{\"name\": \"For {{user.name}}\", \"deep\": [{\"text\": \"'{{user.name}}'\"}]}",
            NOTHING_SET);
    String alphabet =
        "\"\\{}[]:,/'\n\t\b\u0000\u2028\u202E ab{{user.email}}{{vapi:x}}\uD83D\uDE00\u00E9<>&%";
    Random random = new Random(11);
    for (int round = 0; round < 5_000; round++) {
      StringBuilder name = new StringBuilder();
      int length = 1 + random.nextInt(90);
      for (int i = 0; i < length; i++) {
        // Whole characters and torn surrogates alike.
        name.append(
            random.nextInt(4) == 0
                ? "{{user.email}}"
                : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
      }
      Subject subject = subject("jane@app.example", name.toString());

      JsonNode body = parsed(template.render(subject));

      String plain = subject.plainName();
      assertThat(plain).hasSizeLessThanOrEqualTo(64).doesNotContainPattern("[\\p{Cc}\\p{Cs}]");
      assertThat(body.size()).isEqualTo(3);
      assertThat(body.at("/deep/0/text").textValue()).isEqualTo("'" + plain + "'");
      assertThat(body.at("/name").textValue())
          .hasSizeLessThanOrEqualTo(40)
          .isEqualTo(PlainText.cut("For " + plain, 40))
          .isSubstringOf("For " + plain);
      assertThat(body.at("/metadata").size()).isEqualTo(4);
      if (!plain.equals("jane@app.example")) {
        assertThat(body.toString()).doesNotContain("jane@app.example");
      }
    }
  }

  @Test
  void aNameIsMadeHarmless() {
    assertThat(name("  Jane \n\t van\u00A0\u2028 Dam ")).isEqualTo("Jane van Dam");
    assertThat(name("J\u0000a\u0007n\u001Be")).isEqualTo("Jane");
    assertThat(name("\u202Eenaj\u202C \u2066x\u2069\u200Bz\uFEFF\u00AD")).isEqualTo("enaj xz");
    assertThat(name("hid\uDB40\uDC41\uDB40\uDC42den")).as("invisible tags").isEqualTo("hidden");
    assertThat(name("torn \uD83D here \uDE00")).isEqualTo("torn here");
    assertThat(name("\u0646\u0627\u0645\u200C\u0647\u0627"))
        .as("a joiner between letters is spelling")
        .isEqualTo("\u0646\u0627\u0645\u200C\u0647\u0627");
    assertThat(name("x".repeat(65))).isEqualTo("x".repeat(64));
    assertThat(name("x".repeat(63) + "\uD83D\uDE00")).isEqualTo("x".repeat(63));
    assertThat(name("x".repeat(62) + "\uD83D\uDE00")).isEqualTo("x".repeat(62) + "\uD83D\uDE00");
    assertThat(name("x".repeat(63) + " y")).isEqualTo("x".repeat(63));
  }

  @Test
  void withoutADisplayNameTheEmailStandsIn() {
    assertThat(subject("a@x.example", "Ann").plainName()).isEqualTo("Ann");
    assertThat(subject("a@x.example", null).plainName()).isEqualTo("a@x.example");
    assertThat(subject("a@x.example", " \u200B\u200D ").plainName()).isEqualTo("a@x.example");
    assertThat(subject(null, null).plainName()).isEmpty();
    assertThat(subject(null, null).plainEmail()).isEmpty();
  }

  @Test
  void theNameIsCutToVapisLimitWithoutTearingACharacter() {
    String template = "{\"name\": \"{{user.name}}\"}";

    assertThat(nameIn(template, "x".repeat(41))).isEqualTo("x".repeat(40));
    assertThat(nameIn(template, "x".repeat(39) + "\uD83D\uDE00")).isEqualTo("x".repeat(39));
    assertThat(nameIn(template, "x".repeat(38) + "\uD83D\uDE00"))
        .isEqualTo("x".repeat(38) + "\uD83D\uDE00");
    assertThat(nameIn(template, "x".repeat(39) + " y")).isEqualTo("x".repeat(39));
    assertThat(nameIn("{\"name\": \"Assistant for {{user.name}}\"}", null))
        .isEqualTo("Assistant for");
  }

  @Test
  void onlyTheTopNameIsCut() {
    String long50 = "y".repeat(50);
    JsonNode body =
        rendered("{\"model\": {\"name\": \"" + long50 + "\"}}", NOTHING_SET, subject(null, "Jane"));

    assertThat(body.at("/model/name").textValue()).isEqualTo(long50);
    assertThat(body.has("name")).as("none is added").isFalse();
  }

  @Test
  void aNameOfNothingIsLeftOut() {
    assertThat(
            rendered("{\"name\": \" {{user.name}} \"}", NOTHING_SET, subject(null, null))
                .has("name"))
        .isFalse();
  }

  @Test
  void theMetadataSaysWhoseItIsWhateverTheTemplateHas() {
    JsonNode body =
        rendered(
            """
            {"metadata": {"team": "{{user.name}}", "provision_id": "forged", "user_id": {"a": 1},
             "installation": null, "provisioned_by": "me", "more": [1]}}
            """,
            NOTHING_SET,
            subject("jane@app.example", "Jane"));

    assertThat(body.at("/metadata").toString())
        .isEqualTo(
            """
            {"team":"Jane","more":[1],"provision_id":"%s","user_id":"%s",\
            "installation":"here","provisioned_by":"vapi-provisioner"}\
            """
                .formatted(ROW, USER));
    assertThat(text("{}", subject(null, null)))
        .isEqualTo(
            """
            {"metadata":{"provision_id":"%s","user_id":"%s","installation":"here",\
            "provisioned_by":"vapi-provisioner"}}\
            """
                .formatted(ROW, USER));
  }

  @Test
  void everyProblemIsReportedAtOnceWithItsPlace() {
    TemplateException thrown =
        problems(
            """
            {
              "name": 7,
              "firstMessage": "{{user.phone}} {{env.MISSING}} {{user.name}}",
              "model": {"messages": [{"content": "{{}} and {{env.}}"}, "{{open"]},
              "a/b~c": "{{nope}}",
              "metadata": [],
              "model": {}
            }
            """);

    assertThat(thrown.problems())
        .satisfiesExactlyInAnyOrder(
            problem ->
                assertThat(problem)
                    .startsWith("/firstMessage: unknown placeholder {{user.phone}}")
                    .contains("{{user.name}}", "{{env.NAME}}", "{{vapi:user.phone}}"),
            problem ->
                assertThat(problem)
                    .isEqualTo("/firstMessage: the environment variable MISSING is not set"),
            problem ->
                assertThat(problem)
                    .startsWith("/model/messages/0/content: unknown placeholder {{}}"),
            problem ->
                assertThat(problem)
                    .startsWith("/model/messages/0/content: unknown placeholder {{env.}}"),
            problem -> assertThat(problem).isEqualTo("/model/messages/1: {{ without }}"),
            problem -> assertThat(problem).startsWith("/a~1b~0c: unknown placeholder {{nope}}"),
            problem -> assertThat(problem).isEqualTo("/model: the key occurs twice"),
            problem -> assertThat(problem).isEqualTo("/name: must be a string"),
            problem -> assertThat(problem).isEqualTo("/metadata: must be an object"));
    assertThat(thrown).hasMessageContaining("/name").hasMessageContaining("/a~1b~0c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "null",
        "[]",
        "\"text\"",
        "{",
        "{\"a\": 1",
        "{\"a\": 1,}",
        "{\"a\": \"x}",
        "{a: 1}",
        "{} {}",
        "{} x",
        "{\"a\": NaN}",
        "{\"a\": // comment\n 1}",
        "not json"
      })
  void whatIsNotOneJsonObjectIsNoTemplate(String json) {
    assertThat(problems(json).problems()).isNotEmpty();
  }

  @Test
  void problemsBeforeBrokenJsonAreReportedWithIt() {
    assertThat(problems("{\"a\": \"{{nope}}\",\n \"b\": }").problems())
        .satisfiesExactly(
            problem -> assertThat(problem).startsWith("/a: unknown placeholder"),
            problem -> assertThat(problem).startsWith("invalid JSON at line 2, column "));
  }

  @Test
  void noProblemQuotesAValue() {
    Function<String, @Nullable String> environment = Map.of("TOKEN", "s3cret-value")::get;

    assertThatThrownBy(() ->
            AssistantTemplate.parse(
                "{\"a\": \"{{env.TOKEN}} {{env.OTHER}}\", \"b\": sk-live-4711}", environment))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("OTHER is not set")
        .hasMessageNotContainingAny("s3cret-value", "sk", "4711");
  }

  @Test
  void anEmptyVariableIsAsGoodAsUnset() {
    assertThatThrownBy(() -> AssistantTemplate.parse("{\"a\": \"{{env.A}}\"}", name -> ""))
        .hasMessageContaining("/a: the environment variable A is not set");
  }

  @Test
  void tornCharactersInATemplateAreReplacedNotRefusedLater() {
    JsonNode body =
        rendered("{\"a\": \"x\\ud83d{{user.name}}\"}", NOTHING_SET, subject(null, "Jane"));

    assertThat(body.at("/a").textValue()).isEqualTo("x\uFFFDJane");
  }

  @Test
  void aByteOrderMarkIsForgiven() {
    assertThat(rendered("\uFEFF{\"a\": 1}", NOTHING_SET, subject(null, null)).at("/a").intValue())
        .isEqualTo(1);
  }

  @Test
  void theBundledTemplateNeedsNothingAndUsesNothingThatVapiRemoved() {
    AssistantTemplate template = AssistantTemplate.bundled(NOTHING_SET);

    JsonNode body = parsed(template.render(subject("jane@app.example", "Jane")));

    assertThat(template.isBundled()).isTrue();
    assertThat(body.at("/name").textValue()).isEqualTo("Assistant for Jane");
    assertThat(body.at("/firstMessage").textValue()).isNotBlank();
    assertThat(body.at("/model/messages/0/content").textValue()).contains("\"Jane\"");
    assertThat(body.at("/metadata/provision_id").textValue()).isEqualTo(ROW.toString());
    for (String removed :
        new String[] {
          "serverUrl",
          "serverUrlSecret",
          "analysisPlan",
          "backgroundDenoisingEnabled",
          "recordingEnabled",
          "silenceTimeoutSeconds"
        }) {
      assertThat(body.has(removed)).as(removed).isFalse();
    }
    assertThat(AssistantTemplate.parse("{}", NOTHING_SET).isBundled()).isFalse();
  }

  @Test
  void aCopyOfTheBundledTemplateIsTheBundledTemplate() throws IOException {
    String copy = Files.readString(Path.of("src/main/resources/assistant-template.json"));

    assertThat(AssistantTemplate.parse(copy + "\n", NOTHING_SET).isBundled()).isTrue();
    assertThat(AssistantTemplate.parse(copy.replace("600", "700"), NOTHING_SET).isBundled())
        .isFalse();
  }

  @Test
  void aSubjectShowsIdsOnly() {
    assertThat(subject("jane@app.example", "Jane Doe").toString())
        .contains(USER.toString(), ROW.toString(), "here")
        .doesNotContain("jane", "Jane", "Doe");
  }

  private static Subject subject(@Nullable String email, @Nullable String displayName) {
    return new Subject(USER, email, displayName, ROW, "here");
  }

  private static String name(String displayName) {
    return subject(null, displayName).plainName();
  }

  private static String nameIn(String template, @Nullable String displayName) {
    return rendered(template, NOTHING_SET, subject(null, displayName)).at("/name").textValue();
  }

  private static TemplateException problems(String json) {
    return catchThrowableOfType(
        TemplateException.class, () -> AssistantTemplate.parse(json, NOTHING_SET));
  }

  private static String text(String template, Subject subject) {
    byte[] body = AssistantTemplate.parse(template, NOTHING_SET).render(subject);
    return new String(body, StandardCharsets.UTF_8);
  }

  private static JsonNode rendered(
      String template, Function<String, @Nullable String> environment, Subject subject) {
    return parsed(AssistantTemplate.parse(template, environment).render(subject));
  }

  private static JsonNode parsed(byte[] body) {
    try {
      return Json.tree(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
