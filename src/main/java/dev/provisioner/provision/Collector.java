package dev.provisioner.provision;

import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only place where an assistant is deleted. What is handed in must be known to be ours; whether
 * it may go is read here, freshly. Callers hold a slot of the gate.
 */
final class Collector {
  private static final Logger LOG = LoggerFactory.getLogger(Collector.class);

  private final VapiClient vapi;
  private final Gate gate;
  private final DoubtLedger ledger;
  private final Observer observer;

  Collector(VapiClient vapi, Gate gate, DoubtLedger ledger, Observer observer) {
    this.vapi = vapi;
    this.gate = gate;
    this.ledger = ledger;
    this.observer = observer;
  }

  enum Fate {
    /** It is gone from Vapi. */
    DELETED,
    /** It is in use. */
    KEPT,
    /** It may be about to be in use, or could not be deleted: a later look decides. */
    REMAINS
  }

  /**
   * @param provisionId the row it was made for
   */
  Fate collect(String assistantId, @Nullable UUID provisionId, UUID userId) {
    Standing standing = ledger.standing(provisionId, userId);
    if (!standing.allowsDeleting(assistantId)) {
      return standing.uses(assistantId) ? Fate.KEPT : Fate.REMAINS;
    }
    if (!gate.isOpen()) {
      return Fate.REMAINS; // the call before this one may have closed it
    }
    return switch (vapi.delete(assistantId)) {
      case Answer.Ok<String> ok -> {
        LOG.info(
            "Deleted assistant {} of user {} (provision {}): it was in use by nobody.",
            assistantId,
            userId,
            provisionId);
        tell(standing);
        yield Fate.DELETED;
      }
      case Answer.Missing<String> gone -> Fate.DELETED;
      case Answer<String> obstacle -> {
        LOG.warn(
            "Assistant {} of user {} (provision {}) should be deleted but was not: {}. The next look tries again.",
            assistantId,
            userId,
            provisionId,
            obstacle.getClass().getSimpleName());
        yield Fate.REMAINS;
      }
    };
  }

  private void tell(Standing standing) {
    if (standing.inUse() == null) {
      observer.collected(Observer.Leftover.DEPARTED);
    } else {
      observer.collected(Observer.Leftover.DUPLICATE);
      observer.resolved(Observer.Resolution.COLLECTED);
    }
  }
}
