package dev.provisioner.provision;

import dev.provisioner.provision.AuditRefusal.Reason;
import dev.provisioner.provision.AuditReport.Dangling;
import dev.provisioner.provision.AuditReport.Deletion;
import dev.provisioner.provision.AuditReport.Findings;
import dev.provisioner.provision.AuditReport.Kind;
import dev.provisioner.provision.AuditReport.Requeueing;
import dev.provisioner.provision.AuditReport.Stray;
import dev.provisioner.provision.Inventory.Ours;
import dev.provisioner.provision.Inventory.Span;
import dev.provisioner.provision.Inventory.Used;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the queue, the settings and Vapi's list, and mends on request what no doubt remembers.
 *
 * <p>Provisions go on meanwhile, so the order of reading decides what can be told:
 *
 * <ul>
 *   <li><b>Vapi is listed first, the database read afterwards.</b> An assistant that was listed was
 *       created before; if the database then shows it in use by nobody, and no row that could yet
 *       adopt it, nobody will. One created after the listing is not looked at.
 *   <li><b>A missing id is only believed if it was settled before the listing began</b>, and if
 *       Vapi, asked for it by id, answers 404: once to report it, and again just before the user is
 *       enqueued anew. A listing may lag, an id may be of another installation.
 * </ul>
 *
 * <p>What is deleted goes through the {@link Collector}, which reads once more. A listing that is
 * not complete, or a database whose rows we may not see, would make everything look lost: then
 * there is no audit.
 */
public final class Audit {
  private static final Logger LOG = LoggerFactory.getLogger(Audit.class);

  private final Parts its;
  private final AtomicBoolean running = new AtomicBoolean();
  private final CountDownLatch stopped = new CountDownLatch(1);

  /**
   * What it is made of.
   *
   * @param pause between two calls to Vapi
   */
  record Parts(
      VapiClient vapi,
      Gate gate,
      Duration pause,
      Policy policy,
      Installation installation,
      Organisation organisation,
      SchemaCheck schema,
      Queue queue,
      Inventory inventory,
      Census census,
      Collector collector,
      LongSupplier nanoTime) {}

  Audit(Parts parts) {
    this.its = parts;
  }

  /**
   * What is asked for.
   *
   * @param apply mend what is found
   * @param installation whose; must be given, and ours, to apply
   * @param force mend however much it is
   */
  public record Request(boolean apply, @Nullable String installation, boolean force) {}

  /** No further call to Vapi is made; one audit that is under way ends as stopped. */
  public void stop() {
    stopped.countDown();
  }

  /**
   * Audits, which takes at least the pause between calls for every thousand assistants.
   *
   * @throws QueueUnavailableException the database cannot be asked; what was mended is mended
   */
  public AuditResult audit(Request request) {
    if (!running.compareAndSet(false, true)) {
      return new AuditRefusal(
          Reason.RUNNING,
          "An audit is running in this instance. Wait until it has answered, then send it again.");
    }
    try {
      return run(request);
    } catch (AuditStop e) {
      LOG.warn("No audit, or not all of it: {}", e.refusal().detail());
      return e.refusal();
    } finally {
      running.set(false);
    }
  }

  private AuditReport run(Request request) {
    long begin = its.nanoTime.getAsLong();
    Pace pace = new Pace(its.gate, its.pause, stopped);
    checkDatabase();
    String ours = its.installation.id();
    checkInstallation(request, ours);
    Span span = its.inventory.span();
    Listed listed = list(pace, span);
    Organisation.Known organisation = checkOrganisation();
    Findings findings = compare(pace, listed, span, organisation);
    long toMend = findings.toMend();
    long enqueued = 0;
    if (request.apply()) {
      checkMeasure(request, findings);
      Mender mender = new Mender(its, pace);
      findings = mender.mend(findings);
      enqueued = mender.enqueueMissing();
    }
    AuditReport report =
        new AuditReport(
            ours,
            organisation.pinned(),
            request.apply(),
            request.force(),
            findings,
            toMend,
            enqueued,
            Duration.ofNanos(its.nanoTime.getAsLong() - begin));
    LOG.info(
        "Audited {} assistants, {}: {} to mend; deleted {}, requeued {}, enqueued {}.",
        findings.assistants(),
        request.apply() ? "to mend" : "to report",
        toMend,
        findings.count(Deletion.DELETED),
        findings.count(Requeueing.REQUEUED),
        enqueued);
    return report;
  }

