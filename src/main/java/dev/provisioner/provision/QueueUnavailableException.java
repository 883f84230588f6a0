package dev.provisioner.provision;

/** The database cannot be asked just now; asking again later is right, and safe. */
public final class QueueUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  QueueUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
