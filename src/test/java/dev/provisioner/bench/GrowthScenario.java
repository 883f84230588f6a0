package dev.provisioner.bench;

import dev.provisioner.PoolSettings;
import dev.provisioner.bench.Figure.Target;
import dev.provisioner.provision.PlainQueue;
import dev.provisioner.provision.PlainView;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What things cost with a short history, a long one and a long backlog, each measured in turn with
 * the same in a project whose history stays short. Claims are taken back, so that it is the
 * statement that is measured and not the disk; statistics and pages are asked without a server in
 * front, which would hide a difference; a batch is {@code POST /reconcile} of a hundred rows.
 */
final class GrowthScenario implements Scenario {
  private static final double LIMIT = 1.3;
  private static final int BATCH = 100;
  private static final int BATCHES = 7;

  @Override
  public String name() {
    return "growth";
  }

  @Override
  public void measure(Stage stage) {
    List<Integer> histories = stage.scale.histories();
    try (Case young = new Case(stage, histories.getFirst())) {
      try (Case old = new Case(stage, histories.getFirst())) {
        for (int i = 1; i < histories.size(); i++) {
          old.site.project.history(histories.get(i) - histories.get(i - 1));
          compare(stage, "growth.%s".formatted(shown(histories.get(i))), young, old, true);
        }
      }
      try (Case busy = new Case(stage, histories.getFirst())) {
        busy.site.project.makeDue(stage.scale.backlog());
        busy.site.project.vacuum();
        compare(stage, "growth.%s_due".formatted(shown(stage.scale.backlog())), young, busy, false);
      }
    }
  }

  private static void compare(Stage stage, String name, Case young, Case other, boolean history) {
    Map<String, List<Double>> ours = new LinkedHashMap<>();
    Map<String, List<Double>> bounds = new LinkedHashMap<>();
    int samples = stage.scale.samples();
    young.prepare(samples);
    other.prepare(samples);
    for (int i = 0; i < 2 * samples; i++) {
      boolean counts = i >= samples; // at first plans are made and pages read in
      young.sample(counts ? bounds : null);
      other.sample(counts ? ours : null);
    }
    if (history) {
      for (int i = 0; i <= BATCHES; i++) {
        young.batch(i > 0 ? bounds : null);
        other.batch(i > 0 ? ours : null);
      }
    }
    ours.forEach((what, times) -> {
      Figure figure =
          Figure.of(name + "." + what, Figures.median(times), "ms")
              .against(Figures.median(bounds.getOrDefault(what, times)));
      // Statistics count the backlog, which is what they are for.
      boolean counted = !history && what.equals("stats");
      stage.figures.add(counted ? figure : figure.target(Target.ratioAtMost(LIMIT)));
    });
    young.site.check();
    other.site.check();
  }

  private static String shown(int rows) {
    return rows % 1_000_000 == 0
        ? rows / 1_000_000 + "m"
        : rows % 1_000 == 0 ? rows / 1_000 + "k" : String.format(Locale.ROOT, "%d", rows);
  }

  /** A project with a history, and who asks it. */
  private static final class Case implements AutoCloseable {
    final Site site;
    private final Connection connection;
    private final PlainQueue queue;
    private final PlainView view;
    private final Caller caller;
    private Iterator<UUID> rows = List.<UUID>of().iterator();

    Case(Stage stage, int history) {
      site = stage.site(0);
      site.project.history(history);
      caller = new Caller(site.start(stage.command, Map.of()));
      try {
        PoolSettings settings = new PoolSettings(site.environment());
        connection = settings.connect();
        queue = new PlainQueue(connection, 32, settings.policy());
        view = new PlainView(connection);
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }

    /** A fresh row for each claim, and rows for the batches and for claims of what is due. */
    void prepare(int samples) {
      rows = site.project.waiting(2 * samples, "1 day").stream().map(UUID::fromString).iterator();
      int due = (BATCHES + 1) * BATCH;
      site.project.makeDue(Math.max(0, due - site.project.due()));
      site.project.vacuum();
    }

    void sample(@Nullable Map<String, List<Double>> times) {
      UUID row = rows.next();
      time("claim", times, () -> queue.claim(row));
      time("claim_due", times, queue::claimDue);
      time("stats", times, view::statistics);
      time("page", times, view::page);
    }

    void batch(@Nullable Map<String, List<Double>> times) {
      long begin = System.nanoTime();
      caller.reconcile(BATCH);
      if (times != null) {
        keep("batch_of_100", times, begin);
      }
    }

    /** In a transaction that is taken back. */
    private void time(String what, @Nullable Map<String, List<Double>> times, Question question) {
      try {
        connection.setAutoCommit(false);
        long begin = System.nanoTime();
        Object ignored = question.ask();
        if (times != null) {
          keep(what, times, begin);
        }
        connection.rollback();
        connection.setAutoCommit(true);
      } catch (SQLException e) {
        throw new IllegalStateException(what, e);
      }
    }

    private static void keep(String what, Map<String, List<Double>> times, long begin) {
      times.computeIfAbsent(what, name -> new ArrayList<>()).add((System.nanoTime() - begin) / 1e6);
    }

    @Override
    public void close() {
      try {
        connection.close();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      } finally {
        site.close();
      }
    }
  }

  private interface Question {
    @Nullable Object ask() throws SQLException;
  }
}
