package dev.provisioner.mutants;

/** A mutant does not fit the sources any more, so it proves nothing: mend it. */
final class RottenException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final String why;

  RottenException(String why) {
    super(why);
    this.why = why;
  }

  String why() {
    return why;
  }
}
