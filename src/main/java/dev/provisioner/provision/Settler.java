package dev.provisioner.provision;

import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.provision.Step.AtHome;
import dev.provisioner.provision.Step.Delete;
import dev.provisioner.provision.Step.End;
import dev.provisioner.provision.Step.Mark;
import dev.provisioner.provision.Step.ReadStanding;
import dev.provisioner.provision.Step.Settle;
import dev.provisioner.provision.Verdict.AlreadyProvisioned;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.vapi.Gate;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings an attempt home, whatever it takes: settles the row, repeats while the database is away,
 * gives way to a user being deleted, and cleans up after a claim that was lost, as {@link Attempt}
 * says.
 */
final class Settler {
  private static final Logger LOG = LoggerFactory.getLogger(Settler.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

  private final Queue queue;
  private final DoubtLedger ledger;
  private final Collector collector;
  private final Attempt attempt;
  private final Gate gate;
  private final Policy policy;
  private final LongSupplier nanoTime;

  Settler(
      Queue queue,
      DoubtLedger ledger,
      Collector collector,
      Attempt attempt,
      Gate gate,
      Policy policy,
      LongSupplier nanoTime) {
    this.queue = queue;
    this.ledger = ledger;
    this.collector = collector;
    this.attempt = attempt;
    this.gate = gate;
    this.policy = policy;
    this.nanoTime = nanoTime;
  }

  /** Takes the steps from here to the end. */
  Outcome settle(Claim claim, Settle settle, Course course) {
    try {
      Step step = settle;
      while (step instanceof AtHome atHome) {
        step = take(claim, atHome, course);
      }
      return ((End) step).outcome();
    } catch (QueueUnavailableException e) {
      LOG.error(
          "Provision {} of user {} could not be settled: {} Its lease ends by itself; the next attempt looks at Vapi first.",
          claim.id(),
          claim.userId(),
          e.getMessage());
      return lost(claim, "The database was away; the next attempt goes on.");
    } catch (StatementRefusedException e) {
      LOG.error(
          "Provision {} of user {} could not be settled: the database refuses ({}). Are all migrations applied, and the grants of role provisioner in place? Its lease ends by itself; the next attempt looks at Vapi first.",
          claim.id(),
          claim.userId(),
          e.reason());
      return lost(claim, "The database refuses to settle the row.");
    }
  }

  private Step take(Claim claim, AtHome step, Course course) {
    return switch (step) {
      case Settle it -> {
        course.decided(it.verdict());
        yield settleOnce(claim, it);
      }
      case Mark it -> {
        insist(() -> ledger.mark(claim, it.assistantId()));
        yield attempt.marked(claim, it);
      }
      case ReadStanding it ->
          attempt.stands(claim, it, insist(() -> ledger.standing(claim.id(), claim.userId())));
      case Delete it -> {
        collect(claim, it.assistantId());
        yield attempt.deleted(claim);
      }
    };
  }

  private Step settleOnce(Claim claim, Settle settle) {
    Settled settled;
    try {
      settled = insist(() -> write(claim, settle.verdict()));
    } catch (StatementRefusedException e) {
      Settle instead = attempt.settleRefused(claim, settle, e.reason());
      if (instead == null) {
        throw e;
      }
      return instead;
    }
    return attempt.settled(claim, settle, settled);
  }

  private Settled write(Claim claim, Verdict verdict) {
    return switch (verdict) {
      case AlreadyProvisioned it -> queue.settleProcessed(claim, null);
      case Provisioned it -> queue.settleProcessed(claim, it.assistantId());
      case Unfinished it -> new Settled(queue.settleUnfinished(claim, it), null);
      case LetGo it -> new Settled(queue.release(claim, it), null);
    };
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

  private static Outcome lost(Claim claim, String error) {
    return new Outcome(claim.id(), claim.userId(), Result.LOST, null, error);
  }
}
