package dev.provisioner.provision;

import dev.provisioner.provision.Scene.Row;
import dev.provisioner.provision.Scene.Tombstone;
import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the statements of {@link Queue}, {@link DoubtLedger} and the triggers do, in Java, for the
 * model. {@link TableModelTest} holds the real ones, in a real database, against this.
 */
class TableModel {
  /** Rule 1. Fills the worker's claim. */
  void claim(Scene scene, int index, Scene.Worker worker) {
    Row row = scene.rows[index];
    int now = scene.now();
    worker.row = index;
    worker.mine = now;
    worker.earlierSince = row.since;
    worker.earlierUntil = row.until;
    worker.was = row.status;
    worker.attempts = row.status == Status.FAILED ? 0 : row.attempts;
    worker.remembered = row.remembered;
    worker.inUse = scene.inUse;
    row.attempts = worker.attempts;
    row.status = Status.PROCESSING;
    row.token = now;
    row.since = row.since == 0 ? now : row.since;
    row.until = now;
    row.leaseOver = false;
    row.aged = false;
  }

  /** Whether the row is still this claim's. */
  boolean held(Row row, Scene.Worker worker) {
    return row.exists && row.token == worker.mine;
  }

  /** Rules 6 and 7. */
  Settled settleProcessed(Scene scene, Scene.Worker worker, @Nullable String assistant) {
    Row row = scene.rows[worker.row];
    if (!held(row, worker)) {
      return new Settled(false, null);
    }
    if (assistant != null) {
      use(scene, assistant);
    }
    boolean sure =
        worker.earlierSince == 0
            && row.until == worker.mine
            && (assistant == null || assistant.equals(scene.inUse));
    process(scene, row, assistant);
    row.attempts++;
    if (endsDoubt(sure, assistant)) {
      row.since = 0;
      row.until = 0;
    }
    return new Settled(true, scene.inUse);
  }

  /** Whether the doubt ends with the settle. */
  boolean endsDoubt(boolean sure, @Nullable String assistant) {
    return sure;
  }

  /** Written only where none is. */
  void use(Scene scene, String assistant) {
    if (scene.inUse == null) {
      scene.inUse = assistant;
    }
  }

  private static void process(Scene scene, Row row, @Nullable String assistant) {
    row.status = Status.PROCESSED;
    row.token = 0;
    row.leaseOver = false;
    row.aged = false;
    row.remembered = assistant != null && assistant.equals(scene.inUse) ? assistant : null;
  }

  /** Rules 8 and 9. */
  boolean settleUnfinished(Scene scene, Scene.Worker worker, Unfinished verdict) {
    Row row = scene.rows[worker.row];
    if (!held(row, worker)) {
      return false;
    }
    if (verdict instanceof Refrained && row.until == worker.mine) {
      restore(row, worker);
    }
    row.status = verdict.status();
    row.token = 0;
    row.leaseOver = false;
    row.aged = false;
    row.attempts = verdict.attempts();
    if (verdict instanceof InDoubt it && it.assistantId() != null) {
      row.remembered = it.assistantId();
    }
    if (row.status == Status.FAILED && row.since != 0) {
      row.until = scene.now();
    }
    return true;
  }

  /** Puts the earlier doubt back. */
  void restore(Row row, Scene.Worker worker) {
    row.since = worker.earlierSince;
    row.until = worker.earlierUntil;
  }

  boolean release(Scene scene, Scene.Worker worker, LetGo verdict) {
    Row row = scene.rows[worker.row];
    if (!held(row, worker)) {
      return false;
    }
    if (row.until == worker.mine) {
      row.since = worker.earlierSince;
      row.until = worker.earlierUntil;
    }
    row.status = worker.was == Status.PENDING ? Status.PENDING : Status.ERRORED;
    row.token = 0;
    row.leaseOver = false;
    return true;
  }

  /** Rule 10. */
  void mark(Scene scene, Scene.Worker worker, @Nullable String assistant) {
    Row row = scene.rows[worker.row];
    int now = scene.now();
    if (row.exists) {
      row.since = row.since == 0 ? worker.mine : Math.min(row.since, worker.mine);
      row.until = now;
      row.aged = false;
    } else {
      bury(scene, worker.row, assistant, worker.mine, now);
    }
  }

  /** The function of that name; zeroes are nulls. */
  void bury(Scene scene, int row, @Nullable String assistant, int since, int until) {
    Tombstone stone = scene.tombstone == null ? new Tombstone() : scene.tombstone;
    if (row >= 0) {
      stone.rows[row] = true;
    }
    if (assistant != null && !stone.assistants.contains(assistant)) {
      List<String> more = new ArrayList<>(stone.assistants);
      more.add(assistant);
      more.sort(null);
      stone.assistants = List.copyOf(more);
    }
    stone.touched = scene.now();
    if (since != 0) {
      stone.since = stone.since == 0 ? since : Math.min(stone.since, since);
      stone.until = Math.max(stone.until, until);
    }
    stone.aged = false;
    scene.tombstone = stone;
  }

  /** The user deletes their account; the app's table and the queue follow. */
  void deleteUser(Scene scene) {
    if (scene.inUse != null) {
      bury(scene, -1, scene.inUse, 0, 0);
    }
    scene.userGone = true;
    for (int i = 0; i < Scene.ROWS; i++) {
      Row row = scene.rows[i];
      if (row.exists && (row.since != 0 || row.remembered != null)) {
        bury(scene, i, row.remembered, row.since, row.until);
      }
      scene.rows[i] = new Row();
    }
    scene.inUse = null;
  }

  /** Somebody deletes a row by hand, while its user lives. */
  void deleteRow(Scene scene, int index) {
    Row row = scene.rows[index];
    if (row.since != 0) {
      bury(scene, index, row.remembered, row.since, row.until);
    }
    scene.rows[index] = new Row();
  }

  /** Takes a look at a settled row in doubt. */
  void takeLook(Scene scene, int index, Scene.Worker worker) {
    Row row = scene.rows[index];
    worker.row = index;
    worker.status = row.status;
    worker.since = row.since;
    worker.until = row.until;
    worker.last = row.aged;
  }

  /** Takes a look at the tombstone. */
  void takeTombstone(Tombstone stone, Scene.Worker worker) {
    worker.since = stone.since;
    worker.until = stone.until;
    worker.touched = stone.touched;
    worker.last = stone.since == 0 || stone.aged;
  }

  /** Rule 15, guarded by the status. */
  Settled adoptFailed(Scene scene, int index, String assistant) {
    Row row = scene.rows[index];
    if (!row.exists || row.status != Status.FAILED) {
      return new Settled(false, null);
    }
    use(scene, assistant);
    process(scene, row, assistant);
    return new Settled(true, scene.inUse);
  }

  /** Rule 16, guarded by the end of doubt that the look has read. */
  void end(Scene scene, Scene.Worker look) {
    Row row = scene.rows[look.row];
    if (row.isSettledInDoubt() && stillAsRead(row.until, look.until)) {
      row.since = 0;
      row.until = 0;
      row.aged = false;
    }
  }

  void endTombstone(Scene scene, Scene.Worker look) {
    if (scene.tombstone != null && stillAsRead(scene.tombstone.touched, look.touched)) {
      scene.tombstone = null;
    }
  }

  /** Whether nothing has come since the look was taken. */
  boolean stillAsRead(int is, int read) {
    return is == read;
  }

  /** The trigger, or {@code enqueue_missing}. */
  void enqueue(Scene scene) {
    Row row = new Row();
    row.exists = true;
    scene.rows[scene.rowsMade++] = row;
  }
}
