package dev.provisioner.sandbox;

import static dev.provisioner.sandbox.Eventually.eventually;

import dev.provisioner.sandbox.Runbook.Output;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int MISTAKEN = 2;
  private static final String NEW_KEY = "sandbox-new";
  private static final String OTHER_SECRET = "whsec_c29tZWJvZHktaGFzLXBhc3RlZC1hbm90aGVyLW9uZQ==";

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
  private final HttpClient http = HttpClient.newHttpClient();
  private final VapiSimulator vapi;
  private final Desk desk;
  private final Stage stage;
  private int people;

  /**
   * Starts everything; nothing has happened yet.
   *
   * @param folder takes the templates, and what a terminal is to read
   */
  TroubleScene(List<Trouble> troubles, SupabaseServer supabase, Path folder, PrintStream out)
      throws IOException, SQLException {
    this.troubles = List.copyOf(troubles);
    this.out = out;
    Files.createDirectories(folder);
    terminal = folder.resolve("terminal");
    rejectedTemplate = Files.writeString(folder.resolve("new.json"), TEMPLATE.formatted(REFUSED));
    mendedTemplate = Files.writeString(folder.resolve("mended.json"), TEMPLATE.formatted(""));
    desk = new Desk(out);
    stage =
        new Stage(
            supabase,
            Map.of(),
            Map.of(
                "ASSISTANT_TEMPLATE", mendedTemplate.toString(),
                "ALERT_WEBHOOK_URL", desk.url() + "/alerts",
                "RECONCILE_INTERVAL", "0"));
    vapi = Objects.requireNonNull(stage.simulator, "without a key of the real Vapi").acceptKey(NEW_KEY);
  }

  /**
   * Plays a scene.
   *
   * @return the exit code
   */
  static int run(String scene, boolean once, PrintStream out) throws Exception {
    List<Trouble> troubles;
    try {
      troubles = Trouble.of(scene);
    } catch (IllegalArgumentException e) {
      out.println(e.getMessage());
      return MISTAKEN;
    }
    try (SupabaseServer supabase = SupabaseServer.start();
        TroubleScene play = new TroubleScene(troubles, supabase, Path.of("target", "sandbox"), out)) {
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
  void begin() throws IOException, InterruptedException, SQLException {
    out.printf("%nA bad night for vapi-provisioner on %s%n%n", stage.deployment.url());
    verify(3);
    await("everybody is processed", "status <> 'processed'", 0);
    tell("3 users verify, and get their assistants");
    elapse(Duration.ofHours(2));
    for (Trouble each : troubles) {
      befall(each);
    }
    elapse(Duration.ofMinutes(20));
    if (!troubles.contains(Trouble.SECRET_MISMATCH) && !troubles.contains(Trouble.WEBHOOKS_LOST)) {
      stage.deployment.set("RECONCILE_INTERVAL", "1s");
    }
    desk.open(
        stage,
        this::vapiIsBack,
        terminal,
        Map.of("NEW_KEY", NEW_KEY, "MENDED_TEMPLATE", mendedTemplate.toString()));
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
          vapiIsBack();
        }
        out.printf("%n%s%n", runbook.block(each.title()).strip());
        Output cure = runbook.cure(each, terminal);
        out.println(cure.text().strip());
        if (cure.exit() != 0) {
          unsolved.add("The cure of %s ends with %d.".formatted(each.title(), cure.exit()));
        }
      }
    }
    // Rows go on when their time has come.
    await("nobody works", "status = 'processing'", 0);
    elapse(Duration.ofMinutes(2));
    try {
      await("every row is processed", "status <> 'processed'", 0);
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
    vapi.assistants().forEach(each ->
        assistants.merge(each.metadata().getOrDefault("user_id", "nobody"), 1, Integer::sum));
    int once = (int) assistants.values().stream().filter(count -> count == 1).count();
    out.printf("%n%d users verified, %d have exactly one assistant%n", people, once);
    if (once != people || assistants.size() != people) {
      found.add("%d of %d users have exactly one assistant".formatted(once, people));
    }
    return found;
  }

  private void befall(Trouble trouble) throws IOException, InterruptedException, SQLException {
    switch (trouble) {
      case VAPI_DOWN -> {
        for (FaultPlan calls : calls()) {
          calls.always(Fault.status(503));
        }
        verify(2);
        await("Vapi has not answered them", "status = 'errored'", 2);
        for (int i = 0; i < 2 * stage.deployment.config().provisioning().maxAttempts(); i++) {
          elapse(Duration.ofHours(1));
          reconcile();
        }
        await("all attempts are spent", "status = 'failed'", 2);
        verify(1);
        await("one more has not had an answer", "status = 'errored'", 1);
        tell("Vapi answers 503 all evening: 2 users verify, and all attempts are spent; 1 more waits");
        if (troubles.size() > 1) {
          vapiIsBack();
          elapse(Duration.ofHours(3));
        }
      }
      case TEMPLATE_REJECTED -> {
        stage.deployment.set("ASSISTANT_TEMPLATE", rejectedTemplate.toString());
        verify(3);
        await("they are rejected", "error_code = 'rejected'", 3);
        tell("a new template, with a property that Vapi refuses: 3 users verify, and are rejected");
        elapse(Duration.ofHours(2));
      }
      case KEY_REVOKED -> {
        vapi.revokeKeys();
        vapi.acceptKey(NEW_KEY);
        verify(1);
        await("the account is refused", "error_code = 'account_refused'", 1);
        verify(1); // its webhook finds the gate closed
        tell("the key is revoked: 2 users verify, and wait");
        elapse(Duration.ofMinutes(40));
      }
      case SECRET_MISMATCH -> {
        stage.query(
            "select vault.update_secret(id, '%s') from vault.secrets where name = 'provisioner_webhook_secret'"
                .formatted(OTHER_SECRET));
        verify(2);
        eventually(
            "their webhooks are refused",
            PATIENCE,
            () ->
                stage.pgNet.deliveries().stream()
                        .filter(each -> Objects.equals(each.status(), 401))
                        .count()
                    == 2);
        tell("another webhook secret in the Vault: 2 users verify, and their webhooks are refused");
      }
      case WEBHOOKS_LOST -> {
        stage.pgNet.pause();
        verify(2);
        int lost = stage.pgNet.lose();
        stage.pgNet.resume();
        tell("the database restarts while 2 users verify: pg_net loses %d webhooks, and nothing sweeps".formatted(lost));
      }
    }
  }

  private List<FaultPlan> calls() {
    return List.of(vapi.onCreate(), vapi.onList(), vapi.onGet(), vapi.onDelete());
  }

  private void vapiIsBack() {
    calls().forEach(FaultPlan::clear);
  }

  private void verify(int users) {
    for (int i = 0; i < users; i++) {
      people++;
      stage.database.confirm(
          stage.database.signUp("user" + people + "@example.com", "User " + people));
    }
  }

  private void await(String what, String rows, int count) {
    String sql = "select count(*) from public.pending_vapi_provision where " + rows;
    eventually(what, PATIENCE, () -> Integer.parseInt(stage.query(sql)) == count);
  }

  private void elapse(Duration time) {
    vapi.age(time);
    stage.database.age(time);
  }

  private void reconcile() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(stage.deployment.url() + "/reconcile"))
            .header("Authorization", "Bearer " + stage.token())
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IllegalStateException("could not reconcile: " + answer.body());
    }
  }

  private void tell(String what) {
    out.println("  " + what);
  }

  @Override
  public void close() throws SQLException {
    desk.close();
    stage.close();
    http.close();
  }
}
