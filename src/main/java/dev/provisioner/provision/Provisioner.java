package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Step.AtVapi;
import dev.provisioner.provision.Step.Create;
import dev.provisioner.provision.Step.Get;
import dev.provisioner.provision.Step.Settle;
import dev.provisioner.provision.Step.TakeListing;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.AssistantTemplate;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out one attempt at one claimed row: takes the steps at Vapi that {@link Attempt} says.
 */
final class Provisioner {
  private static final Logger LOG = LoggerFactory.getLogger(Provisioner.class);

  private final VapiClient vapi;
  private final Gate gate;
  private final AssistantTemplate template;
  private final Installation installation;
  private final Census census;
  private final Attempt attempt;
  private final Settler settler;
  private final Policy policy;

  Provisioner(
      VapiClient vapi,
      Gate gate,
      AssistantTemplate template,
      Installation installation,
      Census census,
      Attempt attempt,
      Settler settler,
      Policy policy) {
    this.vapi = vapi;
    this.gate = gate;
    this.template = template;
    this.installation = installation;
    this.census = census;
    this.attempt = attempt;
    this.settler = settler;
    this.policy = policy;
  }

  /**
   * For a row claimed by itself, with the slot in hand: what is looked for is listed for it alone.
   */
  Outcome provision(Claim claim, Gate.Slot slot) {
    return provision(claim, slot, () -> census.take(List.of(requireNonNull(claim.earlier()))));
  }

  /**
   * For a row of a batch.
   *
   * @param listing ours, listed after the claim, in the windows of the whole batch; null where no
   *     slot could be had for it
   */
  Outcome provisionInBatch(Claim claim, @Nullable Answer<List<Assistant>> listing) {
    return provision(claim, null, () -> listing);
  }

  private Outcome provision(
      Claim claim, Gate.@Nullable Slot slot, Supplier<@Nullable Answer<List<Assistant>>> listing) {
    Settle settle;
    try (Turn turn = new Turn(claim, slot)) {
      settle = ask(claim, turn, listing);
    } catch (QueueUnavailableException e) {
      settle = attempt.letGo(Duration.ZERO); // only ever asked before anything is sent
    } catch (StatementRefusedException e) {
      LOG.error("The database refuses ({}); GET /readyz names what is missing.", e.reason());
      settle = attempt.letGo(Judge.ACCOUNT_DELAY);
    } catch (RuntimeException e) {
      LOG.error("Provision {} of user {} met a bug.", claim.id(), claim.userId(), e);
      settle = attempt.broken(claim);
    }
    Outcome outcome = settler.settle(claim, settle);
    log(outcome);
    return outcome;
  }

  /** Takes the steps at Vapi, until it is decided what becomes of the row. */
  private Settle ask(Claim claim, Turn turn, Supplier<@Nullable Answer<List<Assistant>>> listing) {
    Step step = attempt.begin(claim);
    while (step instanceof AtVapi atVapi) {
      step =
          switch (atVapi) {
            case TakeListing it -> listed(claim, listing.get());
            case Get it when turn.comes() ->
                attempt.got(claim, it, get(claim, it.candidates().getFirst()));
            case Create it when turn.comes() -> create(claim);
            case Get it -> attempt.letGo(gate.paused());
            case Create it -> attempt.letGo(gate.paused());
          };
    }
    return (Settle) step;
  }

  private Step listed(Claim claim, @Nullable Answer<List<Assistant>> listing) {
    return switch (listing) {
      case null -> attempt.letGo(gate.paused());
      case Answer.Ok<List<Assistant>> ok ->
          attempt.listed(
              claim,
              ok.value().stream()
                  .filter(each -> census.ours(each, claim.id()))
                  .map(Assistant::id)
                  .toList());
      case Answer<List<Assistant>> obstacle -> attempt.couldNotLook(claim, obstacle);
    };
  }

  private Answer<Assistant> get(Claim claim, String assistantId) {
    Answer<Assistant> answer = vapi.get(assistantId);
    return answer instanceof Answer.Ok<Assistant> ok && !census.ours(ok.value(), claim.id())
        ? new Answer.Missing<>()
        : answer;
  }

  private Settle create(Claim claim) {
    AssistantTemplate.Subject subject =
        new AssistantTemplate.Subject(
            claim.userId(), claim.email(), claim.displayName(), claim.id(), installation.id());
    byte[] body = template.render(subject);
    // Last of all, with the slot in hand: rule 5.
    Settle obstacle = attempt.beforeCreate(claim, claim.lease().left(), gate.paused());
    if (obstacle != null) {
      return obstacle;
    }
    Answer<String> answer = impersonal(vapi.create(body), subject);
    boolean accountWorks = true;
    if (answer instanceof Answer.Ambiguous<String> no) {
      accountWorks = vapi.probe() instanceof Answer.Ok<Integer>;
      if (!accountWorks) {
        gate.refuse("HTTP " + no.status());
      }
    }
    return attempt.created(claim, answer, accountWorks);
  }

  /** The slot that an attempt has, or waits for when it first needs one. */
  private final class Turn implements AutoCloseable {
    private final Claim claim;
    private Gate.@Nullable Slot slot;

    Turn(Claim claim, Gate.@Nullable Slot slot) {
      this.claim = claim;
      this.slot = slot;
    }

    /** Waits as long as the lease allows a create; false if there is none in time. */
    boolean comes() {
      if (slot == null) {
        Duration wait = claim.lease().left().minus(policy.leaseForCreate());
        try {
          slot = gate.enter(wait.isNegative() ? Duration.ZERO : wait);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return slot != null;
    }

    @Override
    public void close() {
      if (slot != null) {
        slot.close();
      }
    }
  }

  /** Errors quote what they were sent; what they say is logged and kept. */
  private static Answer<String> impersonal(
      Answer<String> answer, AssistantTemplate.Subject subject) {
    return switch (answer) {
      case Answer.Rejected<String> no ->
          new Answer.Rejected<>(no.status(), subject.conceal(no.message()));
      case Answer.Ambiguous<String> no ->
          new Answer.Ambiguous<>(no.status(), subject.conceal(no.message()));
      case Answer.Refused<String> no ->
          new Answer.Refused<>(no.status(), subject.conceal(no.message()));
      case Answer.Unknown<String> unknown ->
          new Answer.Unknown<>(subject.conceal(unknown.reason()));
      default -> answer;
    };
  }

  private static void log(Outcome outcome) {
    switch (outcome.result()) {
      case ERRORED, FAILED, LOST ->
          LOG.warn(
              "Provision {} of user {}: {}. {}",
              outcome.provisionId(),
              outcome.userId(),
              outcome.result().text(),
              outcome.error() == null ? "" : outcome.error());
      default ->
          LOG.info(
              "Provision {} of user {}: {}.",
              outcome.provisionId(),
              outcome.userId(),
              outcome.result().text());
    }
  }
}
