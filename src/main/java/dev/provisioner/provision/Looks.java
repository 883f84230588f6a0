package dev.provisioner.provision;

import dev.provisioner.provision.Look.OfProvision;
import dev.provisioner.provision.Look.OfTombstone;
import dev.provisioner.vapi.Answer;
import dev.provisioner.vapi.Assistant;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again, later, at what doubt has left behind, and removes it: rules 12, 15 and 16. A look
 * adopts for a failed row, deletes what nobody uses, and never replaces what somebody does.
 */
final class Looks {
  private static final Logger LOG = LoggerFactory.getLogger(Looks.class);
  private static final int AT_ONCE = 100;

  private final DoubtLedger ledger;
  private final Queue queue;
  private final VapiClient vapi;
  private final Gate gate;
  private final Census census;
  private final Collector collector;
  private final Observer observer;

  Looks(
      DoubtLedger ledger,
      Queue queue,
      VapiClient vapi,
      Gate gate,
      Census census,
      Collector collector,
      Observer observer) {
    this.ledger = ledger;
    this.queue = queue;
    this.vapi = vapi;
    this.gate = gate;
    this.census = census;
    this.collector = collector;
    this.observer = observer;
  }

  /** Takes the looks that are due; each comes again by itself if it is not performed. */
  List<Look> take() {
    List<Look> due = new ArrayList<>(ledger.takeProvisions(AT_ONCE));
    due.addAll(ledger.takeTombstones(AT_ONCE));
    return due;
  }

  /**
   * Callers hold a slot of the gate. If it closes meanwhile, the rest comes again by itself.
   *
   * @param listing ours that these looks concern; null where there is none
   */
  void perform(List<Look> looks, @Nullable Answer<List<Assistant>> listing) {
    for (Look look : looks) {
      if (!gate.isOpen()) {
        return;
      }
      boolean clean =
          switch (look) {
            case OfProvision it -> atProvision(it, listing);
            case OfTombstone it -> atTombstone(it, listing);
          };
      boolean over = look.ends(clean);
      if (over) {
        switch (look) {
          case OfProvision it -> ledger.end(it);
          case OfTombstone it -> ledger.end(it);
        }
      }
      observer.looked(over);
    }
  }

  /** Whether nothing is left to be done. */
  private boolean atProvision(OfProvision look, @Nullable Answer<List<Assistant>> listing) {
    if (!(listing instanceof Answer.Ok<List<Assistant>> ok)) {
      return false;
    }
    List<Assistant> found = concerned(look, ok.value());
    if (!found.isEmpty() && look.adopts(ledger.standing(look.id(), look.userId()))) {
      adopt(look, found);
      return false;
    }
    return collect(look, found);
  }

  private boolean atTombstone(OfTombstone look, @Nullable Answer<List<Assistant>> listing) {
    List<Assistant> found = new ArrayList<>();
    boolean sure = true;
    if (look.doubt() != null) {
      if (listing instanceof Answer.Ok<List<Assistant>> ok) {
        found.addAll(concerned(look, ok.value()));
      } else {
        sure = false;
      }
    }
    for (String id : look.assistantIds()) {
      switch (vapi.get(id)) {
        case Answer.Ok<Assistant> ok -> {
          // Not what the app has handed on to somebody else.
          if (census.ours(ok.value()) && look.userId().toString().equals(ok.value().userId())) {
            found.add(ok.value());
          }
        }
        case Answer.Missing<Assistant> gone -> {}
        case Answer.Rejected<Assistant> no -> {} // what the app had there is no assistant of ours
        case Answer<Assistant> obstacle -> sure = false;
      }
    }
    return collect(look, found) && sure;
  }

  private void adopt(OfProvision look, List<Assistant> found) {
    for (Assistant candidate : found) {
      switch (vapi.get(candidate.id())) {
        case Answer.Ok<Assistant> ok -> {
          try {
            Settled settled = queue.adoptFailed(look.id(), candidate.id());
            if (settled.held() && candidate.id().equals(settled.inUse())) {
              LOG.info(
                  "Provision {} of user {} had failed; its assistant {} appeared after all and is adopted.",
                  look.id(),
                  look.userId(),
                  candidate.id());
              observer.resolved(Observer.Resolution.ADOPTED);
            }
          } catch (StatementRefusedException e) {
            LOG.warn(
                "Provision {} of user {} stays failed: public.user_settings refused its assistant ({}). Mend the table, then reconcile with include_failed.",
                look.id(),
                look.userId(),
                e.reason());
          }
          return;
        }
        case Answer.Missing<Assistant> gone -> {}
        case Answer<Assistant> obstacle -> {
          return;
        }
      }
    }
  }

  private boolean collect(Look look, List<Assistant> found) {
    boolean clean = true;
    for (Assistant each : found) {
      Collector.Fate fate = collector.collect(each.id(), provisionOf(each), look.userId());
      clean &= fate != Collector.Fate.REMAINS;
    }
    return clean;
  }

  private static List<Assistant> concerned(Look look, List<Assistant> ours) {
    return ours.stream().filter(each -> anyConcerns(List.of(look), each)).toList();
  }

  /** Whether the assistant, one of this installation, is a matter of one of these looks. */
  static boolean anyConcerns(List<Look> looks, Assistant assistant) {
    UUID provision = provisionOf(assistant);
    return provision != null && looks.stream().anyMatch(look -> look.concerns(provision));
  }

  private static @Nullable UUID provisionOf(Assistant assistant) {
    String id = assistant.provisionId();
    try {
      return id == null ? null : UUID.fromString(id);
    } catch (IllegalArgumentException e) {
      return null; // made by hand: matches no row
    }
  }
}
