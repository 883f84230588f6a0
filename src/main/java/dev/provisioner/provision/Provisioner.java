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
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

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
  private final Observer observer;
  private final LongSupplier nanoTime;

  Provisioner(
      VapiClient vapi,
      Gate gate,
      AssistantTemplate template,
      Installation installation,
      Census census,
      Attempt attempt,
      Settler settler,
      Policy policy,
      Observer observer,
      LongSupplier nanoTime) {
    this.vapi = vapi;
    this.gate = gate;
    this.template = template;
    this.installation = installation;
    this.census = census;
    this.attempt = attempt;
    this.settler = settler;
    this.policy = policy;
    this.observer = observer;
    this.nanoTime = nanoTime;
  }

  /**
   * For a row claimed by itself, with the slot in hand: what is looked for is listed for it alone.
   */
  Outcome provision(Claim claim, Gate.Slot slot) {
    return provision(
        claim,
        slot,
        () ->
            census.take(
                List.of(requireNonNull(claim.earlier())), each -> census.ours(each, claim.id())));
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
    Course course = new Course(claim, nanoTime);
    Settle settle;
    try (Turn turn = new Turn(claim, slot)) {
      settle = ask(claim, turn, listing, course);
    } catch (QueueUnavailableException e) {
      settle = attempt.letGo(Duration.ZERO); // only ever asked before anything is sent
    } catch (StatementRefusedException e) {
      LOG.error("The database refuses ({}); GET /readyz names what is missing.", e.reason());
      settle = attempt.letGo(Judge.ACCOUNT_DELAY);
    } catch (RuntimeException e) {
      LOG.error("Provision {} of user {} met a bug.", claim.id(), claim.userId(), e);
      settle = attempt.broken(claim);
    }
    course.settling();
    Outcome outcome = settler.settle(claim, settle, course);
    Observer.Ended ended = course.ended(outcome);
    log(ended);
    observer.ended(ended);
    Observer.Resolution resolution = course.resolution(outcome);
    if (resolution != null) {
      observer.resolved(resolution);
    }
    return outcome;
  }

  /** Takes the steps at Vapi, until it is decided what becomes of the row. */
  private Settle ask(
      Claim claim, Turn turn, Supplier<@Nullable Answer<List<Assistant>>> listing, Course course) {
    Step step = attempt.begin(claim);
    while (step instanceof AtVapi atVapi) {
      step =
          switch (atVapi) {
            case TakeListing it -> listed(claim, course.atVapi(listing));
            case Get it when turn.comes() ->
                attempt.got(claim, it, course.atVapi(() -> get(claim, it.candidates().getFirst())));
            case Create it when turn.comes() -> create(claim, course);
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

  private Settle create(Claim claim, Course course) {
    AssistantTemplate.Subject subject =
        new AssistantTemplate.Subject(
            claim.userId(), claim.email(), claim.displayName(), claim.id(), installation.id());
    byte[] body = template.render(subject);
    // Last of all, with the slot in hand: rule 5.
    Settle obstacle = attempt.beforeCreate(claim, claim.lease().left(), gate.paused());
    if (obstacle != null) {
      return obstacle;
    }
    Answer<String> answer = impersonal(course.atVapi(() -> vapi.create(body)), subject);
    boolean accountWorks = true;
    if (answer instanceof Answer.Ambiguous<String> no) {
      accountWorks = course.atVapi(vapi::probe) instanceof Answer.Ok<Integer>;
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

  /** One line for each attempt: what happened, what comes next, and the same as fields. */
  private static void log(Observer.Ended ended) {
    Outcome outcome = ended.outcome();
    Level level =
        switch (outcome.result()) {
          case ERRORED, FAILED, LOST -> Level.WARN;
          case CREATED, ADOPTED, ALREADY_PROVISIONED, RELEASED -> Level.INFO;
        };
    LoggingEventBuilder line =
        LOG.atLevel(level)
            .addKeyValue("provision_id", outcome.provisionId())
            .addKeyValue("user_id", outcome.userId())
            .addKeyValue("outcome", outcome.result().text())
            .addKeyValue("attempt", ended.attempt())
            .addKeyValue("vapi_ms", ended.atVapi().toMillis())
            .addKeyValue("total_ms", ended.total().toMillis());
    StringBuilder text =
        new StringBuilder(
            "Provision %s of user %s: %s"
                .formatted(outcome.provisionId(), outcome.userId(), outcome.result().text()));
    if (ended.errorCode() != null) {
      line = line.addKeyValue("error_code", ended.errorCode());
      text.append(" (").append(ended.errorCode()).append(')');
    }
    text.append(
        " at attempt %d, in %d ms, %d of them at Vapi."
            .formatted(ended.attempt(), ended.total().toMillis(), ended.atVapi().toMillis()));
    if (outcome.error() != null) {
      text.append(' ').append(outcome.error());
    }
    if (ended.next() != null) {
      line = line.addKeyValue("next", "in " + ended.next().toSeconds() + " s");
      text.append(" Due again in ").append(ended.next().toSeconds()).append(" s.");
    }
    line.log(text.toString());
  }
}
