package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Verdict.AlreadyProvisioned;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
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

/** One attempt at one claimed row: decide what is so, adopt or create, settle. */
final class Provisioner {
  private static final Logger LOG = LoggerFactory.getLogger(Provisioner.class);

  private final VapiClient vapi;
  private final Gate gate;
  private final AssistantTemplate template;
  private final Installation installation;
  private final Census census;
  private final Judge judge;
  private final Settler settler;
  private final Policy policy;

  Provisioner(
      VapiClient vapi,
      Gate gate,
      AssistantTemplate template,
      Installation installation,
      Census census,
      Judge judge,
      Settler settler,
      Policy policy) {
    this.vapi = vapi;
    this.gate = gate;
    this.template = template;
    this.installation = installation;
    this.census = census;
    this.judge = judge;
    this.settler = settler;
    this.policy = policy;
  }

  /**
   * For a row claimed by itself, with the slot in hand: what is looked for is listed for it alone.
   */
  Outcome provision(Claim claim, Gate.Slot slot) {
    return provision(
        claim,
        slot,
        () ->
            claim.earlier() == null
                ? new Answer.Ok<>(List.of())
                : census.take(List.of(claim.earlier())));
  }

  /**
   * For a row of a batch.
   *
   * @param listing ours, listed after the claim, in the windows of the whole batch; null where no
   *     slot could be had for it
   */
  Outcome provisionInBatch(Claim claim, @Nullable Answer<List<Assistant>> listing) {
    if (claim.plan() == Plan.LOOK_FIRST && claim.remembered() == null) {
      // Vapi is not asked again, so no slot is waited for.
      if (listing == null) {
        return settle(claim, new LetGo(gate.paused()));
      }
      if (!(listing instanceof Answer.Ok<List<Assistant>>)) {
        return settle(claim, judge.couldNotLook(listing, claim.attempts()));
      }
    }
    return provision(claim, null, () -> listing);
  }

  private Outcome provision(
      Claim claim, Gate.@Nullable Slot held, Supplier<@Nullable Answer<List<Assistant>>> listing) {
    Verdict verdict;
    try (Gate.Slot slot = held != null || claim.inUse() != null ? held : enter(claim)) {
      verdict =
          slot == null && claim.inUse() == null ? new LetGo(gate.paused()) : decide(claim, listing);
    } catch (QueueUnavailableException e) {
      verdict = new LetGo(Duration.ZERO); // only ever asked before anything is sent
    } catch (StatementRefusedException e) {
      LOG.error("The database refuses ({}); GET /readyz names what is missing.", e.reason());
      verdict = new LetGo(Judge.ACCOUNT_DELAY);
    } catch (RuntimeException e) {
      LOG.error("Provision {} of user {} met a bug.", claim.id(), claim.userId(), e);
      verdict = judge.broken(claim.attempts());
    }
    return settle(claim, verdict);
  }

  private Outcome settle(Claim claim, Verdict verdict) {
    Outcome outcome = settler.settle(claim, verdict);
    log(outcome);
    return outcome;
  }

  /** Waits for a slot as long as the lease allows a create; null if there is none in time. */
  private Gate.@Nullable Slot enter(Claim claim) {
    Duration wait = claim.lease().left().minus(policy.leaseForCreate());
    try {
      return gate.enter(wait.isNegative() ? Duration.ZERO : wait);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  private Verdict decide(Claim claim, Supplier<@Nullable Answer<List<Assistant>>> listing) {
    return switch (claim.plan()) {
      case RECORD_EXISTING -> new AlreadyProvisioned(requireNonNull(claim.inUse()));
      case LOOK_FIRST -> {
        Verdict found = find(claim, listing);
        yield found == null ? create(claim) : found;
      }
      case CREATE -> create(claim);
    };
  }

  /** Rules 3 and 4. Null: certainly nothing there. */
  private @Nullable Verdict find(Claim claim, Supplier<@Nullable Answer<List<Assistant>>> listing) {
    if (claim.remembered() != null) {
      Verdict found = firstOf(List.of(claim.remembered()), claim);
      if (found != null) {
        return found; // without waiting for a listing
      }
    }
    if (claim.earlier() == null) {
      return null;
    }
    return switch (listing.get()) {
      case null -> new LetGo(gate.paused());
      case Answer.Ok<List<Assistant>> ok ->
          firstOf(
              ok.value().stream()
                  .filter(each -> census.ours(each, claim.id()))
                  .map(Assistant::id)
                  .toList(),
              claim);
      case Answer<List<Assistant>> obstacle -> judge.couldNotLook(obstacle, claim.attempts());
    };
  }

  private @Nullable Verdict firstOf(List<String> candidates, Claim claim) {
    for (String candidate : candidates) {
      switch (vapi.get(candidate)) {
        case Answer.Ok<Assistant> ok -> {
          if (census.ours(ok.value(), claim.id())) {
            return new Provisioned(candidate, true);
          }
        }
        case Answer.Missing<Assistant> gone -> {}
        case Answer<Assistant> obstacle -> {
          return judge.couldNotLook(obstacle, claim.attempts());
        }
      }
    }
    return null;
  }

  private Verdict create(Claim claim) {
    AssistantTemplate.Subject subject =
        new AssistantTemplate.Subject(
            claim.userId(), claim.email(), claim.displayName(), claim.id(), installation.id());
    byte[] body = template.render(subject);
    // Last of all, with the slot in hand: rule 5.
    Verdict obstacle = judge.beforeCreate(claim.attempts(), claim.lease().left(), gate.paused());
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
    return judge.afterCreate(answer, claim.attempts(), accountWorks);
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
