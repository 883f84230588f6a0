package dev.provisioner.provision;

import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.VapiClient;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * Finds this installation's assistants at Vapi. Vapi cannot search by metadata, so all that were
 * created in a window are listed; callers hold a slot of the gate.
 */
final class Census {
  private static final Comparator<Assistant> OLDEST_FIRST =
      Comparator.comparing(Assistant::createdAt).thenComparing(Assistant::id);

  private final VapiClient vapi;
  private final Installation installation;

  Census(VapiClient vapi, Installation installation) {
    this.vapi = vapi;
    this.installation = installation;
  }

  /**
   * Ours that these doubts may have made, oldest first; or why it cannot be told.
   *
   * @param wanted the others are not kept: the windows may hold a hundred thousand
   */
  Answer<List<Assistant>> take(Collection<Doubt> doubts, Predicate<Assistant> wanted) {
    List<Assistant> found = new ArrayList<>();
    for (Window window : Window.merge(doubts.stream().map(Doubt::window).toList())) {
      switch (vapi.list(window.from(), window.to(), each -> ours(each) && wanted.test(each))) {
        case Answer.Ok<List<Assistant>> ok -> found.addAll(ok.value());
        case Answer<List<Assistant>> obstacle -> {
          return obstacle;
        }
      }
    }
    found.sort(OLDEST_FIRST);
    return new Answer.Ok<>(found);
  }

  boolean ours(Assistant assistant) {
    return installation.id().equals(assistant.installation());
  }

  boolean ours(Assistant assistant, UUID provisionId) {
    return ours(assistant) && Objects.equals(assistant.provisionId(), provisionId.toString());
  }
}
