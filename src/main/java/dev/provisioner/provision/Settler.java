package dev.provisioner.provision;

import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.provision.Verdict.AlreadyProvisioned;
import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a verdict to the row, whatever it takes: repeats while the database is away, gives way to
 * a user being deleted, and cleans up after a claim that was lost.
 */
final class Settler {
  private static final Logger LOG = LoggerFactory.getLogger(Settler.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final Queue queue;
  private final DoubtLedger ledger;
  private final Collector collector;
  private final Judge judge;
  private final Gate gate;
  private final Policy policy;
  private final LongSupplier nanoTime;

  Settler(
      Queue queue,
      DoubtLedger ledger,
      Collector collector,
      Judge judge,
      Gate gate,
      Policy policy,
      LongSupplier nanoTime) {
    this.queue = queue;
    this.ledger = ledger;
    this.collector = collector;
    this.judge = judge;
    this.gate = gate;
    this.policy = policy;
    this.nanoTime = nanoTime;
  }

  Outcome settle(Claim claim, Verdict verdict) {
    try {
      return switch (verdict) {
        case AlreadyProvisioned it -> alreadyProvisioned(claim, it);
        case Provisioned it -> provisioned(claim, it);
        case Unfinished it -> unfinished(claim, it);
        case LetGo it -> letGo(claim, it);
      };
    } catch (QueueUnavailableException e) {
      LOG.error(
          "Provision {} of user {} could not be settled: {} Its lease ends by itself; the next attempt looks at Vapi first.",
          claim.id(),
          claim.userId(),
          e.getMessage());
      return outcome(claim, Result.LOST, null, "The database was away; the next attempt goes on.");
    } catch (StatementRefusedException e) {
      LOG.error(
          "Provision {} of user {} could not be settled: the database refuses ({}). Are all migrations applied, and the grants of role provisioner in place? Its lease ends by itself; the next attempt looks at Vapi first.",
          claim.id(),
          claim.userId(),
          e.reason());
      return outcome(claim, Result.LOST, null, "The database refuses to settle the row.");
    }
  }

  private Outcome alreadyProvisioned(Claim claim, AlreadyProvisioned verdict) {
    Settled settled = insist(() -> queue.settleProcessed(claim, null));
    return settled.held()
        ? outcome(claim, Result.ALREADY_PROVISIONED, verdict.assistantId(), null)
        : outcome(claim, Result.LOST, null, null);
  }

  private Outcome provisioned(Claim claim, Provisioned verdict) {
    Settled settled;
    try {
      settled = insist(() -> queue.settleProcessed(claim, verdict.assistantId()));
    } catch (StatementRefusedException e) {
      return unfinished(
          claim, judge.settingsRefused(verdict.assistantId(), e.reason(), claim.attempts()));
    }
    if (!settled.held()) {
      return claimLost(claim, verdict.assistantId(), made(verdict));
    }
    if (settled.inUse() == null) {
      return unfinished(
          claim,
          judge.settingsRefused(
              verdict.assistantId(), "it was written, and is not there", claim.attempts()));
    }
    if (!verdict.assistantId().equals(settled.inUse())) {
      // The app was faster. Ours stays in doubt, and the first look removes it.
      return outcome(claim, Result.ALREADY_PROVISIONED, settled.inUse(), null);
    }
    return outcome(claim, made(verdict), verdict.assistantId(), null);
  }

  private Outcome unfinished(Claim claim, Unfinished verdict) {
    boolean held = insist(() -> queue.settleUnfinished(claim, verdict));
    if (!held) {
      return switch (verdict) {
        case Refrained no -> outcome(claim, Result.LOST, null, null);
        case InDoubt it -> claimLost(claim, it.assistantId(), Result.CREATED);
      };
    }
    Result result = verdict.status() == Status.FAILED ? Result.FAILED : Result.ERRORED;
    return outcome(claim, result, null, verdict.message());
  }

  private Outcome letGo(Claim claim, LetGo verdict) {
    boolean held = insist(() -> queue.release(claim, verdict));
    return outcome(claim, held ? Result.RELEASED : Result.LOST, null, null);
  }

  /**
   * Rules 10 and 11. The token is gone: another worker has the row, or it is settled (perhaps by
   * us, and only the answer was lost), or its user is deleted. First the doubt is marked, so that
   * nothing is forgotten whatever happens next; only then may ours be deleted, if nobody can want
   * it.
   */
  private Outcome claimLost(Claim claim, @Nullable String assistantId, Result made) {
    insist(() -> {
      ledger.mark(claim, assistantId);
      return true;
    });
    if (assistantId == null) {
      return outcome(claim, Result.LOST, null, null);
    }
    Standing standing = insist(() -> ledger.standing(claim.id(), claim.userId()));
    if (assistantId.equals(standing.inUse())) {
      return outcome(claim, made, assistantId, null);
    }
    if (standing.allowsDeleting(assistantId)) {
      collect(claim, assistantId);
    }
    return outcome(claim, Result.LOST, null, null);
  }

  /** Best effort: the doubt is marked, so a look comes for what remains. */
  private void collect(Claim claim, String assistantId) {
    try (Gate.Slot slot = gate.enter(policy.vapiTimeout())) {
      if (slot != null) {
        collector.collect(assistantId, claim.id(), claim.userId());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Repeats while the database is away or somebody else's lock is in the way, for as long as the
   * claim may last and once more: later, others look after the row.
   *
   * @throws QueueUnavailableException it did not come back in time
   */
  private <T> T insist(Supplier<T> statement) {
    long end = nanoTime.getAsLong() + policy.lease().multipliedBy(2).toNanos();
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        return statement.get();
      } catch (QueueUnavailableException e) {
        if (nanoTime.getAsLong() - end >= 0) {
          throw e;
        }
        try {
          Thread.sleep(pause);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw e;
        }
        pause = pause.multipliedBy(2);
        if (pause.compareTo(LONGEST_PAUSE) > 0) {
          pause = LONGEST_PAUSE;
        }
      }
    }
  }

  private static Result made(Provisioned verdict) {
    return verdict.adopted() ? Result.ADOPTED : Result.CREATED;
  }

  private static Outcome outcome(
      Claim claim, Result result, @Nullable String assistantId, @Nullable String error) {
    return new Outcome(claim.id(), claim.userId(), result, assistantId, error);
  }
}
