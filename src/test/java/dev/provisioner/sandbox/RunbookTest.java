package dev.provisioner.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The runbook has a way for every trouble that the sandbox can play. TroubleSceneIT walks it. */
class RunbookTest {
  private final Runbook runbook;

  RunbookTest() throws IOException {
    runbook = Runbook.read();
  }

  @ParameterizedTest
  @EnumSource
  void everyTroubleHasAnAlertASignAndOneCommand(Trouble trouble) {
    assertThat(runbook.of(trouble).alert()).isIn("account-refused", "row-failed", "rows-overdue");
    assertThat(runbook.of(trouble).signs()).isNotEmpty();
    assertThat(runbook.block(trouble.title()).strip())
        .satisfiesAnyOf(
            command -> assertThat(command).hasLineCount(1),
            command -> assertThat(command).startsWith("run_sql <<SQL\n").endsWith("\nSQL"));
  }

  @Test
  void whatHidesOthersComesFirst() {
    assertThat(runbook.order())
        .containsExactlyInAnyOrder(Trouble.values())
        .startsWith(Trouble.KEY_REVOKED);
  }

  @Test
  void sceneIsAllOfThemOrOne() {
    assertThat(Trouble.of("trouble")).containsExactly(Trouble.values());
    assertThat(Trouble.of("vapi-down")).containsExactly(Trouble.VAPI_DOWN);
  }

  @Test
  void sceneThatNobodyKnowsIsRefusedBeforeAnythingStarts() throws Exception {
    ByteArrayOutputStream said = new ByteArrayOutputStream();

    int exit =
        TroubleScene.run(
            "troubel", true, Map.of(), new PrintStream(said, true, StandardCharsets.UTF_8));

    assertThat(exit).isEqualTo(2);
    assertThat(said.toString(StandardCharsets.UTF_8).strip())
        .isEqualTo(
            "There is no scene troubel. -Dscene= knows trouble, which is all of: vapi-down,"
                + " template-rejected, key-revoked, secret-mismatch, webhooks-lost.");
  }

  @Test
  void causeWithoutCommandsIsMissed() {
    assertThatThrownBy(() -> runbook.block("moon-phase"))
        .hasMessage("the runbook has no commands marked: runbook: moon-phase");
  }
}
