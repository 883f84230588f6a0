package dev.provisioner.provision;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Everything that matters about one user at one moment, for the model: the rows, what the app has,
 * what is at Vapi and on its way there, and where each worker is. Moments are small numbers, of
 * which only the order counts; zero is none.
 */
final class Scene {
  private static final Map<Step, Integer> STEPS = new ConcurrentHashMap<>();
  private static final AtomicInteger NEXT_STEP = new AtomicInteger();

  /** The user may get a second row, where the first is done or deleted. */
  static final int ROWS = 2;

  private static final Comparator<Worker> BY_TELLING = Comparator.comparing(it -> it.told);

  /** A row of the queue, as far as the protocol reads or writes it. */
  static final class Row {
    boolean exists;
    Status status = Status.PENDING;
    int token;
    int since;
    int until;
    int attempts;
    @Nullable String remembered;

    /** A processing row may be claimed by anybody. */
    boolean leaseOver;

    /** A settled row was settled, and all that its doubt covers begun, more than H ago. */
    boolean aged;

    boolean isOpen() {
      return exists && status != Status.PROCESSED && status != Status.FAILED;
    }

    boolean isSettledInDoubt() {
      return exists && !isOpen() && since != 0;
    }

    Row copy() {
      Row copy = new Row();
      copy.exists = exists;
      copy.status = status;
      copy.token = token;
      copy.since = since;
      copy.until = until;
      copy.attempts = attempts;
      copy.remembered = remembered;
      copy.leaseOver = leaseOver;
      copy.aged = aged;
      return copy;
    }
  }

  /** What a deleted user, or a deleted row in doubt, has left. */
  static final class Tombstone {
    boolean[] rows = new boolean[ROWS];
    List<String> assistants = List.of();
    int touched;
    int since;
    int until;
    boolean aged;

    Tombstone copy() {
      Tombstone copy = new Tombstone();
      copy.rows = rows.clone();
      copy.assistants = assistants;
      copy.touched = touched;
      copy.since = since;
      copy.until = until;
      copy.aged = aged;
      return copy;
    }
  }

  /**
   * An assistant of ours at Vapi.
   *
   * @param row it was made for
   * @param born when the claim was made that led to it
   * @param listed whether listings show it yet
   */
  record Made(String id, int row, int born, boolean listed) {}

  /** A create whose sender is gone; Vapi may apply it yet. */
  record Flight(int row, int born) {}

  /** What a worker is at. */
  enum Kind {
    ATTEMPT,
    LOOK_AT_ROW,
    LOOK_AT_TOMBSTONE,
    AUDIT
  }

  /** How far it is with it. */
  enum Phase {
    /** Of an attempt: the step is to be taken. */
    STEP,
    /** The create is sent. */
    SENT,
    /** Of a look or an audit: to be listed. */
    LIST,
    /** Whether to adopt is to be read. */
    READ_WHETHER_TO_ADOPT,
    /** The first of what was found is to be asked for. */
    GET,
    /** The first of what was found is to be adopted. */
    ADOPT,
    /** Whether the first of what was found may be deleted is to be read. */
    READ,
    /** The delete of the first of what was found is sent. */
    DELETE,
    /** The doubt is to be ended. */
    END
  }

  /** One worker at one thing. */
  static final class Worker {
    Kind kind = Kind.ATTEMPT;
    Phase phase = Phase.STEP;
    int row;

    // Of an attempt: the claim, and what comes next.
    int mine;
    int earlierSince;
    int earlierUntil;
    Status was = Status.PENDING;
    int attempts;
    @Nullable String remembered;
    @Nullable String inUse;
    boolean leaseOver;

    /** It stood still for more than H before its create went out. The promise holds if it lives. */
    boolean frozen;

    @Nullable Step step;

    // Of a look: what it was taken with, and what is still to be dealt with.
    Status status = Status.PROCESSED;
    int since;
    int until;
    int touched;
    boolean last;
    boolean clean = true;
    List<Made> found = List.of();

    private String told = "";

    Worker copy() {
      Worker copy = new Worker();
      copy.kind = kind;
      copy.phase = phase;
      copy.row = row;
      copy.mine = mine;
      copy.earlierSince = earlierSince;
      copy.earlierUntil = earlierUntil;
      copy.was = was;
      copy.attempts = attempts;
      copy.remembered = remembered;
      copy.inUse = inUse;
      copy.leaseOver = leaseOver;
      copy.frozen = frozen;
      copy.step = step;
      copy.status = status;
      copy.since = since;
      copy.until = until;
      copy.touched = touched;
      copy.last = last;
      copy.clean = clean;
      copy.found = found;
      return copy;
    }
  }

