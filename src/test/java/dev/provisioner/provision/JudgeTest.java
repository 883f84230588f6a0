package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Provisioned;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.vapi.Answer;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an answer makes of a row, with five attempts allowed and no jitter. */
class JudgeTest {
  private static final int MOST = 5;
  private static final Duration TIMEOUT = Duration.ofSeconds(20);
  private static final Policy POLICY = new Policy(TIMEOUT, Duration.ofMinutes(2), MOST, true);
  private static final Duration WHOLE_LEASE = Duration.ofMinutes(2);

  private final Judge judge = new Judge(POLICY, new Backoff(() -> 0.5));

  @ParameterizedTest
  @ValueSource(ints = {0, MOST - 1})
  void createdAssistantIsTheUsers(int attempts) {
    assertThat(judge.afterCreate(new Answer.Ok<>("a1"), attempts, true))
        .isEqualTo(new Provisioned("a1", false));
  }

  @ParameterizedTest
  @CsvSource({
    "0, ERRORED, PT30S",
    "1, ERRORED, PT30S",
    "2, ERRORED, PT1M",
    "3, ERRORED, PT2M",
    "4, FAILED, PT4M",
    "7, FAILED, PT32M"
  })
  void unknownOutcomeLeavesDoubtAndWaitsUntilNothingCanBeOnItsWay(
      int attempts, Status status, Duration delay) {
    Verdict verdict = judge.afterCreate(new Answer.Unknown<>("HTTP 500: boom"), attempts, true);

    InDoubt doubt = as(InDoubt.class, verdict);
    assertThat(doubt.status()).isEqualTo(status);
    assertThat(doubt.delay()).isEqualTo(delay).isGreaterThanOrEqualTo(TIMEOUT.plusSeconds(10));
    assertThat(doubt.attempts()).isEqualTo(attempts + 1);
    assertThat(doubt.code()).isEqualTo("unknown_outcome");
    assertThat(doubt.message())
        .contains("HTTP 500: boom", "An assistant may exist")
        .contains(status == Status.FAILED ? "all attempts are spent" : "the next attempt looks");
    assertThat(doubt.assistantId()).isNull();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, MOST - 1})
  void rejectedRowFailsAtOnceWithWhatVapiSaid(int attempts) {
    Verdict verdict =
        judge.afterCreate(
            new Answer.Rejected<>(400, "model.model must be one of …"), attempts, true);

    assertThat(verdict)
        .isEqualTo(
            new Refrained(
                Status.FAILED,
                Duration.ZERO,
                attempts + 1,
                "rejected",
                "Vapi answered 400: model.model must be one of …"));
  }

  @ParameterizedTest
  @CsvSource({"0, ERRORED, PT15S", "3, ERRORED, PT2M", "4, FAILED, PT4M"})
  void ambiguousAnswerIsAboutTheRowWhileTheAccountWorks(
      int attempts, Status status, Duration delay) {
    Verdict verdict = judge.afterCreate(new Answer.Ambiguous<>(403, "no"), attempts, true);

    assertThat(verdict)
        .isEqualTo(new Refrained(status, delay, attempts + 1, "rejected", "Vapi answered 403: no"));
  }

  static List<Answer<String>> refusals() {
    return List.of(new Answer.Ambiguous<>(402, "pay"), new Answer.Refused<>(401, "Invalid Key."));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void refusedAccountSpendsNoAttemptAndSaysWhatToLookAt(Answer<String> answer) {
    Refrained verdict = as(Refrained.class, judge.afterCreate(answer, MOST - 1, false));

    assertThat(verdict.status()).isEqualTo(Status.ERRORED);
    assertThat(verdict.delay()).isEqualTo(Duration.ofMinutes(1));
    assertThat(verdict.attempts()).isEqualTo(MOST - 1);
    assertThat(verdict.code()).isEqualTo("account_refused");
    assertThat(verdict.message())
        .contains("Vapi answered 40", "VAPI_API_KEY", "VAPI_BASE_URL", "no attempt was spent");
  }

  @ParameterizedTest
  @CsvSource({"0, PT3S, PT3S", "4, PT3S, PT3S", "0, , PT15S", "1, , PT15S", "4, , PT2M"})
  void throttledRowWaitsAsAskedOrElseItsBackoffAndSpendsNoAttempt(
      int attempts, @Nullable Duration retryAfter, Duration delay) {
    Refrained verdict =
        as(Refrained.class, judge.afterCreate(new Answer.Throttled<>(retryAfter), attempts, true));

    assertThat(verdict.status()).isEqualTo(Status.ERRORED);
    assertThat(verdict.delay()).isEqualTo(delay);
    assertThat(verdict.attempts()).isEqualTo(attempts);
    assertThat(verdict.code()).isEqualTo("throttled");
    assertThat(verdict.message()).contains("429", "by itself");
  }

  @ParameterizedTest
  @CsvSource({"0, ERRORED, PT15S", "4, FAILED, PT4M"})
  void whatWasNotSentIsTriedAgainWithoutDoubt(int attempts, Status status, Duration delay) {
    Verdict verdict = judge.afterCreate(new Answer.NotSent<>("connection refused"), attempts, true);

    assertThat(verdict)
        .isEqualTo(
            new Refrained(
                status,
                delay,
                attempts + 1,
                "unreachable",
                "Vapi was not reached: connection refused"));
  }

  @Test
  void createIsNeverAnsweredMissing() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> judge.afterCreate(new Answer.Missing<>(), 0, true));
  }

  static Stream<Answer<String>> unhelpfulAnswersToAListing() {
    return Stream.of(
        new Answer.Unknown<>("HTTP 502: Bad Gateway"),
        new Answer.Rejected<>(400, "HTTP 502: Bad Gateway"),
        new Answer.Ambiguous<>(403, "HTTP 502: Bad Gateway"));
  }

  @ParameterizedTest
  @MethodSource("unhelpfulAnswersToAListing")
  void rowThatCouldNotBeLookedForIsTriedAgain(Answer<String> answer) {
    Refrained first = as(Refrained.class, judge.couldNotLook(answer, 0));
    Refrained last = as(Refrained.class, judge.couldNotLook(answer, MOST - 1));

    assertThat(first.status()).isEqualTo(Status.ERRORED);
    assertThat(first.delay()).isEqualTo(Duration.ofSeconds(15));
    assertThat(first.attempts()).isEqualTo(1);
    assertThat(first.code()).isEqualTo("could_not_look");
    assertThat(first.message()).contains("HTTP 502: Bad Gateway");
    assertThat(last.status()).isEqualTo(Status.FAILED);
    assertThat(last.attempts()).isEqualTo(MOST);
  }

  @Test
  void obstaclesThatAreNotTheListingsOwnCountAsEver() {
    assertThat(as(Refrained.class, judge.couldNotLook(new Answer.Refused<>(401, "no"), 4)))
        .extracting(Refrained::code, Refrained::status, Refrained::attempts)
        .containsExactly("account_refused", Status.ERRORED, 4);
    assertThat(as(Refrained.class, judge.couldNotLook(new Answer.Throttled<>(TIMEOUT), 4)))
        .extracting(Refrained::code, Refrained::status, Refrained::delay)
        .containsExactly("throttled", Status.ERRORED, TIMEOUT);
    assertThat(as(Refrained.class, judge.couldNotLook(new Answer.NotSent<>("refused"), 4)))
        .extracting(Refrained::code, Refrained::status, Refrained::attempts)
        .containsExactly("unreachable", Status.FAILED, 5);
  }

  @Test
  void whatIsNoObstacleIsNotJudgedAsOne() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> judge.couldNotLook(new Answer.Ok<>(List.of()), 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> judge.couldNotLook(new Answer.Missing<>(), 0));
  }

  @ParameterizedTest
  @CsvSource({"0, ERRORED", "3, ERRORED", "4, FAILED"})
  void assistantThatTheAppRefusesIsRemembered(int attempts, Status status) {
    InDoubt verdict = judge.settingsRefused("a1", "SQLSTATE 23514, table t", attempts);

    assertThat(verdict.status()).isEqualTo(status);
    assertThat(verdict.assistantId()).isEqualTo("a1");
    assertThat(verdict.attempts()).isEqualTo(attempts + 1);
    assertThat(verdict.code()).isEqualTo("settings_refused");
    assertThat(verdict.message()).contains("user_settings", "SQLSTATE 23514, table t", "Mend");
  }

  @Test
  void bugLeavesDoubt() {
    Unfinished verdict = judge.broken(0);

    assertThat(verdict).isInstanceOf(InDoubt.class);
    assertThat(verdict.status()).isEqualTo(Status.ERRORED);
    assertThat(verdict.delay()).isEqualTo(Duration.ofSeconds(30));
    assertThat(verdict.attempts()).isEqualTo(1);
    assertThat(verdict.code()).isEqualTo("internal_error");
  }

  @Test
  void claimWithTimeAndAttemptsLeftMayCreate() {
    assertThat(judge.beforeCreate(MOST - 1, TIMEOUT.plusSeconds(5), Duration.ZERO)).isNull();
  }

  @Test
  void spentRowFailsInsteadOfCreating() {
    Refrained verdict =
        as(Refrained.class, judge.beforeCreate(MOST, WHOLE_LEASE, Duration.ofSeconds(1)));

    assertThat(verdict.status()).isEqualTo(Status.FAILED);
    assertThat(verdict.attempts()).isEqualTo(MOST);
    assertThat(verdict.code()).isEqualTo("attempts_spent");
    assertThat(verdict.message()).contains("All 5 attempts are spent");
  }

  @Test
  void pausedRowIsLetGoUntilThePauseEnds() {
    assertThat(judge.beforeCreate(0, WHOLE_LEASE, Duration.ofSeconds(7)))
        .isEqualTo(new LetGo(Duration.ofSeconds(7)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT24.999S", "PT0S", "PT-1M"})
  void claimThatCouldEndBeforeItsCallIsLetGo(Duration leaseLeft) {
    assertThat(judge.beforeCreate(0, leaseLeft, Duration.ZERO))
        .isEqualTo(new LetGo(Duration.ofSeconds(15)));
  }

  private static <T> T as(Class<T> type, @Nullable Object verdict) {
    assertThat(verdict).isInstanceOf(type);
    return type.cast(requireNonNull(verdict));
  }
}
