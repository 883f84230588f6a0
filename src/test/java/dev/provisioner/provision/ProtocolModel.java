package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;

import dev.provisioner.provision.Scene.Flight;
import dev.provisioner.provision.Scene.Kind;
import dev.provisioner.provision.Scene.Made;
import dev.provisioner.provision.Scene.Phase;
import dev.provisioner.provision.Scene.Row;
import dev.provisioner.provision.Scene.Tombstone;
import dev.provisioner.provision.Scene.Worker;
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
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.vapi.Answer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What may happen next in a {@link Scene}: every step of every worker, in any order, with every
 * fault that is left. What the workers decide is decided by the service's own {@link Attempt},
 * {@link Look} and {@link Standing}; what their statements do, by {@link TableModel}.
 */
class ProtocolModel {
  /** An assistant that is none of our doing. */
  static final String OF_THE_APP = "app";

  private static final UUID USER = new UUID(0, 99);
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Lease LEASE =
      Lease.startingNow(LONG, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), () -> 0);
  private static final Answer<String> UNKNOWN = new Answer.Unknown<>("?");
  private static final List<Answer<String>> NOES =
      List.of(
          new Answer.Rejected<>(400, "?"),
          new Answer.Throttled<>(null));

  /** What others may do, beside what may go wrong. */
  enum Interference {
    APP_GIVES_AN_ASSISTANT,
    USER_IS_DELETED,
    ROW_IS_DELETED_BY_HAND,
    ASSISTANT_IS_DELETED_BY_HAND,
    AUDIT
  }

  private final int slots;
  private final Set<Interference> interferences;
  private final TableModel table;
  private final Attempt attempt;

  /**
   * @param slots how many workers there are, for attempts, looks and audits
   */
  ProtocolModel(int slots, Set<Interference> interferences, TableModel table, Attempt attempt) {
    this.slots = slots;
    this.interferences = interferences;
    this.table = table;
    this.attempt = attempt;
  }

  static Judge judge(int maxAttempts) {
    return new Judge(
        new Policy(Duration.ofSeconds(20), LONG, maxAttempts, true), new Backoff(() -> 0.5));
  }

  /** Where what may happen is told. */
  interface Sink {
    /**
     * One thing that may happen.
     *
     * @param fault whether something had to go wrong, or somebody to interfere, for it
     */
    void happens(String what, Scene next, boolean fault);
  }

  private boolean may(Interference interference) {
    return interferences.contains(interference);
  }

  /** Tells everything that may happen next. */
  void next(Scene scene, Sink sink) {
    new Moment(scene, sink).everything();
  }

  /** Room for a mutant: what an adoption does to the others that it has found. */
  void adopting(Scene scene, Get get) {}

  private final class Moment {
    private final Scene scene;
    private final Sink sink;

    Moment(Scene scene, Sink sink) {
      this.scene = scene;
      this.sink = sink;
    }

    void everything() {
      for (int i = 0; i < scene.workers.size(); i++) {
        work(i);
      }
      for (int i = 0; i < Scene.ROWS; i++) {
        row(i);
      }
      if (scene.workers.size() < slots) {
        take();
      }
      vapi();
      people();
    }

    private void happens(String what, Consumer<Scene> change) {
      happens(what, false, change);
    }

    /** Only while faults are left. */
    private void fault(String what, Consumer<Scene> change) {
      if (scene.faultsLeft > 0) {
        happens(what, true, change);
      }
    }

    private void happens(String what, boolean fault, Consumer<Scene> change) {
      Scene next = scene.copy();
      if (fault) {
        next.faultsLeft--;
        next.untroubled = false;
        next.creates = 0;
      }
      change.accept(next);
      sink.happens(what, next.normalize(), fault);
    }

    // ---- rows and who may take them

    private void row(int i) {
      Row row = scene.rows[i];
      if (!row.exists) {
        return;
      }
      if (scene.workers.size() < slots
          && (row.status == Status.PENDING
              || row.status == Status.ERRORED
              || row.status == Status.FAILED
              || (row.status == Status.PROCESSING && row.leaseOver))) {
        happens("claim row " + i, next -> {
          Worker worker = new Worker();
          table.claim(next, i, worker);
          worker.step = attempt.begin(claim(worker));
          next.workers.add(worker);
        });
      }
      if (row.status == Status.PROCESSING && !row.leaseOver) {
        boolean orphaned =
            scene.workers.stream()
                .noneMatch(each -> each.kind == Kind.ATTEMPT && each.row == i && each.mine == row.token);
        if (orphaned || scene.faultsLeft > 0) {
          happens("lease of row " + i + " ends", !orphaned, next -> {
            next.rows[i].leaseOver = true;
            for (Worker each : next.workers) {
              if (each.kind == Kind.ATTEMPT && each.row == i && each.mine == next.rows[i].token) {
                each.leaseOver = true;
              }
            }
          });
        }
      }
      if (row.isSettledInDoubt() && !row.aged && nothingOnItsWay(i)) {
        happens("H passes for row " + i, next -> {
          next.rows[i].aged = true;
          endLeases(next, i);
        });
      }
    }

    /** The limits of the promise: nothing takes effect, or is missing from listings, for over H. */
    private boolean nothingOnItsWay(int row) {
      return scene.flights.stream().noneMatch(each -> each.row() == row)
          && scene.workers.stream()
              .noneMatch(each -> each.kind == Kind.ATTEMPT && each.row == row && each.phase == Phase.SENT && !each.frozen)
          && scene.atVapi.stream().allMatch(each -> each.listed() || each.row() != row);
    }

    /** No lease lasts as long as H, by whichever clock. */
    private static void endLeases(Scene next, int row) {
      for (Worker each : next.workers) {
        each.leaseOver |= each.kind == Kind.ATTEMPT && each.row == row;
      }
    }

    private void take() {
      for (int i = 0; i < Scene.ROWS; i++) {
        int row = i;
        if (scene.rows[row].isSettledInDoubt()) {
          happens("take a look at row " + row, next -> {
            Worker worker = new Worker();
            worker.kind = Kind.LOOK_AT_ROW;
            worker.phase = Phase.LIST;
            table.takeLook(next, row, worker);
            next.workers.add(worker);
          });
        }
      }
      Tombstone stone = scene.tombstone;
      if (stone != null) {
        happens("take a look at the tombstone", next -> {
          Worker worker = new Worker();
          worker.kind = Kind.LOOK_AT_TOMBSTONE;
          worker.phase = Phase.LIST;
          table.takeTombstone(requireNonNull(next.tombstone), worker);
          next.workers.add(worker);
        });
        if (!stone.aged && (nothingOnItsWay(0) && nothingOnItsWay(1))) {
          happens("H passes for the tombstone", next -> {
            requireNonNull(next.tombstone).aged = true;
            endLeases(next, 0);
            endLeases(next, 1);
          });
        }
      }
      // Whatever an audit has listed, it deals with one after the other, each read anew.
      for (Made each : scene.atVapi) {
        if (may(Interference.AUDIT) && each.listed()) {
          happens("an audit lists " + each.id(), next -> {
            Worker worker = new Worker();
            worker.kind = Kind.AUDIT;
            worker.phase = Phase.READ;
            worker.found = List.of(stripped(each));
            next.workers.add(worker);
          });
        }
      }
    }

    // ---- what happens at Vapi, and what people do

    private void vapi() {
      for (Flight flight : scene.flights) {
        happens("a late create is applied", next -> {
          next.flights.remove(flight);
          apply(next, flight.row(), flight.born(), true);
        });
        fault("a late create is applied, unlisted", next -> {
          next.flights.remove(flight);
          apply(next, flight.row(), flight.born(), false);
        });
        happens("a late create is never applied", next -> next.flights.remove(flight));
      }
      for (String id : scene.lateDeletes) {
        happens("a late delete is applied", next -> {
          next.lateDeletes.remove(id);
          delete(next, id);
        });
      }
      for (Made each : scene.atVapi) {
        if (!each.listed()) {
          happens("listings catch up", next ->
              next.atVapi.replaceAll(it ->
                  it.equals(each) ? new Made(it.id(), it.row(), it.born(), true) : it));
        }
      }
    }

    private void people() {
      if (!scene.userGone) {
        if (may(Interference.USER_IS_DELETED)) {
          fault("the user is deleted", table::deleteUser);
        }
        if (scene.inUse == null) {
          if (may(Interference.APP_GIVES_AN_ASSISTANT)) {
            fault("the app gives the user an assistant", next -> next.inUse = OF_THE_APP);
          }
          if (!scene.hasOpenRow() && scene.rowsMade < Scene.ROWS) {
            happens("a user without a row is enqueued", table::enqueue);
          }
        }
        String inUse = scene.inUse;
        if (may(Interference.ASSISTANT_IS_DELETED_BY_HAND)
            && !scene.meddled
            && inUse != null
             && scene.find(inUse) != null) {
          fault("somebody deletes the assistant in use at Vapi", next -> {
            next.meddled = true;
            next.atVapi.removeIf(each -> each.id().equals(inUse));
          });
        }
        // The audit alone finds that out, so here it needs no leave.
        if (inUse != null && isDangling(inUse) && scene.rowsMade < Scene.ROWS && !scene.hasOpenRow()) {
          happens("an audit gives the user a new row", next -> {
            next.inUse = null;
            table.enqueue(next);
          });
        }
      }
      for (int i = 0; i < Scene.ROWS; i++) {
        int row = i;
        if (may(Interference.ROW_IS_DELETED_BY_HAND) && !scene.meddled && scene.rows[row].exists) {
          fault("somebody deletes row " + row, next -> {
            next.meddled = true;
            table.deleteRow(next, row);
          });
        }
      }
    }

    /** Rule 17: gone at Vapi, and recorded by a row of ours. */
    private boolean isDangling(String id) {
      if (scene.find(id) != null) {
        return false;
      }
      for (Row row : scene.rows) {
        if (row.exists && row.status == Status.PROCESSED && id.equals(row.remembered)) {
          return true;
        }
      }
      return false;
    }

    // ---- workers

    private void work(int i) {
      Worker worker = scene.workers.get(i);
      // A look that has done nothing yet may as well not have been taken.
      if ((worker.kind == Kind.ATTEMPT && !worker.frozen) || worker.phase == Phase.DELETE || worker.phase == Phase.END) {
        fault("worker " + i + " crashes", next -> {
          next.workers.remove(i);
          if (worker.phase == Phase.SENT) {
            next.flights.add(new Flight(worker.row, worker.mine));
          }
        });
      }
      if (worker.phase == Phase.DELETE || worker.step instanceof Delete) {
        fault("worker " + i + " crashes, its delete is late", next -> {
          next.workers.remove(i);
          next.lateDeletes.add(target(worker));
        });
      }
      switch (worker.kind) {
        case ATTEMPT -> attempt(i, worker);
        case LOOK_AT_ROW, LOOK_AT_TOMBSTONE, AUDIT -> look(i, worker);
      }
    }

    private void attempt(int i, Worker worker) {
      String who = "worker " + i + " ";
      Claim claim = claim(worker);
      switch (worker.phase) {
        case SENT -> {
          if (!worker.frozen) {
            fault(who + "freezes", next -> {
              Worker me = next.workers.get(i);
              me.frozen = true;
              me.leaseOver = true;
              Row row = next.rows[worker.row];
              row.leaseOver |= row.token == worker.mine && row.status == Status.PROCESSING;
            });
          }
          happens(who + "creates", next -> answered(next, i, claim, true, true));
          fault(who + "creates, unlisted", next -> answered(next, i, claim, false, true));
          fault(who + "creates, the answer is lost", next -> answered(next, i, claim, true, false));
          fault(who + "hears nothing, and the create comes late or never", next -> {
            next.flights.add(new Flight(worker.row, worker.mine));
            go(next, i, attempt.created(claim, UNKNOWN, true));
          });
          for (Answer<String> no : NOES) {
            fault(who + "is told " + no, next -> go(next, i, attempt.created(claim, no, true)));
          }
        }
        default -> step(i, worker, claim, who);
      }
    }

    private void step(int i, Worker worker, Claim claim, String who) {
      switch (requireNonNull(worker.step)) {
        case TakeListing it -> {
          happens(who + "lists", next -> go(next, i, attempt.listed(claim, listed(worker).stream().map(Made::id).toList())));
          fault(who + "cannot list", next -> go(next, i, attempt.couldNotLook(claim, UNKNOWN)));
        }
        case Get it -> {
          String id = it.candidates().getFirst();
          happens(who + "gets " + id, next -> {
            boolean there = next.find(id) != null;
            if (there) {
              adopting(next, it);
            }
            go(next, i, attempt.got(claim, it, there ? new Answer.Ok<>(id) : new Answer.Missing<>()));
          });
          fault(who + "cannot get " + id, next -> go(next, i, attempt.got(claim, it, UNKNOWN)));
        }
        case Create it -> {
          Settle obstacle =
              attempt.beforeCreate(claim, worker.leaseOver ? Duration.ZERO : LONG, Duration.ZERO);
          if (obstacle == null) {
            happens(who + "sends", next -> {
              next.workers.get(i).phase = Phase.SENT;
              if (next.untroubled && next.creates++ > 0) {
                next.violation = "two creates although nothing went wrong";
              }
            });
          } else {
            happens(who + "may not send", next -> go(next, i, obstacle));
          }
        }
        case Settle it -> {
          happens(who + "settles", next -> go(next, i, attempt.settled(claim, it, settle(next, i, it))));
          fault(who + "settles, the answer is lost", next -> settle(next, i, it));
          Settle instead = attempt.settleRefused(claim, it, "?");
          if (instead != null) {
            fault(who + "cannot settle: the settings refuse", next -> go(next, i, instead));
          }
        }
        case Mark it -> {
          happens(who + "marks", next -> {
            table.mark(next, next.workers.get(i), it.assistantId());
            go(next, i, attempt.marked(claim, it));
          });
          fault(who + "marks, the answer is lost", next -> table.mark(next, next.workers.get(i), it.assistantId()));
        }
        case ReadStanding it ->
            happens(who + "reads", next -> go(next, i, attempt.stands(claim, it, next.standing(worker.row))));
        case Delete it -> {
          happens(who + "deletes", next -> {
            delete(next, it.assistantId());
            go(next, i, attempt.deleted(claim));
          });
          fault(who + "cannot delete", next -> go(next, i, attempt.deleted(claim)));
        }
        case End it -> throw new IllegalStateException("ended");
      }
    }

    private void go(Scene next, int i, @Nullable Step step) {
      if (step instanceof End) {
        next.workers.remove(i);
        return;
      }
      Worker worker = next.workers.get(i);
      worker.step = step;
      worker.phase = Phase.STEP;
    }

    private Settled settle(Scene next, int i, Settle settle) {
      Worker worker = next.workers.get(i);
      return switch (settle.verdict()) {
        case AlreadyProvisioned it -> table.settleProcessed(next, worker, null);
        case Provisioned it -> table.settleProcessed(next, worker, it.assistantId());
        case Unfinished it -> new Settled(table.settleUnfinished(next, worker, it), null);
        case LetGo it -> new Settled(table.release(next, worker, it), null);
      };
    }

    private void answered(Scene next, int i, Claim claim, boolean listed, boolean read) {
      String id = apply(next, next.workers.get(i).row, next.workers.get(i).mine, listed);
      go(next, i, attempt.created(claim, read ? new Answer.Ok<>(id) : UNKNOWN, true));
    }

    private String apply(Scene next, int row, int born, boolean listed) {
      String id = next.freshId();
      next.atVapi.add(new Made(id, row, born, listed));
      return id;
    }

    private void delete(Scene next, String id) {
      if (id.equals(next.inUse) && next.find(id) != null) {
        next.violation = "the assistant in use is deleted";
      }
      next.atVapi.removeIf(each -> each.id().equals(id));
    }

    private String target(Worker worker) {
      return worker.step instanceof Delete it ? it.assistantId() : worker.found.getFirst().id();
    }

    /** Of that row, not made before the doubt began. */
    private List<Made> listed(Worker worker) {
      int since = worker.kind == Kind.ATTEMPT ? worker.earlierSince : worker.since;
      return scene.atVapi.stream()
          .filter(each -> each.listed() && each.row() == worker.row && each.born() >= since)
          .toList();
    }

    // ---- looks and audits

    private void look(int i, Worker worker) {
      String who = "worker " + i + " ";
      switch (worker.phase) {
        case LIST ->
            happens(who + "lists", next -> {
              next.workers.get(i).found = found(worker).stream().map(Moment::stripped).toList();
              next.workers.get(i).phase = Phase.READ_WHETHER_TO_ADOPT;
              proceed(next, i);
            });
        case READ_WHETHER_TO_ADOPT ->
            happens(who + "reads whether to adopt", next -> {
              Worker me = next.workers.get(i);
              me.phase = lookAtRow(worker).adopts(next.standing(worker.row)) ? Phase.GET : Phase.READ;
            });
        case GET -> {
          Made first = worker.found.getFirst();
          if (scene.find(first.id()) == null) {
            happens(who + "finds it gone", next -> {
              drop(next, i);
              if (next.workers.get(i).found.isEmpty()) {
                next.workers.remove(i); // not clean: it comes again
              }
            });
          } else {
            happens(who + "finds it there", next -> next.workers.get(i).phase = Phase.ADOPT);
          }
        }
        case ADOPT ->
            happens(who + "adopts for a failed row", next -> {
              table.adoptFailed(next, worker.row, worker.found.getFirst().id());
              next.workers.remove(i); // not clean: it comes again
            });
        case READ ->
            happens(who + "reads", next -> {
              Made first = worker.found.getFirst();
              if (next.standing(first.row()).allowsDeleting(first.id())) {
                next.workers.get(i).phase = Phase.DELETE;
              } else {
                next.workers.get(i).clean &= next.standing(first.row()).uses(first.id());
                drop(next, i);
                proceed(next, i);
              }
            });
        case DELETE -> {
          String id = worker.found.getFirst().id();
          happens(who + "deletes", next -> {
            delete(next, id);
            drop(next, i);
            proceed(next, i);
          });
          fault(who + "cannot delete, or late", next -> {
            next.lateDeletes.add(id);
            next.workers.get(i).clean = false;
            drop(next, i);
            proceed(next, i);
          });
        }
        case END ->
            happens(who + "ends the doubt", next -> {
              if (worker.kind == Kind.LOOK_AT_ROW) {
                table.end(next, worker);
              } else {
                table.endTombstone(next, worker);
              }
              next.workers.remove(i);
            });
        case STEP, SENT -> throw new IllegalStateException("of an attempt");
      }
    }

    private List<Made> found(Worker worker) {
      return switch (worker.kind) {
        case LOOK_AT_ROW -> listed(worker);
        case LOOK_AT_TOMBSTONE -> {
          Tombstone stone = scene.tombstone;
          List<Made> found = new ArrayList<>();
          for (Made each : scene.atVapi) {
            boolean inDoubt =
                stone != null && worker.since != 0 && stone.rows[each.row()] && each.listed() && each.born() >= worker.since;
            if (inDoubt || (stone != null && stone.assistants.contains(each.id()))) {
              found.add(each);
            }
          }
          yield found;
        }
        case ATTEMPT, AUDIT -> throw new IllegalStateException();
      };
    }

    /** What a worker has listed has no moment any more. */
    private static Made stripped(Made made) {
      return new Made(made.id(), made.row(), 0, true);
    }

    private void drop(Scene next, int i) {
      Worker me = next.workers.get(i);
      me.found = me.found.subList(1, me.found.size());
    }

    /** To the next that was found, or to the end. */
    private void proceed(Scene next, int i) {
      Worker me = next.workers.get(i);
      if (!me.found.isEmpty()) {
        if (me.phase != Phase.READ_WHETHER_TO_ADOPT || me.kind != Kind.LOOK_AT_ROW) {
          me.phase = Phase.READ;
        }
      } else if (me.kind != Kind.AUDIT && lookOf(me).ends(me.clean)) {
        me.phase = Phase.END;
      } else {
        next.workers.remove(i);
      }
    }

    private Look lookOf(Worker worker) {
      return worker.kind == Kind.LOOK_AT_ROW
          ? lookAtRow(worker)
          : new Look.OfTombstone(
              USER, Set.of(), Set.of(), Instant.EPOCH, doubt(worker.since, worker.until), worker.last);
    }

    private Look.OfProvision lookAtRow(Worker worker) {
      return new Look.OfProvision(
          id(worker.row), USER, worker.status, requireNonNull(doubt(worker.since, worker.until)), worker.last);
    }
  }

  // ---- the service's own words for what a scene holds

  private static Claim claim(Worker worker) {
    return new Claim(
        id(worker.row),
        USER,
        null,
        null,
        worker.was,
        worker.attempts,
        new UUID(1, worker.mine),
        at(worker.mine),
        at(worker.mine),
        doubt(worker.earlierSince, worker.earlierUntil),
        worker.remembered,
        worker.inUse,
        LEASE);
  }

  private static UUID id(int row) {
    return new UUID(0, row);
  }

  private static Instant at(int moment) {
    return Instant.ofEpochSecond(moment);
  }

  private static @Nullable Doubt doubt(int since, int until) {
    return since == 0 ? null : new Doubt(at(since), at(until));
  }
}
