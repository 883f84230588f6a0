package dev.provisioner.mutants;

import java.util.List;

/** What is made of Vapi's answers, and of none. */
final class OfAnswers {
  private static final String CLASSIFICATION = "vapi/Classification";
  private static final String CLIENT = "vapi/VapiClient";
  private static final String JUDGE = "provision/Judge";

  static final List<Mutant> ALL =
      List.of(
          Mutant.of(9, "a 5xx is taken for a definite no")
              .edit(CLASSIFICATION, "status >= 400 && status < 500 &&", "status >= 400 &&")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(9, "a 408 is taken for a definite no")
              .edit(CLASSIFICATION, " && status != 408", "")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(9, "a conflict is taken for a definite no")
              .edit(
                  CLASSIFICATION,
                  "// To a create a conflict may mean that it is already there.\n case 409 -> unknown(reply);",
                  "")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(9, "a body cut short is taken for a definite no")
              .edit(
                  CLASSIFICATION,
                  "id == null ? notUnderstood(reply, \"without an assistant's id\")",
                  "id == null ? new Answer.Rejected<>(reply.status(), \"without an assistant's id\")")
              .caughtBy("LostAnswersTest#appliedButUnanswered"),
          Mutant.of(9, "a broken connection is taken for a create never sent")
              .edit(
                  CLASSIFICATION,
                  "new Answer.Unknown<>(\"no complete answer: \"",
                  "new Answer.NotSent<>(\"no complete answer: \"")
              .caughtBy("LostAnswersTest#appliedButUnanswered"),
          Mutant.of(9, "a timeout is taken for a create never sent")
              .edit(
                  CLIENT,
                  "new Answer.Unknown<>(\"no complete answer within \"",
                  "new Answer.NotSent<>(\"no complete answer within \"")
              .caughtBy("LostAnswersTest#stalledBody"),
          Mutant.of(9, "an unknown outcome is settled as a definite no")
              .edit(
                  JUDGE,
                  "case Answer.Unknown<String> unknown ->\n inDoubt(",
                  "case Answer.Unknown<String> unknown ->\n again(")
              .caughtBy("LostAnswersTest#unansweredAndNotApplied"),
          Mutant.of(8, "a 429 spends an attempt")
              .edit(
                  JUDGE,
                  "wait == null ? backoff.after(attempts) : wait,\n attempts,",
                  "wait == null ? backoff.after(attempts) : wait,\n attempts + 1,")
              .caughtBy(
                  "VapiRefusalTest#throttledRowWaitsAsLongAsAskedAndNobodyElseCallsMeanwhile"),
          Mutant.of(8, "a refused account spends attempts")
              .edit(JUDGE, "ACCOUNT_DELAY,\n attempts,", "ACCOUNT_DELAY,\n attempts + 1,")
              .caughtBy("VapiRefusalTest#refusedKeyStopsAllCallsUntilItWorksAgain"),
          Mutant.of(0, "a 429 pauses nobody else")
              .edit(CLIENT, "gate.throttle(wait == null ? DEFAULT_PAUSE : wait);", "wait = null;")
              .caughtBy(
                  "VapiRefusalTest#throttledRowWaitsAsLongAsAskedAndNobodyElseCallsMeanwhile"),
          Mutant.of(0, "a refused account pauses nobody")
              .edit(
                  CLIENT,
                  "case Answer.Refused<?> refused -> gate.refuse(\"HTTP \" + refused.status());",
                  "case Answer.Refused<?> refused -> {}")
              .caughtBy("VapiRefusalTest#refusedKeyStopsAllCallsUntilItWorksAgain"),
          Mutant.of(0, "after a refusal's pause everybody tries at once")
              .edit("vapi/Gate", "if (refusal != null) {\n trial = slot;", "if (false) {")
              .caughtBy("vapi.GateTest#afterARefusalOneTriesBeforeTheOthers"));

  private OfAnswers() {}
}
