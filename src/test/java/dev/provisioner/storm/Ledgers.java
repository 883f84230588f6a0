package dev.provisioner.storm;

import dev.provisioner.sandbox.SimulatedAssistant;
import dev.provisioner.storm.Weather.Deletion;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The books, held against each other when all is quiet: users, queue, settings, tombstones, and
 * what is really there at Vapi.
 */
final class Ledgers {
  private final Project project;
  private final Map<UUID, @Nullable String> living;
  private final Map<UUID, List<SimulatedAssistant>> made = new HashMap<>();
  private final Map<String, SimulatedAssistant> there = new HashMap<>();

  private Ledgers(Project project) throws SQLException {
    this.project = project;
    this.living =
        project
            .chronicle()
            .perUser(
                """
                select u.id, nullif(s.vapi_assistant_id, '')
                  from auth.users u left join public.user_settings s on s.user_id = u.id
                """);
    project.vapi().assistants().forEach(each -> there.put(each.id(), each));
    project
        .vapi()
        .everCreated()
        .forEach(each -> made.computeIfAbsent(ownerOf(each), user -> new ArrayList<>()).add(each));
  }

  static Ledgers open(Project project) throws SQLException {
    return new Ledgers(project);
  }

  /** The users that there still are. */
  Set<UUID> living() {
    return living.keySet();
  }

  /** Those of them without an assistant that exists. */
  Set<UUID> without() {
    Set<UUID> without = new HashSet<>();
    living.forEach((user, assistant) -> {
      if (assistant == null || !there.containsKey(assistant)) {
        without.add(user);
      }
    });
    return without;
  }

  /** How many assistants each user was ever made, of those who were made any. */
  Map<UUID, Integer> made() {
    Map<UUID, Integer> counts = new HashMap<>();
    made.forEach((user, assistants) -> counts.put(user, assistants.size()));
    return counts;
  }

  /** Who an assistant was made for, for all that were ever made. */
  Map<String, UUID> owners() {
    Map<String, UUID> owners = new HashMap<>();
    made.forEach((user, assistants) -> assistants.forEach(each -> owners.put(each.id(), user)));
    return owners;
  }

  /**
   * All that does not add up.
   *
   * @param users how many have signed up and were not deleted
   * @param deletions every request to delete that Vapi has seen
   */
  List<String> discrepancies(int users, List<Deletion> deletions) throws SQLException {
    List<String> wrong = new ArrayList<>();
    if (living.size() != users) {
      wrong.add("%d users live, not %d".formatted(living.size(), users));
    }
    living.forEach((user, assistant) -> {
      if (assistant == null) {
        wrong.add("user %s has no assistant".formatted(user));
      } else if (!there.containsKey(assistant)) {
        wrong.add("user %s has %s, which is gone from Vapi".formatted(user, assistant));
      } else if (!user.equals(ownerOf(there.get(assistant)))) {
        wrong.add("user %s has %s, which is somebody else's".formatted(user, assistant));
      }
    });
    Set<String> inUse = new HashSet<>(living.values());
    for (SimulatedAssistant each : there.values()) {
      boolean ours = project.installation().equals(each.metadata().get("installation"));
      if (ours && !inUse.contains(each.id())) {
        wrong.add(
            "assistant %s of user %s is in use by nobody"
                .formatted(each.id(), each.metadata().get("user_id")));
      }
    }
    marks(wrong);
    strangers(wrong, deletions);
    wrong.addAll(
        project
            .chronicle()
            .strings(
                """
                select 'row ' || id || ' of user ' || user_id || ' is ' || status
                       || coalesce(', ' || error_code, '')
                       || coalesce(', in doubt since ' || unconfirmed_since, '')
                  from public.pending_vapi_provision
                 where status <> 'processed' or unconfirmed_since is not null
                 union all
                select 'user ' || user_id || ' has left a tombstone' from provisioning.departed
                 union all
                select 'user ' || u.id || ' has no row' from auth.users u
                 where not exists (select from public.pending_vapi_provision q
                                    where q.user_id = u.id)
                """));
    return wrong;
  }

  /** Each in use bears the id of one of its user's rows, and that row knows it. */
  private void marks(List<String> wrong) throws SQLException {
    Map<UUID, @Nullable String> recorded =
        project
            .chronicle()
            .perUser(
                """
                select q.id, q.assistant_id from public.pending_vapi_provision q
                 where q.assistant_id is not null
                """);
    living.forEach((user, assistant) -> {
      SimulatedAssistant found = there.get(assistant);
      if (found != null) {
        Map<String, Object> marks = found.metadata();
        UUID row = UUID.fromString(String.valueOf(marks.get("provision_id")));
        if (!found.id().equals(recorded.get(row))
            || !project.installation().equals(marks.get("installation"))
            || !"vapi-provisioner".equals(marks.get("provisioned_by"))) {
          wrong.add("assistant %s of user %s bears %s".formatted(assistant, user, marks));
        }
      }
    });
  }

  private void strangers(List<String> wrong, List<Deletion> deletions) {
    Set<String> ever = owners().keySet();
    for (SimulatedAssistant each : project.strangers()) {
      SimulatedAssistant now = there.get(each.id());
      if (now == null || !now.metadata().equals(each.metadata())) {
        wrong.add("assistant %s of other people was touched".formatted(each.id()));
      }
    }
    for (Deletion each : deletions) {
      if (!ever.contains(each.assistant())) {
        wrong.add("Vapi was asked to delete %s, which is not ours".formatted(each.assistant()));
      }
    }
  }

  private static UUID ownerOf(@Nullable SimulatedAssistant assistant) {
    Object user = assistant == null ? null : assistant.metadata().get("user_id");
    return UUID.fromString(String.valueOf(user));
  }
}