  private void checkDatabase() {
    List<String> problems = its.schema.problems();
    if (!problems.isEmpty()) {
      throw new AuditStop(
          Reason.DATABASE_UNFIT,
          "The database does not show all there is, or lacks what an audit needs. As role postgres: "
              + String.join(" ", problems));
    }
  }

  private static void checkInstallation(Request request, String ours) {
    String named = request.installation();
    if (named == null ? request.apply() : !named.equals(ours)) {
      throw new AuditStop(
          Reason.OTHER_INSTALLATION,
          named == null
              ? "To apply, say whose assistants are meant: \"installation\": \"%s\"."
                  .formatted(ours)
              : "This is another installation than the one named: here it is \"installation\": \"%s\". Is this the service that you meant?"
                  .formatted(ours));
    }
  }

  /** Ours at Vapi, by id; and how many there are that name no row or no user. */
  private record Listed(Map<String, Ours> ours, Set<String> unmarked) {}

  private Listed list(Pace pace, Span span) {
    Listed listed = new Listed(new HashMap<>(), new HashSet<>());
    Answer<List<Assistant>> failure =
        its.vapi.walk(
            span.since().minus(Doubt.MARGIN),
            span.now().plus(Doubt.MARGIN),
            call -> {
              Answer<List<Assistant>> answer = pace.turn(call);
              if (answer == null) {
                throw couldNotLook("calls are paused");
              }
              return answer;
            },
            each -> note(each, listed));
    if (failure != null) {
      throw couldNotLook(described(failure));
    }
    return listed;
  }

  private void note(Assistant assistant, Listed listed) {
    if (!its.census.ours(assistant)) {
      return;
    }
    UUID provision = uuid(assistant.provisionId());
    UUID user = uuid(assistant.userId());
    if (provision == null || user == null) {
      listed.unmarked().add(assistant.id());
    } else {
      listed
          .ours()
          .put(assistant.id(), new Ours(assistant.id(), provision, user, assistant.createdAt()));
    }
  }

  private Organisation.Known checkOrganisation() {
    Organisation.Known known = its.organisation.compare();
    if (known.differ()) {
      throw new AuditStop(Reason.OTHER_ORGANISATION, Organisation.trouble(known));
    }
    return known;
  }

  private Findings compare(Pace pace, Listed listed, Span span, Organisation.Known organisation) {
    Set<String> used = new HashSet<>();
    List<Dangling> absent = new ArrayList<>();
    long[] others = {0};
    its.inventory.inUse(
        span.now(),
        page -> {
          pace.checkStopped();
          for (Used each : page) {
            UUID recordedBy = each.recordedBy();
            if (listed.ours().containsKey(each.assistant())
                || listed.unmarked().contains(each.assistant())) {
              used.add(each.assistant());
            } else if (recordedBy == null) {
              others[0]++;
            } else if (each.settled()) {
              absent.add(
                  new Dangling(
                      each.user(), recordedBy, each.assistant(), Requeueing.WOULD_REQUEUE, null));
            }
          }
        });
    if (organisation.pinned() != null && organisation.seen() == null && !absent.isEmpty()) {
      throw new AuditStop(
          Reason.OTHER_ORGANISATION,
          "Vapi lists nothing at all, so it cannot be told whether VAPI_API_KEY belongs to this database's organisation (%s), where assistants are in use. Compare the key; once a user was provisioned with it, audit again."
              .formatted(organisation.pinned()));
    }
    List<Stray> strays = strays(listed.ours(), used);
    int inUse = listed.ours().size() + listed.unmarked().size() - strays.size();
    listed.unmarked().removeAll(used);
    List<Dangling> dangling = confirm(pace, absent);
    Inventory.Missing missing = its.inventory.missing();
    return new Findings(
        inUse + strays.size(),
        inUse - listed.unmarked().size(),
        listed.unmarked().size(),
        others[0],
        strays,
        dangling,
        missing.since(),
        missing.before());
  }

