package dev.provisioner.mutants;

import java.util.List;
import java.util.stream.Stream;

/** All mutants, in the order of a row's life. */
final class Catalogue {
  private Catalogue() {}

  static List<Mutant> all() {
    return Stream.of(
            OfClaims.ALL,
            OfAttempts.ALL,
            OfAnswers.ALL,
            OfSettles.ALL,
            OfLostClaims.ALL,
            OfLooks.ALL)
        .flatMap(List::stream)
        .toList();
  }
}
