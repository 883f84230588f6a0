package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.ProtocolModel.Interference;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol, exhaustively: every order of the workers' steps, late and lost creates, lost
 * answers of the database, lag of listings, crashes, ended leases, a process that freezes, and
 * people who interfere. {@code mvn -Pstorm} goes deeper.
 */
@Execution(ExecutionMode.CONCURRENT)
class ProtocolModelTest {
  /**
   * What is explored.
   *
   * @param workers at work at the same time, on attempts, looks and audits
   * @param faults how often something goes wrong, or somebody interferes
   */
  record Extent(int workers, int faults, Set<Interference> interferences) {
    ProtocolModel model() {
      return new ProtocolModel(
          workers, interferences, new TableModel(), new Attempt(ProtocolModel.judge(2)));
    }
  }

  static List<Extent> extents() {
    if (Boolean.getBoolean("deep")) {
      return List.of(
          new Extent(2, 3, EnumSet.allOf(Interference.class)),
          new Extent(3, 2, EnumSet.complementOf(EnumSet.of(Interference.ROW_IS_DELETED_BY_HAND))));
    }
    return List.of(
        new Extent(2, 3, EnumSet.of(Interference.APP_GIVES_AN_ASSISTANT, Interference.AUDIT)),
        new Extent(2, 3, EnumSet.of(Interference.USER_IS_DELETED)),
        new Extent(2, 3, EnumSet.of(Interference.ROW_IS_DELETED_BY_HAND)),
        new Extent(2, 3, EnumSet.of(Interference.ASSISTANT_IS_DELETED_BY_HAND)));
  }

  @ParameterizedTest
  @MethodSource("extents")
  void noOrderOfEventsBreaksThePromise(Extent extent) {
    Explorer.Finding finding =
        new Explorer(extent.model()).explore(Scene.justVerified(extent.faults()));

    System.out.printf("%,d scenes: %s%n", finding.scenes(), extent);
    assertThat(finding.wrong()).as("%s", String.join("\n  ", finding.story())).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyOneOfTheRulesItIsBroken(ProtocolMutant mutant) {
    Explorer.Finding finding =
        new Explorer(mutant.model()).explore(Scene.justVerified(mutant.faults()));

    System.out.printf(
        "%s (rule %d): %s; %,d scenes%n", mutant, mutant.rule, finding.wrong(), finding.scenes());
    assertThat(finding.wrong()).isNotNull();
  }
}
