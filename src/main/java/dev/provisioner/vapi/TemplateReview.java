package dev.provisioner.vapi;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.vapi.AssistantTemplate.Subject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What Vapi would say of a template, as far as its published bounds tell; nothing is sent. What it
 * refuses is refused for every user; what only may be wrong, since Vapi goes on, is doubted.
 */
public final class TemplateReview {
  /** The properties of Vapi's CreateAssistantDTO. The server refuses any other. */
  static final Set<String> PROPERTIES =
      Set.of(
          "analysisPlan",
          "artifactPlan",
          "backgroundSound",
          "backgroundSpeechDenoisingPlan",
          "clientMessages",
          "compliancePlan",
          "credentialIds",
          "credentials",
          "endCallMessage",
          "endCallPhrases",
          "firstMessage",
          "firstMessageInterruptionsEnabled",
          "firstMessageMode",
          "hooks",
          "keypadInputPlan",
          "maxDurationSeconds",
          "metadata",
          "model",
          "modelOutputInMessagesEnabled",
          "monitorPlan",
          "name",
          "observabilityPlan",
          "server",
          "serverMessages",
          "startSpeakingPlan",
          "stopSpeakingPlan",
          "transcriber",
          "transportConfigurations",
          "voice",
          "voicemailDetection",
          "voicemailMessage");

  private static final Set<String> OBJECTS =
      Set.of(
          "analysisPlan",
          "artifactPlan",
          "backgroundSpeechDenoisingPlan",
          "compliancePlan",
          "keypadInputPlan",
          "model",
          "monitorPlan",
          "observabilityPlan",
          "server",
          "startSpeakingPlan",
          "stopSpeakingPlan",
          "transcriber",
          "voice");

  private static final Set<String> LISTS =
      Set.of("credentials", "hooks", "transportConfigurations");

  private static final Set<String> LISTS_OF_TEXTS =
      Set.of("clientMessages", "credentialIds", "endCallPhrases", "serverMessages");

  private static final Set<String> TEXTS =
      Set.of(
          "backgroundSound",
          "endCallMessage",
          "firstMessage",
          "firstMessageMode",
          "voicemailMessage");

  private static final Set<String> SWITCHES =
      Set.of("firstMessageInterruptionsEnabled", "modelOutputInMessagesEnabled");

  private static final Set<String> FIRST_MESSAGE_MODES =
      Set.of(
          "assistant-speaks-first",
          "assistant-speaks-first-with-model-generated-message",
          "assistant-waits-for-user");

  private static final Set<String> MESSAGE_ROLES =
      Set.of("assistant", "developer", "function", "system", "tool", "user");

  /** Vapi's own that are no more. */
  private static final Set<String> RETIRED_VOICES =
      Set.of("Spencer", "Neha", "Harry", "Cole", "Paige", "Hana", "Lily", "Kylie");

  private static final int LONGEST_MESSAGE = 1_000;

  /** The most that may come in the place of a name, to be judged with. */
  private static final Subject SOMEBODY =
      new Subject(
          new UUID(0, 0), "somebody@example.com", "N".repeat(64), new UUID(0, 0), "installation");

  private final List<String> refused = new ArrayList<>();
  private final List<String> doubted = new ArrayList<>();

  private TemplateReview() {}

  /**
   * The result.
   *
   * @param refused what Vapi answers 400 to
   * @param doubted what is deprecated, or does nothing any more
   */
  public record Remarks(List<String> refused, List<String> doubted) {}

  /** Reviews what a template makes. Each remark names the place, and quotes no value. */
  public static Remarks of(AssistantTemplate template) {
    TemplateReview review = new TemplateReview();
    try {
      review.assistant(Json.tree(template.render(SOMEBODY)));
    } catch (IOException e) {
      throw new UncheckedIOException("what was just written can be read", e);
    }
    return new Remarks(List.copyOf(review.refused), List.copyOf(review.doubted));
  }

  private void assistant(JsonNode assistant) {
    assistant.properties().forEach(each -> member(each.getKey(), each.getValue()));
    within("maxDurationSeconds", assistant.path("maxDurationSeconds"), 10, 43_200);
    for (String text : List.of("endCallMessage", "voicemailMessage")) {
      if (assistant.path(text).asText().length() > LONGEST_MESSAGE) {
        refused.add(text + " is longer than " + LONGEST_MESSAGE + " characters");
      }
    }
    for (JsonNode phrase : assistant.path("endCallPhrases")) {
      if (phrase.isTextual() && (phrase.asText().length() < 2 || phrase.asText().length() > 140)) {
        refused.add("endCallPhrases holds one that is not of 2 to 140 characters");
        break;
      }
    }
    JsonNode mode = assistant.path("firstMessageMode");
    if (mode.isTextual() && !FIRST_MESSAGE_MODES.contains(mode.asText())) {
      refused.add(
          "firstMessageMode is none of "
              + String.join(", ", FIRST_MESSAGE_MODES.stream().sorted().toList()));
    }
    if (assistant.has("analysisPlan")) {
      doubted.add("analysisPlan is deprecated at Vapi; use structured outputs in artifactPlan");
    }
    model(assistant.path("model"));
    voice(assistant.path("voice"));
    provided("transcriber", assistant.path("transcriber"));
    server(assistant.path("server"));
  }

