package dev.provisioner.provision;

/** Unwinds an audit that must not go on. Never leaves {@link Audit}. */
final class AuditStop extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient AuditRefusal refusal;

  AuditStop(AuditRefusal.Reason reason, String detail) {
    this(new AuditRefusal(reason, detail));
  }

  AuditStop(AuditRefusal refusal) {
    super(refusal.detail(), null, false, false);
    this.refusal = refusal;
  }

  AuditRefusal refusal() {
    return refusal;
  }
}
