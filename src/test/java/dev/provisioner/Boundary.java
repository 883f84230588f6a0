package dev.provisioner;

import java.util.List;
import java.util.Set;

/**
 * A place between two steps of a provision where a process dies, and what must be true then and
 * afterwards, whoever goes on.
 *
 * @param script brings the victim there, kills it, and lets happen what happens too late
 * @param creates how many requests to create an assistant reach Vapi, whatever becomes of them
 * @param made how many assistants ever come to exist
 * @param collectedEarly how many have been deleted when the first look after the death begins; a
 *     missing adoption or compensation would be healed by looks, and shows here and above
 * @param collected how many are deleted in the end
 */
record Boundary(
    String name,
    Script script,
    int creates,
    int made,
    int collectedEarly,
    int collected,
    Set<Successor> successors) {

  /** What happens up to the death, and after it out of the ordinary. */
  interface Script {
    void play(Scene scene) throws Exception;
  }

  /** Who goes on. */
  enum Successor {
    /** A process that is started after the death. */
    RESTARTED,
    /** A second instance that was running all the time. */
    RUNNING;

    @Override
    public String toString() {
      return this == RESTARTED ? "then restarted" : "a second instance goes on";
    }
  }

  /** One create, nothing to collect, and a restart. */
  static Boundary at(String name, Script script) {
    return new Boundary(name, script, 1, 1, 0, 0, Set.of(Successor.RESTARTED));
  }

  Boundary creates(int requests, int assistants) {
    return new Boundary(name, script, requests, assistants, collectedEarly, collected, successors);
  }

  Boundary collects(int early, int all) {
    return new Boundary(name, script, creates, made, early, all, successors);
  }

  /** Played with either successor. */
  Boundary either() {
    return new Boundary(
        name, script, creates, made, collectedEarly, collected, Set.of(Successor.values()));
  }

  /** Played with a running successor only. */
  Boundary running() {
    return new Boundary(
        name, script, creates, made, collectedEarly, collected, Set.of(Successor.RUNNING));
  }

  @Override
  public String toString() {
    return name;
  }

  static List<Boundary> all() {
    return List.of(
            CrashesAtClaim.ALL,
            CrashesAtCreate.ALL,
            CrashesAtSettle.ALL,
            CrashesAtVerdict.ALL,
            CrashesAtAdoption.ALL,
            CrashesAtCompensation.ALL,
            CrashesAtLook.ALL,
            CrashesAtTombstone.ALL,
            CrashesInBatch.ALL)
        .stream()
        .flatMap(List::stream)
        .toList();
  }
}
