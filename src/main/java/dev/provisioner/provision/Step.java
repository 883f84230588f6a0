package dev.provisioner.provision;

import dev.provisioner.provision.Outcome.Result;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an attempt at a claimed row does next. {@link Attempt} says what follows from its result.
 */
sealed interface Step {
  /** Asks Vapi; the slot of the gate is held, or waited for. */
  sealed interface AtVapi extends Step {}

  /** Rule 3: lists what earlier attempts may have made. */
  record TakeListing() implements AtVapi {}

  /**
   * Rule 4: asks for the first of these by its id.
   *
   * @param candidates not empty
   * @param otherwise when none of them exists
   */
  record Get(List<String> candidates, Step otherwise) implements AtVapi {}

  /** Rule 5: creates, if enough of the lease is left at the last moment. */
  record Create() implements AtVapi {}

  /** Brings what is decided home. */
  sealed interface AtHome extends Step {}

  /** Rules 6 to 9, by token. */
  record Settle(Verdict verdict) implements AtHome {}

  /**
   * Rule 10: remembers that the claim, now lost, may have made an assistant.
   *
   * @param assistantId which one; null where nobody knows
   * @param made how it was come by
   */
  record Mark(@Nullable String assistantId, Result made) implements AtHome {}

  /** Rule 11: reads where the user stands now. */
  record ReadStanding(String assistantId, Result made) implements AtHome {}

  /** Deletes ours, which the reading has shown to be wanted by nobody. */
  record Delete(String assistantId) implements AtHome {}

  /** Nothing is left to be done. */
  record End(Outcome outcome) implements Step {}
}
