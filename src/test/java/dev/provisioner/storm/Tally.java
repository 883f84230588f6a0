package dev.provisioner.storm;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** How often each trouble really came, and to whom where that can be told. */
final class Tally {
  private final Map<Trouble, AtomicInteger> times = new EnumMap<>(Trouble.class);
  private final Map<Trouble, Set<UUID>> users = new EnumMap<>(Trouble.class);
  private final Map<Trouble, Set<String>> assistants = new EnumMap<>(Trouble.class);

  Tally() {
    for (Trouble each : Trouble.values()) {
      times.put(each, new AtomicInteger());
      users.put(each, ConcurrentHashMap.newKeySet());
      assistants.put(each, ConcurrentHashMap.newKeySet());
    }
  }

  void came(Trouble trouble) {
    came(trouble, 1);
  }

  void came(Trouble trouble, int count) {
    Objects.requireNonNull(times.get(trouble)).addAndGet(count);
  }

  void cameTo(UUID user, Trouble trouble) {
    came(trouble);
    Objects.requireNonNull(users.get(trouble)).add(user);
  }

  /** To whoever this assistant was made for. */
  void cameToAssistant(String id, Trouble trouble) {
    came(trouble);
    Objects.requireNonNull(assistants.get(trouble)).add(id);
  }

  int times(Trouble trouble) {
    return Objects.requireNonNull(times.get(trouble)).get();
  }

  Set<UUID> users(Trouble trouble) {
    return Set.copyOf(Objects.requireNonNull(users.get(trouble)));
  }

  Set<String> assistants(Trouble trouble) {
    return Set.copyOf(Objects.requireNonNull(assistants.get(trouble)));
  }
}