  final Row[] rows = new Row[ROWS];
  final List<Worker> workers = new ArrayList<>();
  final List<Made> atVapi = new ArrayList<>();
  final List<Flight> flights = new ArrayList<>();
  final List<String> lateDeletes = new ArrayList<>();
  @Nullable Tombstone tombstone;
  @Nullable String inUse;
  boolean userGone;

  /** How many rows there ever were; the next one takes this place, if there is one. */
  int rowsMade = 1;

  /** Whether somebody has deleted something by hand; once is enough. */
  boolean meddled;

  int faultsLeft;

  /** Nothing has gone wrong yet, and nobody interfered. */
  boolean untroubled = true;

  /** Creates sent while that is so. */
  int creates;

  int clock;

  /** What must never happen, and has. */
  @Nullable String violation;

  private String told = "";

  /** A user whose row has just been made. */
  static Scene justVerified(int faults) {
    Scene scene = new Scene();
    for (int i = 0; i < ROWS; i++) {
      scene.rows[i] = new Row();
    }
    scene.rows[0].exists = true;
    scene.faultsLeft = faults;
    return scene;
  }

  Scene copy() {
    Scene copy = new Scene();
    for (int i = 0; i < ROWS; i++) {
      copy.rows[i] = rows[i].copy();
    }
    for (Worker worker : workers) {
      copy.workers.add(worker.copy());
    }
    copy.atVapi.addAll(atVapi);
    copy.flights.addAll(flights);
    copy.lateDeletes.addAll(lateDeletes);
    copy.tombstone = tombstone == null ? null : tombstone.copy();
    copy.inUse = inUse;
    copy.userGone = userGone;
    copy.rowsMade = rowsMade;
    copy.meddled = meddled;
    copy.faultsLeft = faultsLeft;
    copy.untroubled = untroubled;
    copy.creates = creates;
    copy.clock = clock;
    copy.violation = violation;
    return copy;
  }

  int now() {
    return ++clock;
  }

  @Nullable Made find(String id) {
    for (Made each : atVapi) {
      if (each.id().equals(id)) {
        return each;
      }
    }
    return null;
  }

  /** An id that nobody knows of. */
  String freshId() {
    StringBuilder known = new StringBuilder(tell());
    workers.forEach(each ->
        known.append(each.step).append(each.found).append(each.remembered).append(each.inUse));
    for (char c = 'a'; ; c++) {
      String id = "#" + c;
      if (known.indexOf(id) < 0) {
        return id;
      }
    }
  }

  Standing standing(int row) {
    return new Standing(rows[row].exists, inUse);
  }

  boolean hasOpenRow() {
    return Arrays.stream(rows).anyMatch(each -> each.exists && each.status != Status.PROCESSED);
  }

  /** Whether nothing will happen any more unless something new is done. */
  boolean isQuiet() {
    return workers.isEmpty()
        && flights.isEmpty()
        && lateDeletes.isEmpty()
        && tombstone == null
        && atVapi.stream().allMatch(Made::listed)
        && Arrays.stream(rows).noneMatch(each -> each.isOpen() || each.isSettledInDoubt());
  }

  /** What the promise says of a quiet end. */
  boolean isAsPromised() {
    if (userGone) {
      return atVapi.isEmpty();
    }
    boolean failed =
        Arrays.stream(rows).anyMatch(each -> each.exists && each.status == Status.FAILED);
    if (inUse == null) {
      return failed && atVapi.isEmpty();
    }
    return inUse.equals(ProtocolModel.OF_THE_APP)
        ? atVapi.isEmpty()
        : !failed && atVapi.size() == 1 && atVapi.getFirst().id().equals(inUse);
  }

