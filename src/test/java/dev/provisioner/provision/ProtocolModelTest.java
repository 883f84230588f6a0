package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.ProtocolModel.Interference;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The protocol, exhaustively: two workers, every order of their steps, late and lost creates, lost
 * answers of the database, lag of listings, crashes, ended leases, and people who interfere. {@code
 * -Dfaults=4} goes deeper, with more memory and patience.
 */
class ProtocolModelTest {
  private static final int FAULTS = Integer.getInteger("faults", 3);

  static List<Set<Interference>> interferences() {
    return List.of(
        EnumSet.of(Interference.APP_GIVES_AN_ASSISTANT, Interference.AUDIT),
        EnumSet.of(Interference.USER_IS_DELETED),
        EnumSet.of(Interference.ROW_IS_DELETED_BY_HAND),
        EnumSet.of(Interference.ASSISTANT_IS_DELETED_BY_HAND));
  }

  @ParameterizedTest
  @MethodSource("interferences")
  void noOrderOfEventsBreaksThePromise(Set<Interference> interferences) {
    long begin = System.nanoTime();
    Explorer.Finding finding =
        new Explorer(
                new ProtocolModel(
                    2, interferences, new TableModel(), new Attempt(ProtocolModel.judge(2))))
            .explore(Scene.justVerified(FAULTS));

    System.out.printf(
        "%,d scenes of %d faults and %s in %d s%n",
        finding.scenes(), FAULTS, interferences, (System.nanoTime() - begin) / 1_000_000_000);
    assertThat(finding.wrong()).as("%s", String.join("\n  ", finding.story())).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void withoutAnyOneOfTheRulesItBreaks(ProtocolMutant mutant) {
    Explorer.Finding finding =
        new Explorer(mutant.model()).explore(Scene.justVerified(Integer.getInteger("mf", 2)));

    System.out.printf(
        "%s (rule %d): %s, after %,d scenes, %d events%n",
        mutant, mutant.rule, finding.wrong(), finding.scenes(), finding.story().size());
    assertThat(finding.wrong()).isNotNull();
  }
}
