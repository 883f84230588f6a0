package dev.provisioner.provision;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.provision.Scene.Row;
import dev.provisioner.provision.Scene.Worker;
import dev.provisioner.provision.Verdict.InDoubt;
import dev.provisioner.provision.Verdict.LetGo;
import dev.provisioner.provision.Verdict.Refrained;
import dev.provisioner.provision.Verdict.Unfinished;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.Array;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Holds the statements in a real database against {@link TableModel}, through thousands of random
 * steps: what the exhaustive model proves is proven of these. {@code -Dtable.seed=} repeats a run.
 */
@ExtendWith(SharedSupabase.class)
class TableModelTest {
  private static final Policy POLICY =
      new Policy(Duration.ofSeconds(20), Duration.ofMinutes(2), 5, true);
  private static final int STEPS = 25;

  private final SupabaseDatabase database;
  private final Jdbi superuser;
  private final Queue queue;
  private final DoubtLedger ledger;

  TableModelTest(SupabaseServer supabase) {
    database = supabase.createMigratedDatabase();
    superuser = Jdbi.create(database::connectAsSuperuser).installPlugin(new PostgresPlugin());
    Database asProvisioner = new Database(() -> database.connect("provisioner"));
    queue = new Queue(asProvisioner, POLICY, Clock.systemUTC(), System::nanoTime);
    ledger = new DoubtLedger(asProvisioner, POLICY);
  }

  @AfterEach
  void end() {
    database.drop();
  }

  @Test
  void statementsDoWhatTheModelSays() {
    long seed = Long.getLong("table.seed", new Random().nextLong());
    System.out.println("-Dtable.seed=" + seed);
    Random random = new Random(seed);
    for (int run = 0; run < 60; run++) {
      assertThat(new Run(new TableModel(), random, superuser.open()).difference())
          .as("seed %d, run %d", seed, run)
          .isNull();
    }
  }

  /** Each must be told from the real statements, or this test would not see such a statement. */
  @ParameterizedTest
  @EnumSource
  void modelThatIsWrongIsFoundOut(ProtocolMutant mutant) {
    if (mutant.table().getClass() == TableModel.class) {
      return; // wrong elsewhere than in its statements
    }
    Random random = new Random(1);
    for (int run = 0; run < 200; run++) {
      if (new Run(mutant.table(), random, superuser.open()).difference() != null) {
        return;
      }
    }
    throw new AssertionError("no difference was seen");
  }

  /** One user's life, in the database and in the model. */
  private final class Run {
    private final TableModel table;
    private final Random random;
    private final Handle handle;
    private final Scene scene = Scene.justVerified(0);
    private final List<UUID> rows = new ArrayList<>();
    private final Map<Worker, Claim> claims = new HashMap<>();
    private final List<Worker> workers = new ArrayList<>();
    private final Map<Worker, Look> looks = new HashMap<>();
    private final Map<Integer, Instant> moments = new HashMap<>();
    private final Map<Integer, Instant> begins = new HashMap<>();
    private final List<String> story = new ArrayList<>();
    private final UUID user;
    private int assistants;

    Run(TableModel table, Random random, Handle handle) {
      this.table = table;
      this.random = random;
      this.handle = handle;
      this.user = database.signUp(UUID.randomUUID() + "@example.com", null);
      database.confirm(user);
      rows.add(row());
    }

    /** The first step after which database and model differ, and all that led to it. */
    @Nullable String difference() {
      try (handle) {
        for (int i = 0; i < STEPS && !scene.userGone; i++) {
          step();
          moments();
          String model = model();
          String real = real();
          if (!model.equals(real)) {
            return String.join("\n", story) + "\nmodel: " + model + "\nreal:  " + real;
          }
        }
        return null;
      } catch (Differs e) {
        return String.join("\n", story) + "\n" + e.getMessage();
      } finally {
        handle.close();
      }
    }