  /** Renames moments by their order and forgets what makes no difference. */
  Scene normalize() {
    int[] names = new int[clock + 1];
    visitMoments(moment -> {
      names[moment] = 1;
      return moment;
    });
    names[0] = 0;
    int next = 0;
    for (int i = 1; i <= clock; i++) {
      names[i] = names[i] == 0 ? 0 : ++next;
    }
    visitMoments(moment -> names[moment]);
    clock = next;
    for (Row row : rows) {
      if (!row.exists || row.status == Status.PROCESSED) {
        row.attempts = 0;
      }
    }
    flights.sort(Comparator.comparingInt(Flight::row).thenComparingInt(Flight::born));
    lateDeletes.sort(Comparator.naturalOrder());
    for (Worker worker : workers) {
      worker.told = describe(worker);
    }
    workers.sort(BY_TELLING);
    told = tell();
    return this;
  }

  private interface Renaming {
    int apply(int moment);
  }

  private void visitMoments(Renaming renaming) {
    for (Row row : rows) {
      row.token = renaming.apply(row.token);
      row.since = renaming.apply(row.since);
      row.until = renaming.apply(row.until);
    }
    Tombstone stone = tombstone;
    if (stone != null) {
      stone.touched = renaming.apply(stone.touched);
      stone.since = renaming.apply(stone.since);
      stone.until = renaming.apply(stone.until);
    }
    for (int i = 0; i < atVapi.size(); i++) {
      atVapi.set(i, renamed(atVapi.get(i), renaming));
    }
    flights.replaceAll(each -> new Flight(each.row(), renaming.apply(each.born())));
    for (Worker worker : workers) {
      worker.mine = renaming.apply(worker.mine);
      worker.earlierSince = renaming.apply(worker.earlierSince);
      worker.earlierUntil = renaming.apply(worker.earlierUntil);
      worker.since = renaming.apply(worker.since);
      worker.until = renaming.apply(worker.until);
      worker.touched = renaming.apply(worker.touched);
    }
  }

  private static Made renamed(Made made, Renaming renaming) {
    return new Made(made.id(), made.row(), renaming.apply(made.born()), made.listed());
  }

  private static int nameOf(@Nullable Step step) {
    return step == null ? -1 : STEPS.computeIfAbsent(step, it -> NEXT_STEP.getAndIncrement());
  }

  private static String describe(Worker worker) {
    StringBuilder text = new StringBuilder(64);
    text.append(worker.kind.name().charAt(0))
        .append(worker.kind.name().length())
        .append(worker.phase)
        .append(worker.row);
    if (worker.kind == Kind.ATTEMPT) {
      text.append(" mine")
          .append(worker.mine)
          .append(" earlier")
          .append(worker.earlierSince)
          .append('-')
          .append(worker.earlierUntil)
          .append(worker.was)
          .append(worker.attempts)
          .append(worker.remembered)
          .append(worker.inUse)
          .append(worker.leaseOver)
          .append(worker.frozen)
          .append('s')
          .append(nameOf(worker.step));
    } else {
      text.append(worker.status)
          .append(worker.since)
          .append('-')
          .append(worker.until)
          .append('t')
          .append(worker.touched)
          .append(worker.last)
          .append(worker.clean)
          .append(worker.found);
    }
    return text.toString();
  }

  /** Equal for what is the same; only once it is normalized. */
  @Override
  public String toString() {
    return told;
  }

  private String tell() {
    StringBuilder text = new StringBuilder(256);
    for (Row row : rows) {
      if (row.exists) {
        text.append(row.status)
            .append(" token")
            .append(row.token)
            .append(" doubt")
            .append(row.since)
            .append('-')
            .append(row.until)
            .append(" n")
            .append(row.attempts)
            .append(' ')
            .append(row.remembered)
            .append(row.leaseOver ? " leaseOver" : "")
            .append(row.aged ? " aged" : "");
      }
      text.append('|');
    }
    text.append(" inUse=")
        .append(inUse)
        .append(userGone ? " userGone" : "")
        .append(meddled ? " meddled" : "")
        .append(rowsMade);
    text.append(" vapi=").append(atVapi).append(flights).append(lateDeletes);
    Tombstone stone = tombstone;
    if (stone != null) {
      text.append(" tombstone")
          .append(Arrays.toString(stone.rows))
          .append(stone.assistants)
          .append(stone.touched)
          .append(':')
          .append(stone.since)
          .append('-')
          .append(stone.until)
          .append(stone.aged);
    }
    for (Worker worker : workers) {
      text.append(" <").append(worker.told).append('>');
    }
    return text.append(" faults")
        .append(faultsLeft)
        .append(untroubled ? " untroubled" : "")
        .append(creates)
        .append(violation)
        .toString();
  }
}
