package dev.provisioner.sandbox;

import dev.provisioner.Config;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Counts what is really there at Vapi, simulated or real. */
final class AssistantCensus {
  private final Config config;

  AssistantCensus(Config config) {
    this.config = config;
  }

  /** How many assistants of this installation each user has, of those made in the last hour. */
  Map<String, Integer> perUser(String installation) {
    VapiClient.Settings settings =
        new VapiClient.Settings(
            config.vapi().baseUrl(),
            config.vapi().apiKey().value(),
            Duration.ofSeconds(20),
            "vapi-provisioner-sandbox");
    try (VapiClient vapi = new VapiClient(settings, new Gate(1, System::nanoTime))) {
      Instant now = Instant.now();
      Answer<List<Assistant>> answer =
          vapi.list(
              now.minus(Duration.ofHours(1)),
              now.plus(Duration.ofHours(1)),
              each -> installation.equals(each.installation()));
      if (!(answer instanceof Answer.Ok<List<Assistant>> ok)) {
        throw new IllegalStateException("Vapi could not be asked what is there: " + answer);
      }
      Map<String, Integer> counts = new HashMap<>();
      for (Assistant each : ok.value()) {
        counts.merge(Objects.toString(each.userId(), "nobody"), 1, Integer::sum);
      }
      return counts;
    }
  }
}