  private void member(String name, JsonNode value) {
    if (!PROPERTIES.contains(name)) {
      refused.add("property " + PlainText.line(name, 60) + " should not exist" + instead(name));
    } else if (value.isNull()) {
      doubted.add(name + " is null; leave it out");
    } else if (OBJECTS.contains(name) && !value.isObject()) {
      refused.add(name + " must be an object");
    } else if (LISTS.contains(name) && !value.isArray()) {
      refused.add(name + " must be an array");
    } else if (LISTS_OF_TEXTS.contains(name) && !isTexts(value)) {
      refused.add(name + " must be an array of strings");
    } else if (TEXTS.contains(name) && !value.isTextual()) {
      refused.add(name + " must be a string");
    } else if (SWITCHES.contains(name) && !value.isBoolean()) {
      refused.add(name + " must be true or false");
    }
  }

  /** What has taken the place of properties that Vapi once had. */
  private static String instead(String name) {
    return switch (name) {
      case "serverUrl" -> "; it is server.url now";
      case "serverUrlSecret" -> "; it is server.credentialId now";
      case "backgroundDenoisingEnabled" -> "; it is backgroundSpeechDenoisingPlan now";
      case "recordingEnabled" -> "; it is artifactPlan.recordingEnabled now";
      case "silenceTimeoutSeconds" -> "; leave it out, or use hooks";
      default -> "";
    };
  }

  private void model(JsonNode model) {
    provided("model", model);
    if (model.isObject() && !model.path("provider").asText().equals("vapi")) {
      text("model.model", model.path("model"));
    }
    within("model.temperature", model.path("temperature"), 0, 2);
    within("model.maxTokens", model.path("maxTokens"), 50, 10_000);
    if (model.has("functions")) {
      doubted.add("model.functions is deprecated at Vapi; use model.tools");
    }
    JsonNode messages = model.path("messages");
    if (!messages.isMissingNode() && !messages.isArray()) {
      refused.add("model.messages must be an array");
      return;
    }
    for (int i = 0; i < messages.size(); i++) {
      if (!MESSAGE_ROLES.contains(messages.get(i).path("role").asText())) {
        refused.add(
            "model.messages[%d].role is none of %s"
                .formatted(i, String.join(", ", MESSAGE_ROLES.stream().sorted().toList())));
      }
    }
  }

  private void voice(JsonNode voice) {
    provided("voice", voice);
    if (voice.isObject() && !voice.path("provider").asText().equals("custom-voice")) {
      text("voice.voiceId", voice.path("voiceId"));
    }
    String id = voice.path("voiceId").asText();
    if (voice.path("provider").asText().equals("vapi") && RETIRED_VOICES.contains(id)) {
      doubted.add("voice.voiceId " + id + " is no longer among Vapi's voices; Elliot is");
    }
  }

  private void server(JsonNode server) {
    within("server.timeoutSeconds", server.path("timeoutSeconds"), 1, 300);
    if (server.has("secret")) {
      doubted.add("server.secret is deprecated at Vapi; use server.credentialId");
    }
    JsonNode url = server.path("url");
    if (!url.isMissingNode() && !isAddress(url.asText())) {
      refused.add("server.url must be an address, https://…");
    }
  }

  private void provided(String name, JsonNode part) {
    if (part.isObject()) {
      text(name + ".provider", part.path("provider"));
    }
  }

  private void text(String name, JsonNode value) {
    if (!value.isTextual() || value.asText().isBlank()) {
      refused.add(name + " must be a string");
    }
  }

  private void within(String name, JsonNode value, int least, int most) {
    if (!value.isMissingNode()
        && !value.isNull()
        && (!value.isNumber() || value.asDouble() < least || value.asDouble() > most)) {
      refused.add("%s must be a number from %d to %d".formatted(name, least, most));
    }
  }

  private static boolean isTexts(JsonNode value) {
    if (!value.isArray()) {
      return false;
    }
    for (JsonNode each : value) {
      if (!each.isTextual()) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAddress(String value) {
    try {
      return URI.create(value).getHost() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