    private void step() {
      int which = random.nextInt(100);
      int row = random.nextInt(scene.rowsMade);
      if (which < 30) {
        claim(row);
      } else if (which < 62) {
        settle();
      } else if (which < 70) {
        mark();
      } else if (which < 84) {
        look();
      } else if (which < 92) {
        end();
      } else if (which < 95) {
        people(row);
      } else if (which < 97 && scene.inUse == null) {
        told("the app gives an assistant");
        scene.inUse = "app";
        handle.execute(
            "insert into public.user_settings values (?, 'app') on conflict (user_id) do update set vapi_assistant_id = 'app'",
            user);
      } else {
        adopt(row);
      }
    }

    private void claim(int index) {
      Row row = scene.rows[index];
      // The lease is over, or the backoff, or somebody revives it.
      handle.execute(
          "update public.pending_vapi_provision set next_attempt_at = now() where id = ? and next_attempt_at is not null",
          rows.get(index));
      boolean revive = reviving(index);
      List<Claim> real = queue.claim(List.of(rows.get(index)), new Reach(true, revive));
      boolean claimable =
          row.exists && row.status != Status.PROCESSED && (row.status != Status.FAILED || revive);
      told("claim " + index);
      same("claimed", claimable, !real.isEmpty());
      if (!claimable) {
        return;
      }
      Claim claim = real.getFirst();
      Worker worker = new Worker();
      table.claim(scene, index, worker);
      same("a new end of doubt", true, !moments.containsValue(claim.mine()));
      moments.put(worker.mine, claim.mine());
      begins.put(worker.mine, claim.claimedAt());
      same("was", worker.was, claim.was());
      same("attempts", worker.attempts, claim.attempts());
      same("remembered", worker.remembered, claim.remembered());
      same("in use", worker.inUse, claim.inUse());
      same("earlier", worker.earlierSince != 0, claim.earlier() != null);
      if (claim.earlier() != null) {
        same("earlier until", moments.get(worker.earlierUntil), claim.earlier().until());
      }
      claims.put(worker, claim);
      workers.add(worker);
    }

    /** A failed row that was settled a moment ago is in doubt to now, so it can be revived. */
    private boolean reviving(int index) {
      Row row = scene.rows[index];
      if (row.exists && row.status == Status.FAILED && row.since != 0) {
        return Boolean.TRUE.equals(
            handle
                .createQuery(
                    "select unconfirmed_until <= now() from public.pending_vapi_provision where id = ?")
                .bind(0, rows.get(index))
                .mapTo(Boolean.class)
                .one());
      }
      return true;
    }

