package dev.provisioner.mutants;

import dev.provisioner.mutants.Verdict.Caught;
import dev.provisioner.mutants.Verdict.Spoilt;
import dev.provisioner.mutants.Verdict.Survived;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * {@code mvn -Pmutants}: for each mutant, whether the test that must notice does. First the same
 * tests are run where nothing is broken, or their failing would prove nothing.
 */
final class Mutants {
  private final Trial trial;
  private final Workshop workshop;
  private final PrintStream out;

  Mutants(Trial trial, Workshop workshop, PrintStream out) {
    this.trial = trial;
    this.workshop = workshop;
    this.out = out;
  }

  /** Ends with 0 if every mutant was caught. {@code -Donly=word} leaves others out. */
  public static void main(String[] args) {
    String only = Objects.requireNonNullElse(System.getProperty("only"), "");
    List<Mutant> chosen =
        Catalogue.all().stream()
            .filter(each ->
                each.wrong().toLowerCase(Locale.ROOT).contains(only.toLowerCase(Locale.ROOT)))
            .toList();
    PrintStream out = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream())); // what tests print
    boolean allCaught;
    try (Trial trial = new Trial()) {
      allCaught = new Mutants(trial, new Workshop(Path.of("target/mutants")), out).run(chosen);
    }
    // A mutant may have left threads behind.
    System.exit(allCaught ? 0 : 1);
  }

  /** Whether every one was caught; and says so, line by line. */
  boolean run(List<Mutant> mutants) {
    if (mutants.isEmpty()) {
      out.println("There is no such mutant.");
      return false;
    }
    long begin = System.nanoTime();
    List<String> tests =
        mutants.stream().flatMap(each -> each.tests().stream()).distinct().toList();
    Verdict unbroken = unbroken(tests);
    if (!(unbroken instanceof Survived)) {
      out.println(
          "With nothing broken the tests must pass, but: "
              + (unbroken instanceof Caught it ? it.test() + ": " : "")
              + words(unbroken));
      return false;
    }
    out.printf("%d tests pass with nothing broken, after %s.%n%n", tests.size(), since(begin));
    out.println("| mutant | rule | caught by | what the test said |");
    out.println("| --- | --- | --- | --- |");
    int caught = 0;
    for (Mutant each : mutants) {
      Verdict verdict = verdict(each);
      out.println(line(each, verdict));
      if (verdict instanceof Caught) {
        caught++;
      }
    }
    out.printf("%n%d of %d mutants caught, in %s.%n", caught, mutants.size(), since(begin));
    return caught == mutants.size();
  }

  private Verdict unbroken(List<String> tests) {
    try (Isolated service = new Isolated(null)) {
      return trial.of(service, tests);
    } catch (RottenException e) {
      return new Spoilt(e.why());
    }
  }

  private Verdict verdict(Mutant mutant) {
    try (Isolated service = new Isolated(workshop.make(mutant))) {
      return trial.of(service, mutant.tests());
    } catch (RottenException e) {
      return new Spoilt("rotten: " + e.why());
    }
  }

  private static String line(Mutant mutant, Verdict verdict) {
    return "| %s | %s | %s | %s |"
        .formatted(
            mutant.wrong(),
            mutant.rule() == 0 ? "" : mutant.rule(),
            verdict instanceof Caught it ? it.test() : "NOT CAUGHT",
            words(verdict).replace('\n', ' ').replace("|", "\\|"));
  }

  private static String words(Verdict verdict) {
    return switch (verdict) {
      case Caught it -> it.said();
      case Survived it -> "nothing: name a test that notices, or write one";
      case Spoilt it -> it.why();
    };
  }

  private static String since(long begin) {
    return Duration.ofNanos(System.nanoTime() - begin).toSeconds() + " s";
  }
}
