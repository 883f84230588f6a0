package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The command as it is deployed, next to a running service. */
@ExtendWith(SharedSupabase.class)
class DoctorIT {
  private final Clinic clinic;

  DoctorIT(SupabaseServer supabase) {
    clinic = Clinic.open(supabase);
  }

  @AfterEach
  void end() {
    clinic.close();
  }

  @Test
  void reportIsAllThatIsOnStandardOutput() {
    try (Packaged doctor = Packaged.run(clinic.world.environment(), "doctor", "--canary")) {
      assertThat(doctor.exitCode()).as("%s", doctor.out()).isZero();
      assertThat(doctor.err()).isEmpty();
      assertThat(doctor.out().getFirst()).startsWith("✓ configuration");
      assertThat(doctor.out()).last().isEqualTo("All is well.");
      assertThat(doctor.out()).anyMatch(line -> line.startsWith("✓ canary"));
    }
  }

  @Test
  void warningsEndWithOne() {
    clinic.world.with("ASSISTANT_TEMPLATE", "");
    try (Packaged doctor = Packaged.run(clinic.world.environment(), "doctor")) {
      assertThat(doctor.exitCode()).isEqualTo(1);
      assertThat(doctor.out())
          .containsSubsequence(
              "! template      the bundled demo is in use: every user gets the demo assistant",
              "    ASSISTANT_TEMPLATE=/path/to/your-template.json",
              "It works, with warnings: 1.");
    }
  }

  @Test
  void brokenEndsWithTwoAndMachinesCanReadIt() throws IOException {
    clinic.world.vapi.revokeKeys();
    try (Packaged doctor = Packaged.run(clinic.world.environment(), "doctor", "--json")) {
      assertThat(doctor.exitCode()).isEqualTo(2);
      assertThat(doctor.err()).isEmpty();
      JsonNode report = new ObjectMapper().readTree(String.join("\n", doctor.out()));
      assertThat(report.path("status").asText()).isEqualTo("broken");
      assertThat(report.path("checks"))
          .allSatisfy(check ->
              assertThat(check.path("status").asText()).isIn("ok", "warning", "broken", "skipped"))
          .anySatisfy(check -> {
            assertThat(check.path("name").asText()).isEqualTo("vapi");
            assertThat(check.path("remedy").asText()).startsWith("VAPI_API_KEY=");
          });
    }
  }
}
