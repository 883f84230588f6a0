package dev.provisioner.provision;

import dev.provisioner.provision.AuditReport.Dangling;
import dev.provisioner.provision.AuditReport.Deletion;
import dev.provisioner.provision.AuditReport.Findings;
import dev.provisioner.provision.AuditReport.Requeueing;
import dev.provisioner.provision.AuditReport.Stray;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mends what an audit has found. Each finding is looked at once more before anything is done about
 * it: the audit may have taken an hour.
 */
final class Mender {
  private static final Logger LOG = LoggerFactory.getLogger(Mender.class);

  private final Audit.Parts its;
  private final Pace pace;

  Mender(Audit.Parts its, Pace pace) {
    this.its = its;
    this.pace = pace;
  }

  /** What was found, with what became of it. */
  Findings mend(Findings found) {
    return new Findings(
        found.assistants(),
        found.inUse(),
        found.unmarked(),
        found.others(),
        found.strays().stream().map(each -> delete(each)).toList(),
        found.dangling().stream().map(each -> requeueIfGone(each)).toList(),
        found.missing(),
        found.missingBefore());
  }

  private Stray delete(Stray stray) {
    if (stray.outcome() != Deletion.WOULD_DELETE) {
      return stray;
    }
    Deletion outcome =
        pace.turn(() -> {
          if (its.inventory().isInUse(stray.assistantId())) {
            return Deletion.KEPT; // handed on to somebody whom it was not made for
          }
          return switch (its.collector()
              .collect(stray.assistantId(), stray.provisionId(), stray.userId())) {
            case DELETED -> Deletion.DELETED;
            case KEPT -> Deletion.KEPT;
            case REMAINS -> Deletion.REMAINS;
          };
        });
    return stray.with(outcome == null ? Deletion.REMAINS : outcome);
  }

  private Dangling requeueIfGone(Dangling user) {
    if (user.outcome() != Requeueing.WOULD_REQUEUE) {
      return user;
    }
    Answer<Assistant> answer = pace.turn(() -> its.vapi().get(user.assistantId()));
    return switch (answer) {
      case null -> user.with(Requeueing.UNCONFIRMED);
      case Answer.Missing<Assistant> gone -> requeue(user);
      case Answer.Ok<Assistant> there -> user.with(Requeueing.LEFT);
      case Answer<Assistant> obstacle -> user.with(Requeueing.UNCONFIRMED);
    };
  }

  private Dangling requeue(Dangling user) {
    UUID fresh;
    try {
      fresh = its.inventory().requeue(user).orElse(null);
    } catch (StatementRefusedException e) {
      LOG.warn(
          "User {} has assistant {}, which is gone at Vapi, but public.user_settings does not let go of its id ({}). Mend the table, then audit again.",
          user.userId(),
          user.assistantId(),
          e.reason());
      return user.with(Requeueing.SETTINGS_REFUSED);
    }
    if (fresh == null) {
      return user.with(Requeueing.LEFT);
    }
    LOG.info(
        "Assistant {} of user {} (provision {}) is gone at Vapi; the user is enqueued anew as provision {}.",
        user.assistantId(),
        user.userId(),
        user.provisionId(),
        fresh);
    return new Dangling(
        user.userId(), user.provisionId(), user.assistantId(), Requeueing.REQUEUED, fresh);
  }

  /** How many of the missing have a row now. */
  long enqueueMissing() {
    long enqueued = 0;
    int batch;
    do {
      pace.checkStopped();
      batch = its.queue().enqueueMissing();
      enqueued += batch;
    } while (batch > 0);
    return enqueued;
  }
}
