package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the jar says to whoever calls it wrongly, or only asks. */
class CommandLineIT {
  private static final Map<String, String> ENOUGH =
      Map.of(
          "DATABASE_URL", "postgresql://provisioner:a-password@localhost:1/postgres",
          "VAPI_API_KEY", "a-private-key",
          "VAPI_BASE_URL", "http://localhost:1",
          "JWT_SECRETS", World.JWT_SECRET,
          "PORT", "0",
          "METRICS_PORT", "off");

  @Test
  void everyProblemIsReportedAtOnceAndNoSecretIsShown() {
    Map<String, String> environment =
        Map.of(
            "DATABASE_URL", "mysql://root:hunter2@localhost/app",
            "VAPI_API_KEY", "key with hunter2",
            "JWT_SECRETS", "hunter2",
            "WEBHOOK_SECRETS", "hunter2",
            "VAPI_TIMEOUT", "forever",
            "PORT", "http",
            "LOG_FORMAT", "xml",
            "ASSISTANT_TEMPLATE", "nowhere.json");
    try (Packaged service = Packaged.run(environment)) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(service.out()).isEmpty();
      String said = String.join("\n", service.err());
      assertThat(said).contains(environment.keySet()).doesNotContain("hunter2", "\tat ");
    }
  }

  @Test
  void whatIsRequiredIsNamedWhenNothingIsSet() {
    try (Packaged service = Packaged.run(Map.of())) {
      assertThat(service.exitCode()).isEqualTo(2);
      assertThat(String.join("\n", service.err()))
          .contains("DATABASE_URL is not set", "VAPI_API_KEY is not set", "WEBHOOK_SECRETS");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "-h", "help"})
  void helpIsAnsweredWithoutAnEnvironment(String argument) {
    try (Packaged command = Packaged.run(Map.of(), argument)) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.out().getFirst()).startsWith("usage: ");
      assertThat(command.err()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"doctor", "token"})
  void helpOfACommandNeedsNoEnvironment(String name) {
    try (Packaged command = Packaged.run(Map.of(), name, "--help")) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.out().getFirst()).startsWith("Usage: vapi-provisioner " + name);
      assertThat(command.err()).isEmpty();
    }
  }

  @Test
  void doctorWithoutADatabaseStillReports() throws IOException {
    try (Packaged command = Packaged.run(ENOUGH, "doctor", "--json")) {
      assertThat(command.exitCode()).isEqualTo(2);
      assertThat(command.err()).isEmpty();
      JsonNode report = new ObjectMapper().readTree(String.join("\n", command.out()));
      assertThat(report.path("status").asText()).isEqualTo("broken");
      assertThat(report.path("checks")).hasSizeGreaterThan(15);
      assertThat(report.at("/checks/1/message").asText())
          .startsWith("no connection to localhost:1");
      assertThat(report.toString()).doesNotContain("a-password", "a-private-key");
    }
  }

  @Test
  void versionIsTheOneOfTheJar() {
    try (Packaged command = Packaged.run(Map.of(), "--version")) {
      assertThat(command.exitCode()).isZero();
      assertThat(command.out()).singleElement().asString().matches("\\d+\\.\\d+\\.\\d+.*");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          srve          | There is no command "srve"
          serve now     | serve takes no arguments
          token         | --scope must be operate or webhook
          doctor now    | Unknown option: now
          """)
  void mistakeEndsWithTwoAndSaysWhatToDo(String arguments, String message) {
    try (Packaged command = Packaged.run(ENOUGH, arguments.split(" ", -1))) {
      assertThat(command.exitCode()).isEqualTo(2);
      assertThat(command.out()).isEmpty();
      assertThat(command.err().getFirst()).startsWith(message);
    }
  }

  @Test
  void jvmThatWouldRepeatCreatesIsRefused() {
    try (Packaged service =
        Packaged.run(List.of("-Djdk.httpclient.enableAllMethodRetry=true"), ENOUGH)) {
      assertThat(service.exitCode()).isEqualTo(1);
      assertThat(String.join("\n", service.out()))
          .contains("jdk.httpclient.enableAllMethodRetry")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void doctorRefusesThatJvmTooInsteadOfBreaking() {
    try (Packaged doctor =
        Packaged.run(List.of("-Djdk.httpclient.enableAllMethodRetry=true"), ENOUGH, "doctor")) {
      assertThat(doctor.exitCode()).isEqualTo(2);
      assertThat(doctor.err()).singleElement().asString().contains("enableAllMethodRetry");
    }
  }

  @Test
  void portThatIsTakenIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
      String port = Integer.toString(taken.getLocalPort());
      Map<String, String> environment = new HashMap<>(ENOUGH);
      environment.put("PORT", port);
      try (Packaged service = Packaged.run(environment)) {
        assertThat(service.exitCode()).isEqualTo(1);
        assertThat(String.join("\n", service.out()))
            .contains("Could not serve: ", port, "See PORT and METRICS_PORT.");
      }
    }
  }
}
