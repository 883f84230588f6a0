package dev.provisioner.sandbox;

import dev.provisioner.sandbox.Runbook.Output;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;

/**
 * {@code mvn -Psandbox -Dscene=trouble}: a night on which everything went wrong, for trying the
 * README's runbook. Each trouble is brought about where it arises, and leaves its rows; then it is
 * the operator's turn. With {@code -Donce} the runbook's own commands are run instead, with exit
 * code 0 if doctor named every cause before and none after, and every user has got exactly one
 * assistant.
 */
final class TroubleScene implements AutoCloseable {
  private static final int MISTAKEN = 2;
  static final String NEW_KEY = "sandbox-new";
  private static final String TEMPLATE =
      """
      {
        "name": "{{user.name}}'s assistant",%s
        "firstMessage": "Hello {{user.name}}, how can I help?"
      }
      """;

  /** A property that Vapi once took, and now refuses. */
  private static final String REFUSED = "\n  \"serverUrl\": \"https://app.example.com/calls\",";

  private final List<Trouble> troubles;
  private final Path terminal;
  private final Path rejectedTemplate;
  private final Path mendedTemplate;
  private final PrintStream out;
  private final Runbook runbook = Runbook.read();
  private final VapiSimulator vapi;
  private final Desk desk;
  private final Stage stage;
  private final List<String> story = new ArrayList<>();
  private final Mischief mischief;

  /**
   * Starts everything; nothing has happened yet.
   *
   * @param surroundings the environment, of which {@code PORT} counts
   * @param folder takes the templates, and what a terminal is to read
   */
  TroubleScene(
      List<Trouble> troubles,
      Map<String, String> surroundings,
      SupabaseServer supabase,
      Path folder,
      PrintStream out)
      throws IOException, SQLException {
    this.troubles = List.copyOf(troubles);
    this.out = out;
    Files.createDirectories(folder);
    terminal = folder.resolve("terminal");
    rejectedTemplate = Files.writeString(folder.resolve("new.json"), TEMPLATE.formatted(REFUSED));
    mendedTemplate = Files.writeString(folder.resolve("mended.json"), TEMPLATE.formatted(""));
    desk = new Desk(out);
    Map<String, String> simulated = new HashMap<>(surroundings);
    simulated.remove("VAPI_API_KEY"); // no key of the real Vapi is to be played with
    stage =
        new Stage(
            supabase,
            simulated,
            Map.of(
                "ASSISTANT_TEMPLATE",
                mendedTemplate.toString(),
                "ALERT_WEBHOOK_URL",
                desk.url() + "/alerts",
                "RECONCILE_INTERVAL",
                "0"));
    vapi = Objects.requireNonNull(stage.simulator, "there without a real key").acceptKey(NEW_KEY);
    mischief = new Mischief(stage, vapi);
  }

  /**
   * Plays a scene.
   *
   * @return the exit code: 0 well, 1 not cured, 2 no such scene
   */
  static int run(String scene, boolean once, Map<String, String> surroundings, PrintStream out)
      throws Exception {
    List<Trouble> troubles;
    try {
      troubles = Trouble.of(scene);
    } catch (IllegalArgumentException e) {
      out.println(e.getMessage());
      return MISTAKEN;
    }
    try (SupabaseServer supabase = SupabaseServer.start();
        TroubleScene play =
            new TroubleScene(troubles, surroundings, supabase, Path.of("target", "sandbox"), out)) {
      play.begin();
      if (!once) {
        play.invite();
        new CountDownLatch(1).await();
      }
      List<String> unsolved = play.followTheRunbook();
      unsolved.forEach(out::println);
      return unsolved.isEmpty() ? 0 : 1;
    }
  }

  /** Some users go well; then the troubles, each while the last one still lasts. */
  void begin() throws IOException, InterruptedException {
    mischief.verify(3);
    mischief.await("everybody is processed", "status <> 'processed'", 0);
    mischief.elapse(Duration.ofHours(2));
    for (Trouble each : troubles) {
      story.add(
          "%-16s %s"
              .formatted(
                  runbook.of(each).alert(),
                  mischief.befall(each, rejectedTemplate, troubles.size() == 1)));
    }
    mischief.elapse(Duration.ofMinutes(20));
    if (!troubles.contains(Trouble.SECRET_MISMATCH) && !troubles.contains(Trouble.WEBHOOKS_LOST)) {
      stage.deployment.set("RECONCILE_INTERVAL", "1s");
    }
    desk.open(
        stage,
        mischief::vapiIsBack,
        terminal,
        Map.of("NEW_KEY", NEW_KEY, "MENDED_TEMPLATE", mendedTemplate.toString()));
    out.printf("%nA bad night for vapi-provisioner on %s%n%n", stage.deployment.url());
    out.printf("%-16s %s%n", "alert", "what has happened");
    story.forEach(out::println);
    out.printf("%n%-10s %-16s %5s  %s%n", "status", "error_code", "rows", "oldest");
    out.println(
        stage.query(
            """
            select string_agg(line, E'\\n' order by line)
              from (select format('%s %s %s  %s min', rpad(status, 10),
                             rpad(coalesce(error_code, ''), 16), lpad(count(*)::text, 5),
                             floor(extract(epoch from now() - min(created_at)) / 60)) as line
                      from public.pending_vapi_provision group by status, error_code) lines\
            """));
  }