    private void settle() {
      if (claims.isEmpty()) {
        return;
      }
      Worker worker = anyAttempt();
      Claim claim = requireNonNull(claims.get(worker));
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          String id = newAssistant();
          told("settle as provisioned " + id);
          same(
              "settled",
              table.settleProcessed(scene, worker, id),
              queue.settleProcessed(claim, id));
        }
        case 2 -> {
          told("settle as already provisioned");
          same(
              "settled",
              table.settleProcessed(scene, worker, null),
              queue.settleProcessed(claim, null));
        }
        case 3 ->
            unfinished(
                worker,
                claim,
                new Refrained(
                    anyOf(Status.ERRORED, Status.FAILED),
                    Duration.ZERO,
                    worker.attempts + 1,
                    "rejected",
                    "no"));
        case 4 ->
            unfinished(
                worker,
                claim,
                new InDoubt(
                    anyOf(Status.ERRORED, Status.FAILED),
                    Duration.ZERO,
                    worker.attempts + 1,
                    "unknown_outcome",
                    "?",
                    random.nextInt(4) == 0 ? newAssistant() : null));
        default -> {
          told("let go");
          LetGo verdict = new LetGo(Duration.ZERO);
          same("held", table.release(scene, worker, verdict), queue.release(claim, verdict));
        }
      }
    }

    private void unfinished(Worker worker, Claim claim, Unfinished verdict) {
      told("settle as " + verdict);
      same(
          "held",
          table.settleUnfinished(scene, worker, verdict),
          queue.settleUnfinished(claim, verdict));
    }

    private void mark() {
      if (!claims.isEmpty()) {
        Worker worker = anyAttempt();
        String id = random.nextBoolean() ? newAssistant() : null;
        told("mark " + id);
        Instant before = moments.get(scene.rows[worker.row].until);
        table.mark(scene, worker, id);
        ledger.mark(requireNonNull(claims.get(worker)), id);
        moments();
        same(
            "later",
            true,
            before == null || !before.equals(moments.get(scene.rows[worker.row].until)));
      }
    }

    private void look() {
      handle.execute(
          "update public.pending_vapi_provision set confirm_at = now() where user_id = ? and confirm_at is not null",
          user);
      handle.execute("update provisioning.departed set confirm_at = now() where user_id = ?", user);
      told("take the looks");
      List<Look.OfProvision> taken =
          ledger.takeProvisions(1000).stream().filter(each -> each.userId().equals(user)).toList();
      int expected = 0;
      for (int i = 0; i < scene.rowsMade; i++) {
        if (scene.rows[i].isSettledInDoubt()) {
          expected++;
          UUID id = rows.get(i);
          Look.OfProvision real =
              taken.stream()
                  .filter(each -> each.id().equals(id))
                  .findFirst()
                  .orElseThrow(() -> new Differs("no look at row " + id));
          Worker worker = new Worker();
          table.takeLook(scene, i, worker);
          worker.kind = Scene.Kind.LOOK_AT_ROW;
          same("status", worker.status, real.status());
          looks.put(worker, real);
          workers.add(worker);
        }
      }
      same("looks", expected, taken.size());
      List<Look.OfTombstone> stones =
          ledger.takeTombstones(1000).stream().filter(each -> each.userId().equals(user)).toList();
      same("tombstone", scene.tombstone != null, !stones.isEmpty());
      if (scene.tombstone != null) {
        Worker worker = new Worker();
        worker.kind = Scene.Kind.LOOK_AT_TOMBSTONE;
        table.takeTombstone(scene.tombstone, worker);
        looks.put(worker, stones.getFirst());
        workers.add(worker);
      }
    }

    private void end() {
      List<Worker> lookers = workers.stream().filter(looks::containsKey).toList();
      if (!lookers.isEmpty()) {
        Worker worker = lookers.get(random.nextInt(lookers.size()));
        told("end " + worker.kind);
        switch (requireNonNull(looks.get(worker))) {
          case Look.OfProvision it -> {
            table.end(scene, worker);
            ledger.end(it);
          }
          case Look.OfTombstone it -> {
            table.endTombstone(scene, worker);
            ledger.end(it);
          }
        }
      }
    }

    private void adopt(int index) {
      String id = newAssistant();
      told("adopt for a failed row");
      same("adopted", table.adoptFailed(scene, index, id), queue.adoptFailed(rows.get(index), id));
    }

    private void people(int index) {
      if (random.nextInt(3) == 0) {
        told("the user is deleted");
        table.deleteUser(scene);
        database.deleteUser(user);
      } else if (scene.rows[index].exists && scene.rowsMade < Scene.ROWS) {
        told("row " + index + " is deleted");
        table.deleteRow(scene, index);
        handle.execute("delete from public.pending_vapi_provision where id = ?", rows.get(index));
        if (scene.inUse == null) {
          told("and a new one is made");
          table.enqueue(scene);
          handle.createQuery("select provisioning.enqueue_missing()").mapTo(int.class).one();
          rows.add(row());
        }
      }
    }

    private Instant since(int index) {
      return handle
          .createQuery("select unconfirmed_since from public.pending_vapi_provision where id = ?")
          .bind(0, rows.get(index))
          .mapTo(Instant.class)
          .one();
    }

    /** Begin and end of each doubt are those that the model has in mind, where they are known. */
    private void moments() {
      for (int i = 0; i < scene.rowsMade; i++) {
        int until = scene.rows[i].until;
        if (scene.rows[i].exists && until != 0) {
          Instant real =
              handle
                  .createQuery(
                      "select unconfirmed_until from public.pending_vapi_provision where id = ?")
                  .bind(0, rows.get(i))
                  .mapTo(Instant.class)
                  .findOne()
                  .orElseThrow(() -> new Differs("no doubt"));
          Instant known = moments.putIfAbsent(until, real);
          if (known != null) {
            same("end of doubt", known, real);
          }
          same("begin of doubt", begins.get(scene.rows[i].since), since(i));
        }
      }
    }

    // ---- what both look like

    private String model() {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < scene.rowsMade; i++) {
        Row row = scene.rows[i];
        text.append(
            row.exists
                ? "%s %d %s token=%s doubt=%s look=%s; "
                    .formatted(
                        row.status.text(),
                        row.attempts,
                        row.remembered,
                        row.token != 0,
                        row.since != 0,
                        row.isSettledInDoubt())
                : "none; ");
      }
      text.append("in use ").append(scene.inUse);
      Scene.Tombstone stone = scene.tombstone;
      if (stone != null) {
        text.append(" tombstone of ")
            .append(stone.assistants)
            .append(" doubt=")
            .append(stone.since != 0);
      }
      return text.toString();
    }

    private String real() {
      StringBuilder text = new StringBuilder();
      for (UUID id : rows) {
        text.append(
            handle
                .createQuery("select * from public.pending_vapi_provision where id = ?")
                .bind(0, id)
                .map((row, context) ->
                    "%s %d %s token=%s doubt=%s look=%s; "
                        .formatted(
                            row.getString("status"),
                            row.getInt("attempts"),
                            row.getString("assistant_id"),
                            row.getString("claim_token") != null,
                            row.getString("unconfirmed_since") != null,
                            row.getString("confirm_at") != null))
                .findOne()
                .orElse("none; "));
      }
      text.append("in use ")
          .append(
              handle
                  .createQuery(
                      "select vapi_assistant_id from public.user_settings where user_id = ?")
                  .bind(0, user)
                  .mapTo(String.class)
                  .findOne()
                  .orElse(null));
      handle
          .createQuery(
              "select assistant_ids, unconfirmed_since from provisioning.departed where user_id = ?")
          .bind(0, user)
          .map((row, context) -> {
            Array ids = row.getArray("assistant_ids");
            return " tombstone of "
                + Arrays.stream((String[]) ids.getArray()).sorted().toList()
                + " doubt="
                + (row.getString("unconfirmed_since") != null);
          })
          .findOne()
          .ifPresent(text::append);
      return text.toString();
    }

    private UUID row() {
      return handle
          .createQuery(
              "select id from public.pending_vapi_provision where user_id = ? order by created_at desc limit 1")
          .bind(0, user)
          .mapTo(UUID.class)
          .one();
    }

    private Worker anyAttempt() {
      List<Worker> attempts = workers.stream().filter(claims::containsKey).toList();
      // The latest one most of the time, or hardly any would hold its row.
      return random.nextInt(3) > 0
          ? attempts.getLast()
          : attempts.get(random.nextInt(attempts.size()));
    }

    private String newAssistant() {
      return "asst-" + ++assistants;
    }

    private Status anyOf(Status one, Status other) {
      return random.nextBoolean() ? one : other;
    }

    private void told(String what) {
      story.add(what + "   [" + model() + "]");
    }

    private void same(String what, @Nullable Object model, @Nullable Object real) {
      if (!java.util.Objects.equals(model, real)) {
        throw new Differs(what + ": model " + model + ", real " + real);
      }
    }
  }

  private static final class Differs extends RuntimeException {
    private static final long serialVersionUID = 1;

    Differs(String message) {
      super(message);
    }
  }
}
