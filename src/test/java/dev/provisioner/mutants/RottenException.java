package dev.provisioner.mutants;

/** A mutant does not fit the sources any more, so it proves nothing: mend it. */
final class RottenException extends RuntimeException {
  private static final long serialVersionUID = 1;

  RottenException(String message) {
    super(message);
  }
}