  /** Says what a person is to do. */
  void invite() {
    out.printf(
        """

        It is yours now: "When you are woken", in the README. In another terminal, in this folder:

        . %s

        That is what your platform would give you: the service's variables, the commands set_variable
        and run_sql, and, as if you had seen to them, NEW_KEY and MENDED_TEMPLATE. Then begin with

        %s
        """,
        terminal, runbook.block("doctor").strip());
    if (troubles.equals(List.of(Trouble.VAPI_DOWN))) {
      out.printf("%nVapi is down until you say: curl -sS -X POST %s/vapi-is-back%n", desk.url());
    }
    out.println();
    out.println("It stays up until Ctrl-C.");
    out.flush();
  }

  /**
   * Does what the invitation asks of a person, with the runbook's own commands.
   *
   * @return what has not come out as the runbook says; empty if all is well again
   */
  List<String> followTheRunbook() throws IOException, InterruptedException {
    List<String> unsolved = new ArrayList<>(undiagnosed());
    for (Trouble each : runbook.order()) {
      if (troubles.contains(each)) {
        if (each == Trouble.VAPI_DOWN) {
          mischief.vapiIsBack();
        }
        out.printf("%n%s%n", runbook.block(each.title()).strip());
        Output cure = runbook.cure(each, terminal);
        out.println(cure.text().strip());
        if (cure.exit() != 0) {
          unsolved.add("The cure of %s ends with %d.".formatted(each.title(), cure.exit()));
        }
      }
    }
    try {
      // Rows go on when their time has come.
      mischief.await("nobody works", "status = 'processing'", 0);
      mischief.elapse(Duration.ofMinutes(2));
      mischief.await("every row is processed", "status <> 'processed'", 0);
      mischief.verify(1); // and the bell rings
      mischief.await("one more is processed as if nothing had been", "status <> 'processed'", 0);
    } catch (AssertionError e) {
      unsolved.add(String.valueOf(e.getMessage()));
    }
    unsolved.addAll(illnesses());
    return unsolved;
  }

  /** The troubles of this scene that doctor does not name as the runbook has it. */
  List<String> undiagnosed() throws IOException, InterruptedException {
    Output doctor = runbook.doctor(terminal);
    out.printf("%n%s%n", doctor.text().strip());
    return troubles.stream()
        .flatMap(trouble -> runbook.of(trouble).signs().stream().filter(sign -> !doctor.says(sign)))
        .map(sign -> "doctor does not say: " + sign)
        .toList();
  }

  /** What is not well: what doctor finds broken or still names, and who has not one assistant. */
  List<String> illnesses() throws IOException, InterruptedException {
    Output doctor = runbook.doctor(terminal);
    out.printf("%n%s%n", doctor.text().strip());
    List<String> found = new ArrayList<>();
    doctor.text().lines().filter(line -> line.startsWith("✗")).forEach(found::add);
    for (Trouble each : troubles) {
      runbook.of(each).signs().stream()
          .filter(doctor::says)
          .map(sign -> "doctor still says: " + sign)
          .forEach(found::add);
    }
    Map<Object, Integer> assistants = new HashMap<>();
    vapi.assistants()
        .forEach(each ->
            assistants.merge(each.metadata().getOrDefault("user_id", "nobody"), 1, Integer::sum));
    int once = (int) assistants.values().stream().filter(count -> count == 1).count();
    out.printf("%n%d users verified, %d have exactly one assistant%n", mischief.people(), once);
    if (once != mischief.people() || assistants.size() != once) {
      found.add("%d of %d users have exactly one assistant".formatted(once, mischief.people()));
    }
    return found;
  }

  @Override
  public void close() throws SQLException {
    desk.close();
    stage.close();
    mischief.close();
  }
}
