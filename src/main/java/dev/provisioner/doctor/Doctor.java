package dev.provisioner.doctor;

import dev.provisioner.Config;
import dev.provisioner.provision.Inspection;
import dev.provisioner.provision.QueueUnavailableException;
import dev.provisioner.provision.StatementRefusedException;
import dev.provisioner.vapi.VapiClient;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Takes one check after the other, each for a limited time, and leaves out what cannot be told. */
public final class Doctor {
  /** Whatever a check waits for by itself is shorter. */
  private static final Duration PATIENCE = Duration.ofSeconds(12);

  private static final String DATABASE = "database";
  private static final String SCHEMA = "schema";
  private static final String SETTINGS = "settings";
  private static final String VAPI = "vapi";
  private static final String PUBLIC_URL = "public_url";

  private final List<Check> checks;

  /**
   * What is examined, and with what.
   *
   * @param inspection of the database that the draft names
   * @param vapi with the draft's key and address, and a short timeout
   * @param http that does not follow redirects
   * @param canary whether one webhook is sent for a row that does not exist
   */
  public record Surroundings(
      Config.Draft draft,
      Inspection inspection,
      VapiClient vapi,
      HttpClient http,
      InstantSource clock,
      boolean canary) {}

  /** One step. It may throw what the database throws; that is a finding, too. */
  interface Examination {
    List<Finding> findings() throws InterruptedException;
  }

  /**
   * @param needs checks without which this one tells nothing
   */
  private record Check(String name, Set<String> needs, Examination examination) {}

  public Doctor(Surroundings its) {
    DatabaseChecks database = new DatabaseChecks(its.draft(), its.inspection());
    BellChecks bell = new BellChecks(its.draft(), its.inspection(), its.clock());
    PublicChecks outside = new PublicChecks(its);
    VapiChecks vapi = new VapiChecks(its);
    ClockChecks clocks = new ClockChecks(its, vapi);
    TemplateChecks template = new TemplateChecks(its.draft());
    QueueChecks queue = new QueueChecks(its.draft().config().publicUrl(), its.inspection());
    checks =
        List.of(
            new Check("configuration", Set.of(), () -> configuration(its.draft())),
            new Check(DATABASE, Set.of(), database::reach),
            new Check("tls", Set.of(DATABASE), database::tls),
            new Check("role", Set.of(DATABASE), database::role),
            new Check(SCHEMA, Set.of(DATABASE), database::schema),
            new Check(SETTINGS, Set.of(SCHEMA), database::settings),
            new Check("triggers", Set.of(SCHEMA), database::triggers),
            new Check("vault", Set.of(SCHEMA), bell::vault),
            new Check("template", Set.of(), template::findings),
            new Check("pg_net", Set.of(SCHEMA), bell::pgNet),
            new Check("schedule", Set.of(SCHEMA), bell::schedule),
            new Check("deliveries", Set.of(SCHEMA), bell::deliveries),
            new Check(VAPI, Set.of(), vapi::account),
            new Check("organisation", Set.of(VAPI), vapi::organisation),
            new Check(PUBLIC_URL, Set.of(), outside::reach),
            new Check("canary", Set.of(PUBLIC_URL), outside::canary),
            new Check("clock", Set.of(), clocks::findings),
            new Check("queue", Set.of(SCHEMA), queue::findings));
  }

  /** Every check once. */
  public Report examine() throws InterruptedException {
    List<Report.Line> lines = new ArrayList<>();
    Map<String, String> causes = new HashMap<>();
    // Not closed: that would wait for a check that hangs.
    ExecutorService examiner = Executors.newVirtualThreadPerTaskExecutor();
    try {
      for (Check check : checks) {
        List<Finding> findings = findings(check, causes, examiner);
        findings.forEach(finding -> lines.add(new Report.Line(check.name(), finding)));
        if (findings.stream().anyMatch(each -> each.health() == Health.BROKEN)) {
          causes.put(check.name(), check.name());
        }
      }
    } finally {
      examiner.shutdownNow();
    }
    return new Report(lines);
  }

  /**
   * @param causes of checks that are broken or were left out: the one that is to be mended first
   */
  private static List<Finding> findings(
      Check check, Map<String, String> causes, ExecutorService examiner)
      throws InterruptedException {
    for (String need : check.needs()) {
      String cause = causes.get(need);
      if (cause != null) {
        causes.put(check.name(), cause);
        return List.of(Finding.skipped("not looked at: mend " + cause + " first"));
      }
    }
    Future<List<Finding>> examined = examiner.submit(() -> check.examination().findings());
    try {
      return examined.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      examined.cancel(true);
      return List.of(
          Finding.broken(
              "no result within " + PATIENCE.toSeconds() + " s",
              "Run doctor again. If it stays so, look at the network between here and there."));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return List.of(failed(cause == null ? e : cause));
    }
  }

  /** What a check did not expect. */
  private static Finding failed(Throwable cause) {
    return switch (cause) {
      case QueueUnavailableException e ->
          Finding.broken(
              String.valueOf(e.getMessage()),
              "Run doctor again; if it stays so, see the database's log.");
      case StatementRefusedException e ->
          Finding.broken(
              "the database refuses to be looked at (" + e.reason() + ")",
              "apply migrations/*.sql as postgres, then run doctor again");
      default ->
          Finding.broken(
              "this check itself failed: " + cause.getClass().getSimpleName(),
              "Please report it as a bug of vapi-provisioner, with the output of doctor --json.");
    };
  }

  private static List<Finding> configuration(Config.Draft draft) {
    return draft.problems().isEmpty()
        ? List.of(Finding.ok("every variable can be used"))
        : draft.problems().stream()
            .map(problem ->
                Finding.broken(
                    problem,
                    "set "
                        + problem.substring(0, problem.indexOf(' '))
                        + ", then restart the service"))
            .toList();
  }
}
