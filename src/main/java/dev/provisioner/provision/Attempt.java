package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.provision.Step.Create;
import dev.provisioner.provision.Step.Delete;
import dev.provisioner.provision.Step.End;
import dev.provisioner.provision.Step.Get;
import dev.provisioner.provision.Step.Mark;
import dev.provisioner.provision.Step.ReadStanding;
import dev.provisioner.provision.Step.Settle;
import dev.provisioner.provision.Step.TakeListing;
import dev.provisioner.provision.Verdict.AlreadyProvisioned;
import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.vapi.Answer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The protocol of one attempt, as a function: from what has just been learnt to the next step. No
 * clock, no database, no network; {@link Provisioner} and {@link Settler} take the steps, and so
 * does the exhaustive model in the tests, so that what is proven is what runs.
 */
class Attempt {
  private final Judge judge;

  Attempt(Judge judge) {
    this.judge = judge;
  }

  /** Rule 2. */
  Step begin(Claim claim) {
    return switch (claim.plan()) {
      case RECORD_EXISTING -> new Settle(new AlreadyProvisioned(requireNonNull(claim.inUse())));
      case LOOK_FIRST -> {
        Step otherwise = claim.earlier() == null ? new Create() : new TakeListing();
        // What is remembered needs no listing.
        yield claim.remembered() == null
            ? otherwise
            : new Get(List.of(claim.remembered()), otherwise);
      }
      case CREATE -> new Create();
    };
  }

  /**
   * Rule 3.
   *
   * @param ours what the listing holds that was made for this row, oldest first
   */
  Step listed(Claim claim, List<String> ours) {
    return ours.isEmpty() ? new Create() : new Get(ours, new Create());
  }

  /** Rule 4: what could not be looked for may be there, so nothing is created. */
  Settle couldNotLook(Claim claim, Answer<?> obstacle) {
    return new Settle(judge.couldNotLook(obstacle, claim.attempts()));
  }

  /**
   * Rule 4: the oldest that exists is adopted; nothing is deleted.
   *
   * @param answer missing, too, where the assistant is not what it was listed as
   */
  Step got(Claim claim, Get get, Answer<?> answer) {
    return switch (answer) {
      case Answer.Ok<?> ok -> new Settle(new Provisioned(get.candidates().getFirst(), true));
      case Answer.Missing<?> gone -> {
        List<String> others = get.candidates().subList(1, get.candidates().size());
        yield others.isEmpty() ? get.otherwise() : new Get(List.copyOf(others), get.otherwise());
      }
      case Answer<?> obstacle -> couldNotLook(claim, obstacle);
    };
  }

  /**
   * Rule 5, asked last of all, with the slot in hand.
   *
   * @return null: the create may be sent, at once
   */
  @Nullable Settle beforeCreate(Claim claim, Duration leaseLeft, Duration gatePaused) {
    Verdict obstacle = judge.beforeCreate(claim.attempts(), leaseLeft, gatePaused);
    return obstacle == null ? null : new Settle(obstacle);
  }

  /**
   * Vapi has answered the create, or has not.
   *
   * @param accountWorks what a probe told; looked at only where the answer is ambiguous
   */
  Settle created(Claim claim, Answer<String> answer, boolean accountWorks) {
    return new Settle(judge.afterCreate(answer, claim.attempts(), accountWorks));
  }

  /** No slot could be had, or the database was away before anything was sent. */
  Settle letGo(Duration delay) {
    return new Settle(new LetGo(delay));
  }

  /** Something broke that never should. */
  Settle broken(Claim claim) {
    return new Settle(judge.broken(claim.attempts()));
  }

  /** The settle was carried out. */
  Step settled(Claim claim, Settle settle, Settled settled) {
    return switch (settle.verdict()) {
      case AlreadyProvisioned it ->
          settled.held()
              ? end(claim, Result.ALREADY_PROVISIONED, it.assistantId(), null)
              : lost(claim);
      case Provisioned it -> {
        Result made = it.adopted() ? Result.ADOPTED : Result.CREATED;
        if (!settled.held()) {
          yield new Mark(it.assistantId(), made);
        }
        if (settled.inUse() == null) {
          yield new Settle(
              judge.settingsRefused(
                  it.assistantId(), "it was written, and is not there", claim.attempts()));
        }
        // If the app was faster, ours stays in doubt, and the first look removes it.
        Result result =
            it.assistantId().equals(settled.inUse()) ? made : Result.ALREADY_PROVISIONED;
        yield end(claim, result, settled.inUse(), null);
      }
      case Unfinished it when settled.held() ->
          end(
              claim,
              it.status() == Status.FAILED ? Result.FAILED : Result.ERRORED,
              null,
              it.message());
      case Refrained no -> lost(claim);
      case InDoubt it -> new Mark(it.assistantId(), Result.CREATED);
      case LetGo it -> settled.held() ? end(claim, Result.RELEASED, null, null) : lost(claim);
    };
  }

  /**
   * The database does not take the settle, and nothing has changed.
   *
   * @param reason what it said; nothing personal
   * @return null: there is nothing else to be written either
   */
  @Nullable Settle settleRefused(Claim claim, Settle settle, String reason) {
    return settle.verdict() instanceof Provisioned it
        ? new Settle(judge.settingsRefused(it.assistantId(), reason, claim.attempts()))
        : null;
  }

  /**
   * Rules 10 and 11. The token was gone: another worker has the row, or it is settled (perhaps by
   * us, and only the answer was lost), or its user is deleted. The doubt is marked now, so that
   * nothing is forgotten whatever happens next; only then may ours be deleted.
   */
  Step marked(Claim claim, Mark mark) {
    return mark.assistantId() == null
        ? lost(claim)
        : new ReadStanding(mark.assistantId(), mark.made());
  }

  /** Rules 11 and 12: with none in use and the row there, its holder may be adopting ours. */
  Step stands(Claim claim, ReadStanding read, Standing standing) {
    if (standing.uses(read.assistantId())) {
      return end(claim, read.made(), read.assistantId(), null);
    }
    return standing.allowsDeleting(read.assistantId())
        ? new Delete(read.assistantId())
        : lost(claim);
  }

  /** Best effort: the doubt is marked, so a look comes for what remains. */
  Step deleted(Claim claim) {
    return lost(claim);
  }

  private static End lost(Claim claim) {
    return end(claim, Result.LOST, null, null);
  }

  private static End end(
      Claim claim, Result result, @Nullable String assistantId, @Nullable String error) {
    return new End(new Outcome(claim.id(), claim.userId(), result, assistantId, error));
  }
}
