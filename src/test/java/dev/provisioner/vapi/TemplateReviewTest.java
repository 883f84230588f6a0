package dev.provisioner.vapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.sandbox.VapiSimulator;
import dev.provisioner.vapi.TemplateReview.Remarks;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateReviewTest {
  @Test
  void nothingIsSaidOfTheBundledTemplate() {
    assertThat(TemplateReview.of(AssistantTemplate.bundled(name -> null))).isEqualTo(remarks("{}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\": {\"provider\": \"vapi\"}}",
        "{\"model\": {\"provider\": \"a-new-one\", \"model\": \"m\", \"temperature\": 0, \"maxTokens\": 50}}",
        "{\"voice\": {\"provider\": \"custom-voice\", \"server\": {}}}",
        "{\"voice\": {\"provider\": \"openai\", \"voiceId\": \"Cole\"}}",
        "{\"maxDurationSeconds\": 10, \"serverMessages\": [\"end-of-call-report\"]}",
        "{\"server\": {\"url\": \"https://a.example/x\", \"timeoutSeconds\": 300}}",
        "{\"voicemailDetection\": \"off\", \"endCallPhrases\": [\"bye\"], \"hooks\": []}",
        "{\"name\": \"a name of far more than the forty characters that Vapi takes, which is cut\"}",
      })
  void whatVapiTakesIsTaken(String template) {
    assertThat(remarks(template).refused()).isEmpty();
    assertThat(remarks(template).doubted()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"nmae": "x"}                                             | property nmae should not exist
          {"serverUrl": "https://a.example"}                        | property serverUrl should not exist; it is server.url now
          {"recordingEnabled": true}                                | property recordingEnabled should not exist; it is artifactPlan.recordingEnabled now
          {"silenceTimeoutSeconds": 30}                             | property silenceTimeoutSeconds should not exist; leave it out, or use hooks
          {"firstMessage": 1}                                       | firstMessage must be a string
          {"firstMessageMode": "loud"}                              | firstMessageMode is none of assistant-speaks-first, assistant-speaks-first-with-model-generated-message, assistant-waits-for-user
          {"maxDurationSeconds": 9}                                 | maxDurationSeconds must be a number from 10 to 43200
          {"maxDurationSeconds": 43201}                             | maxDurationSeconds must be a number from 10 to 43200
          {"maxDurationSeconds": "600"}                             | maxDurationSeconds must be a number from 10 to 43200
          {"model": "gpt"}                                          | model must be an object
          {"model": {"model": "m"}}                                 | model.provider must be a string
          {"model": {"provider": "openai"}}                         | model.model must be a string
          {"model": {"provider": "vapi", "temperature": 2.1}}       | model.temperature must be a number from 0 to 2
          {"model": {"provider": "vapi", "maxTokens": 49}}          | model.maxTokens must be a number from 50 to 10000
          {"model": {"provider": "vapi", "messages": "Be kind."}}   | model.messages must be an array
          {"model": {"provider": "vapi", "messages": [{"role": "me"}]}} | model.messages[0].role is none of assistant, developer, function, system, tool, user
          {"voice": {"provider": "vapi"}}                           | voice.voiceId must be a string
          {"transcriber": {"model": "nova-3"}}                      | transcriber.provider must be a string
          {"server": {"url": "somewhere"}}                          | server.url must be an address, https://…
          {"server": {"timeoutSeconds": 301}}                       | server.timeoutSeconds must be a number from 1 to 300
          {"serverMessages": "hang"}                                | serverMessages must be an array of strings
          {"clientMessages": [1]}                                   | clientMessages must be an array of strings
          {"endCallPhrases": ["x"]}                                 | endCallPhrases holds one that is not of 2 to 140 characters
          {"hooks": {}}                                             | hooks must be an array
          {"modelOutputInMessagesEnabled": "yes"}                   | modelOutputInMessagesEnabled must be true or false
          """)
  void whatVapiRefusesIsNamed(String template, String refused) {
    assertThat(remarks(template).refused()).containsExactly(refused);
  }

  @Test
  void messageThatIsTooLongIsNamed() {
    assertThat(remarks("{\"endCallMessage\": \"" + "x".repeat(1_001) + "\"}").refused())
        .containsExactly("endCallMessage is longer than 1000 characters");
    assertThat(remarks("{\"voicemailMessage\": \"" + "x".repeat(1_000) + "\"}").refused())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"analysisPlan": {}}                                      | analysisPlan is deprecated
          {"model": {"provider": "vapi", "functions": []}}          | model.functions is deprecated
          {"server": {"secret": "hunter2"}}                         | server.secret is deprecated
          {"voice": {"provider": "vapi", "voiceId": "Cole"}}        | voice.voiceId Cole is no longer
          {"voice": null}                                           | voice is null
          """)
  void whatIsDeprecatedIsDoubtedAndNotQuoted(String template, String doubted) {
    Remarks remarks = remarks(template);

    assertThat(remarks.refused()).isEmpty();
    assertThat(remarks.doubted()).singleElement().asString().startsWith(doubted);
    assertThat(remarks.toString()).doesNotContain("hunter2");
  }

  @Test
  void standInForVapiKnowsTheSameProperties() throws Exception {
    Map<String, @Nullable Object> all = new TreeMap<>();
    TemplateReview.PROPERTIES.forEach(each -> all.put(each, null));
    all.remove("name");
    all.remove("metadata");
    String everyProperty = new ObjectMapper().writeValueAsString(all);
    try (VapiSimulator vapi = VapiSimulator.start().acceptKey("key");
        HttpClient http = HttpClient.newHttpClient()) {
      assertThat(create(http, vapi, everyProperty).statusCode()).isEqualTo(201);
      HttpResponse<String> refused = create(http, vapi, "{\"serverUrl\": \"https://a.example\"}");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("property serverUrl should not exist");
    }
  }

  private static HttpResponse<String> create(HttpClient http, VapiSimulator vapi, String body)
      throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(vapi.baseUrl() + "/assistant"))
            .header("Authorization", "Bearer key")
            .header("User-Agent", "test")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static Remarks remarks(String template) {
    return TemplateReview.of(AssistantTemplate.parse(template, name -> null));
  }
}
