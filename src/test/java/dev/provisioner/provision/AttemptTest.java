package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.Outcome.Result;
import dev.provisioner.provision.Step.AtVapi;
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
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Every way that one attempt can go: each kind of claim, each answer to each step. What must hold
 * of an attempt is held against all of them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttemptTest {
  private static final int MOST = 3;
  private static final Duration WHOLE_LEASE = Duration.ofMinutes(2);
  private static final Duration SHORT_LEASE = Duration.ofSeconds(24);
  private static final Policy POLICY = new Policy(Duration.ofSeconds(20), WHOLE_LEASE, MOST, true);
  private static final Lease LEASE =
      Lease.startingNow(WHOLE_LEASE, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), () -> 0);
  private static final Doubt EARLIER = new Doubt(Instant.EPOCH, Instant.EPOCH.plusSeconds(60));
  private static final String REMEMBERED = "remembered";
  private static final String MADE = "made";

  private static final List<Answer<String>> OBSTACLES =
      List.of(
          new Answer.Unknown<>("HTTP 500"),
          new Answer.Rejected<>(400, "no"),
          new Answer.Ambiguous<>(403, "no"),
          new Answer.Refused<>(401, "no"),
          new Answer.Throttled<>(null),
          new Answer.Throttled<>(Duration.ofSeconds(3)),
          new Answer.NotSent<>("refused"));

  private final Attempt attempt = new Attempt(new Judge(POLICY, new Backoff(() -> 0.5)));
  private final List<Way> ways = new ArrayList<>();

  /** A step and what it learnt: an answer, a reading, or null where there is nothing to learn. */
  private record Taken(Step step, @Nullable Object learnt) {}

  /** One attempt from its claim to its end. */
  private record Way(Claim claim, List<Taken> taken, Outcome outcome) {
    List<Step> steps(Class<? extends Step> type) {
      return taken.stream().map(Taken::step).filter(type::isInstance).toList();
    }

    int first(Predicate<Taken> wanted) {
      for (int i = 0; i < taken.size(); i++) {
        if (wanted.test(taken.get(i))) {
          return i;
        }
      }
      return -1;
    }

    /** What was sent, if anything was, was answered so. */
    @Nullable Answer<?> answerToCreate() {
      return taken.stream()
          .filter(each -> each.step() instanceof Create && each.learnt() instanceof Answer<?>)
          .map(each -> (Answer<?>) Objects.requireNonNull(each.learnt()))
          .findFirst()
          .orElse(null);
    }

    /** What was to become of the row at first. */
    Verdict verdict() {
      return ((Settle) steps(Settle.class).getFirst()).verdict();
    }
  }

  @BeforeAll
  void goEveryWay() {
    for (String inUse : new String[] {null, "app"}) {
      for (String remembered : new String[] {null, REMEMBERED}) {
        for (Doubt earlier : new Doubt[] {null, EARLIER}) {
          for (int attempts : new int[] {0, MOST - 1, MOST}) {
            Claim claim = claim(inUse, remembered, earlier, attempts);
            go(claim, attempt.begin(claim), List.of());
          }
        }
      }
    }
    System.out.printf("%,d ways of an attempt%n", ways.size());
  }

  @Test
  void attemptSendsNoMoreThanOneCreate() {
    assertThat(ways).hasSizeGreaterThan(2_000).allMatch(way -> creates(way) <= 1);
  }

  @Test
  void userWithAnAssistantCostsNoCall() {
    assertThat(ways)
        .filteredOn(way -> way.claim.inUse() != null)
        .isNotEmpty()
        .allSatisfy(way -> {
          assertThat(way.steps(AtVapi.class)).isEmpty();
          assertThat(way.verdict()).isEqualTo(new AlreadyProvisioned("app"));
        });
  }

  @Test
  void rowWithoutDoubtCostsOneCall() {
    assertThat(ways)
        .filteredOn(way -> way.claim.plan() == Plan.CREATE)
        .isNotEmpty()
        .allMatch(way -> way.steps(AtVapi.class).size() == 1);
  }

  @Test
  void createFollowsEarlierDoubtOnlyWhereAListingHasShownThatNothingIsThere() {
    assertThat(ways)
        .filteredOn(way -> way.claim.earlier() != null && creates(way) == 1)
        .isNotEmpty()
        .allSatisfy(way -> {
          int listing = way.first(each -> each.step() instanceof TakeListing);
          int create = way.first(each -> each.step() instanceof Create);
          assertThat(listing).isBetween(0, create - 1);
          assertThat(way.taken.get(listing).learnt()).isInstanceOf(List.class);
          assertThat(way.taken.subList(0, create))
              .filteredOn(each -> each.step() instanceof Get)
              .allMatch(each -> each.learnt() instanceof Answer.Missing);
        });
  }

  @Test
  void whatIsRememberedIsAskedForBeforeAnythingIsCreated() {
    assertThat(ways)
        .filteredOn(way -> way.claim.remembered() != null && creates(way) == 1)
        .isNotEmpty()
        .allSatisfy(way -> {
          assertThat(way.taken.getFirst().step()).isInstanceOf(Get.class);
          assertThat(way.taken.getFirst().learnt()).isInstanceOf(Answer.Missing.class);
        });
  }

  @Test
  void lookingThatFailsLeadsToNoCreate() {
    assertThat(ways)
        .filteredOn(way ->
            way.first(each ->
                (each.step() instanceof TakeListing || each.step() instanceof Get)
                    && each.learnt() instanceof Answer<?> answer
                    && !(answer instanceof Answer.Ok || answer instanceof Answer.Missing))
                >= 0)
        .isNotEmpty()
        .allSatisfy(way -> {
          assertThat(creates(way)).isZero();
          assertThat(way.verdict()).isInstanceOf(Refrained.class);
        });
  }

  @Test
  void oldestThatExistsIsAdoptedAndNothingElseTouched() {
    assertThat(ways)
        .filteredOn(way -> way.verdict() instanceof Provisioned it && it.adopted())
        .isNotEmpty()
        .allSatisfy(way -> {
          Taken get = way.taken.get(way.first(each -> each.learnt() instanceof Answer.Ok));
          String oldest = ((Get) get.step()).candidates().getFirst();
          assertThat(way.verdict()).isEqualTo(new Provisioned(oldest, true));
          assertThat(way.steps(Delete.class)).allMatch(new Delete(oldest)::equals);
        });
  }

  @Test
  void onlyADefiniteNoPutsTheEarlierDoubtBack() {
    assertThat(ways)
        .filteredOn(way -> way.answerToCreate() != null)
        .isNotEmpty()
        .allSatisfy(way -> {
          Answer<?> answer = Objects.requireNonNull(way.answerToCreate());
          Class<? extends Verdict> expected =
              switch (answer) {
                case Answer.Ok<?> ok -> Provisioned.class;
                case Answer.Unknown<?> unknown -> InDoubt.class;
                default -> Refrained.class;
              };
          assertThat(way.verdict()).isInstanceOf(expected);
        });
  }

  @Test
  void nothingIsSentWithoutEnoughOfTheLease() {
    assertThat(ways)
        .filteredOn(way -> way.first(each -> SHORT_LEASE.equals(each.learnt())) >= 0)
        .isNotEmpty()
        .allMatch(way -> creates(way) == 0)
        .allMatch(way -> way.verdict() instanceof LetGo || way.claim.attempts() >= MOST);
  }

  @Test
  void rowWithAllAttemptsSpentOnlyLooks() {
    assertThat(ways)
        .filteredOn(way -> way.claim.attempts() >= MOST)
        .isNotEmpty()
        .allMatch(way -> creates(way) == 0);
  }

  @Test
  void rowFailsExactlyWhenItIsRejectedOrItsAttemptsAreSpent() {
    assertThat(ways)
        .filteredOn(way -> way.verdict() instanceof Unfinished)
        .isNotEmpty()
        .allSatisfy(way -> {
          Unfinished verdict = (Unfinished) way.verdict();
          boolean rejected = way.answerToCreate() instanceof Answer.Rejected;
          boolean spares =
              verdict.code().equals("throttled") || verdict.code().equals("account_refused");
          assertThat(verdict.status() == Status.FAILED)
              .as("%s", way)
              .isEqualTo(rejected || (!spares && verdict.attempts() >= MOST));
          assertThat(verdict.attempts() - way.claim.attempts())
              .as("%s", way)
              .isEqualTo(spares || verdict.code().equals("attempts_spent") ? 0 : 1);
        });
  }

  @Test
  void claimLostAfterASuccessOrAnUnknownIsMarked() {
    assertThat(ways)
        .filteredOn(way -> {
          int settle = way.first(each -> each.step() instanceof Settle);
          Verdict verdict = way.verdict();
          return (verdict instanceof Provisioned || verdict instanceof InDoubt)
              && way.taken.get(settle).learnt() instanceof Settled settled
              && !settled.held();
        })
        .isNotEmpty()
        .allMatch(way -> way.steps(Mark.class).size() == 1);
  }

  @Test
  void nothingIsDeletedButOnesOwnAfterMarkingAndAReadingThatAllowsIt() {
    assertThat(ways)
        .filteredOn(way -> !way.steps(Delete.class).isEmpty())
        .isNotEmpty()
        .allSatisfy(way -> {
          int last = way.taken.size() - 1;
          String its = ((Delete) way.taken.get(last).step()).assistantId();
          assertThat(way.steps(Delete.class)).hasSize(1);
          assertThat(way.taken.get(last - 1).step()).isInstanceOf(ReadStanding.class);
          Standing standing = (Standing) Objects.requireNonNull(way.taken.get(last - 1).learnt());
          assertThat(standing.allowsDeleting(its)).isTrue();
          assertThat(way.taken.get(last - 2).step()).isInstanceOf(Mark.class);
          assertThat(way.outcome.result()).isEqualTo(Result.LOST);
        });
  }

  @Test
  void outcomeNamesAnAssistantExactlyWhereTheUserHasOne() {
    assertThat(ways)
        .allSatisfy(way ->
            assertThat(way.outcome.assistantId() != null)
                .as("%s", way)
                .isEqualTo(
                    switch (way.outcome.result()) {
                      case CREATED, ADOPTED, ALREADY_PROVISIONED -> true;
                      case ERRORED, FAILED, LOST, RELEASED -> false;
                    }));
  }

  private static long creates(Way way) {
    return way.taken.stream()
        .filter(each -> each.step() instanceof Create && each.learnt() instanceof Answer)
        .count();
  }

  // ---- every way there is

  private void go(Claim claim, Step step, List<Taken> taken) {
    assertThat(taken).as("an attempt that does not end").hasSizeLessThan(12);
    switch (step) {
      case TakeListing it -> {
        for (List<String> ours : List.of(List.<String>of(), List.of("a"), List.of("a", "b"))) {
          go(claim, attempt.listed(claim, ours), and(taken, it, ours));
        }
        for (Answer<String> no : OBSTACLES) {
          go(claim, attempt.couldNotLook(claim, no), and(taken, it, no));
        }
        go(claim, attempt.letGo(Duration.ZERO), and(taken, it, null));
      }
      case Get it -> {
        Answer<String> there = new Answer.Ok<>(it.candidates().getFirst());
        go(claim, attempt.got(claim, it, there), and(taken, it, there));
        Answer<String> gone = new Answer.Missing<>();
        go(claim, attempt.got(claim, it, gone), and(taken, it, gone));
        for (Answer<String> no : OBSTACLES) {
          go(claim, attempt.got(claim, it, no), and(taken, it, no));
        }
      }
      case Create it -> create(claim, it, taken);
      case Settle it -> settle(claim, it, taken);
      case Mark it -> go(claim, attempt.marked(claim, it), and(taken, it, null));
      case ReadStanding it -> {
        for (boolean row : new boolean[] {true, false}) {
          for (String inUse : new String[] {null, it.assistantId(), "another"}) {
            Standing standing = new Standing(row, inUse);
            go(claim, attempt.stands(claim, it, standing), and(taken, it, standing));
          }
        }
      }
      case Delete it -> go(claim, attempt.deleted(claim), and(taken, it, null));
      case End it -> ways.add(new Way(claim, taken, it.outcome()));
    }
  }

  private void create(Claim claim, Create create, List<Taken> taken) {
    for (Duration left : List.of(WHOLE_LEASE, SHORT_LEASE, Duration.ofSeconds(-1))) {
      for (Duration paused : List.of(Duration.ZERO, Duration.ofSeconds(7))) {
        Settle obstacle = attempt.beforeCreate(claim, left, paused);
        if (obstacle != null) {
          go(claim, obstacle, and(taken, create, left));
        } else {
          Answer<String> made = new Answer.Ok<>(MADE);
          go(claim, attempt.created(claim, made, true), and(taken, create, made));
          for (Answer<String> no : OBSTACLES) {
            for (boolean works : new boolean[] {true, false}) {
              go(claim, attempt.created(claim, no, works), and(taken, create, no));
            }
          }
        }
      }
    }
  }

  private void settle(Claim claim, Settle settle, List<Taken> taken) {
    List<String> inUse = new ArrayList<>(List.of("another"));
    if (settle.verdict() instanceof Provisioned it) {
      inUse.add(it.assistantId());
      inUse.add(null);
    }
    for (String its : inUse) {
      Settled held = new Settled(true, its);
      go(claim, attempt.settled(claim, settle, held), and(taken, settle, held));
    }
    Settled lost = new Settled(false, null);
    go(claim, attempt.settled(claim, settle, lost), and(taken, settle, lost));
    Settle instead = attempt.settleRefused(claim, settle, "SQLSTATE 23502");
    if (instead != null) {
      go(claim, instead, and(taken, settle, "refused"));
    }
  }

  private static List<Taken> and(List<Taken> taken, Step step, @Nullable Object learnt) {
    List<Taken> more = new ArrayList<>(taken);
    more.add(new Taken(step, learnt));
    return more;
  }

  private static Claim claim(
      @Nullable String inUse, @Nullable String remembered, @Nullable Doubt earlier, int attempts) {
    return new Claim(
        new UUID(0, 1),
        new UUID(0, 2),
        null,
        null,
        Status.ERRORED,
        attempts,
        new UUID(0, 3),
        Instant.EPOCH,
        Instant.EPOCH.plusSeconds(120),
        earlier,
        remembered,
        inUse,
        LEASE);
  }
}