  private List<Stray> strays(Map<String, Ours> ours, Set<String> used) {
    List<Ours> unused =
        ours.values().stream()
            .filter(each -> !used.contains(each.id()))
            .sorted(Comparator.comparing(Ours::createdAt).thenComparing(Ours::id))
            .toList();
    Map<String, Standing> standings = its.inventory.standings(unused);
    List<Stray> strays = new ArrayList<>();
    for (Ours each : unused) {
      Standing standing = standings.get(each.id());
      if (standing != null && !each.id().equals(standing.inUse())) {
        strays.add(stray(each, standing));
      }
    }
    return strays;
  }

  /** Held back is what rule 12 holds back; where assistants outlive their users, so do orphans. */
  private Stray stray(Ours it, Standing standing) {
    Kind kind =
        !standing.allowsDeleting(it.id())
            ? Kind.HELD_BACK
            : standing.inUse() == null ? Kind.ORPHAN : Kind.DUPLICATE;
    boolean kept =
        switch (kind) {
          case HELD_BACK -> true;
          case ORPHAN -> !its.policy.deprovision();
          case DUPLICATE -> false;
        };
    return new Stray(
        kind,
        it.id(),
        it.provision(),
        it.user(),
        it.createdAt(),
        standing.inUse(),
        kept ? Deletion.KEPT : Deletion.WOULD_DELETE);
  }

  /** Only those that Vapi does not have, or does not show. */
  private List<Dangling> confirm(Pace pace, List<Dangling> absent) {
    List<Dangling> dangling = new ArrayList<>();
    for (Dangling each : absent) {
      Answer<Assistant> answer = pace.turn(() -> its.vapi.get(each.assistantId()));
      switch (answer) {
        case null -> throw couldNotLook("calls are paused");
        case Answer.Missing<Assistant> gone -> dangling.add(each);
        case Answer.Ok<Assistant> there -> {} // of another installation, or listed late
        case Answer<Assistant> obstacle -> dangling.add(each.with(Requeueing.UNCONFIRMED));
      }
    }
    return dangling;
  }

  private static void checkMeasure(Request request, Findings findings) {
    if (!request.force() && findings.toMend() > findings.limit()) {
      throw new AuditStop(
          Reason.TOO_MUCH_TO_MEND,
          "There is more to mend than is done unasked: %d assistants to delete, %d users whose assistant is gone, %d users without a row; together more than %d. Look at the report of an audit that does not apply. If it is right, send \"force\": true."
              .formatted(
                  findings.count(Deletion.WOULD_DELETE),
                  findings.count(Requeueing.WOULD_REQUEUE),
                  findings.missing(),
                  findings.limit()));
    }
  }

  private AuditStop couldNotLook(String why) {
    Duration pause =
        switch (its.gate.state()) {
          case Gate.State.Open open -> Duration.ofSeconds(10);
          case Gate.State.Throttled it -> it.remaining();
          case Gate.State.Refused it -> it.remaining();
        };
    return new AuditStop(
        new AuditRefusal(
            Reason.VAPI_UNAVAILABLE,
            "Vapi could not be asked for all there is (%s), and part of it tells nothing. Nothing was changed. Send it again; if it lasts, see GET /readyz."
                .formatted(why),
            pause));
  }

  private static String described(Answer<?> failure) {
    return switch (failure) {
      case Answer.Unknown<?> it -> it.reason();
      case Answer.NotSent<?> it -> it.reason();
      case Answer.Rejected<?> it -> "HTTP " + it.status();
      case Answer.Ambiguous<?> it -> "HTTP " + it.status();
      case Answer.Refused<?> it -> "HTTP " + it.status();
      case Answer.Throttled<?> it -> "it asks for fewer calls";
      case Answer.Missing<?> it -> "HTTP 404";
      case Answer.Ok<?> it -> "no failure";
    };
  }

  private static @Nullable UUID uuid(@Nullable String text) {
    try {
      return text == null ? null : UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      return null; // made by hand
    }
  }
}
