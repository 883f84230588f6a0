package dev.provisioner.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The mutants fit the sources, and who is not caught is said to be so. */
class MutantsTest {
  private static final String FILE = "provision/Standing";
  private static final String RULE = "inUse == null ? !rowExists : !uses(assistantId)";
  private static final String NOTICES = "provision.StandingTest#onlyWhatNobodyCanWantMayBeDeleted";

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  @TempDir private Path folder;

  @Test
  void everyMutantFitsTheSourcesAndItsTestsExist() {
    try (Isolated service = new Isolated(null)) {
      for (Mutant each : Catalogue.all()) {
        assertThat(each.tests()).as(each.wrong()).isNotEmpty();
        assertThatCode(
                () -> {
                  each.sources();
                  each.tests().forEach(test -> Trial.selector(service, test));
                })
            .as(each.wrong())
            .doesNotThrowAnyException();
      }
    }
  }

  @Test
  void noTwoMutantsHaveTheSameName() {
    assertThat(Catalogue.all()).extracting(Mutant::folder).doesNotHaveDuplicates();
  }

  @Test
  void mutantThatATestNoticesIsCaught() {
    assertThat(caught(mutant("!uses(assistantId)"))).isTrue();

    assertThat(printed())
        .contains("1 of 1 mutants caught")
        .contains(
            "| a sentence | 12 | StandingTest#onlyWhatNobodyCanWantMayBeDeleted | expected: ");
  }

  @Test
  void mutantThatNobodyNoticesIsNotCaught() {
    assertThat(caught(mutant("inUse == null ? !this.rowExists : !uses(assistantId)"))).isFalse();

    assertThat(printed()).contains("NOT CAUGHT", "nothing:", "0 of 1 mutants caught");
  }

  @Test
  void testThatBreaksOffHasNotNoticed() {
    assertThat(caught(mutant("!java.util.Objects.requireNonNull(inUse).isEmpty()"))).isFalse();

    assertThat(printed()).contains("NOT CAUGHT", "broke off: java.lang.NullPointerException");
  }

  @Test
  void mutantThatDoesNotCompileIsRotten() {
    assertThat(caught(mutant("nobody knows"))).isFalse();

    assertThat(printed()).contains("NOT CAUGHT", "rotten: it does not compile: line ");
  }

  @Test
  void mutantWhoseTextIsGoneOrThereTwiceIsRotten() {
    Mutant gone = Mutant.of(12, "gone").edit(FILE, "no such text", "").caughtBy(NOTICES);
    Mutant twice = Mutant.of(12, "twice").edit(FILE, "inUse", "outOfUse").caughtBy(NOTICES);

    assertThat(caught(gone, twice)).isFalse();

    assertThat(printed())
        .contains("| gone | 12 | NOT CAUGHT | rotten: provision/Standing has nothing to be changed")
        .contains("| twice | 12 | NOT CAUGHT | rotten: provision/Standing has this more than once");
  }

  @Test
  void testThatIsGoneIsSaid() {
    Mutant mutant = Mutant.of(12, "a sentence").edit(FILE, RULE, "true");

    assertThat(caught(mutant.caughtBy("provision.StandingTest#gone"))).isFalse();
    assertThat(printed()).contains("there is no test provision.StandingTest#gone");
    assertThat(caught(mutant.caughtBy("provision.GoneTest#gone"))).isFalse();
    assertThat(printed()).contains("there is no test class dev.provisioner.provision.GoneTest");
  }

  @Test
  void testThatFailsAnywayProvesNothing() {
    Mutant mutant =
        Mutant.of(12, "a sentence")
            .edit(FILE, RULE, "true")
            .caughtBy("mutants.FailsAlways#whateverHappens");

    assertThat(caught(mutant)).isFalse();

    assertThat(printed())
        .contains("With nothing broken the tests must pass, but: ", "FailsAlways#whateverHappens")
        .doesNotContain("| a sentence");
  }

  private boolean caught(Mutant... mutants) {
    try (Trial trial = new Trial();
        PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      return new Mutants(trial, new Workshop(folder), out).run(List.of(mutants));
    }
  }

  private static Mutant mutant(String replacement) {
    return Mutant.of(12, "a sentence").edit(FILE, RULE, replacement).caughtBy(NOTICES);
  }

  private String printed() {
    return printed.toString(StandardCharsets.UTF_8);
  }
}
