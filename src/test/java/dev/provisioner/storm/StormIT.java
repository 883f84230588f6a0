package dev.provisioner.storm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.provisioner.storm.Weather.Deletion;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * {@code mvn verify} lets 300 users through a storm; {@code mvn -Pstorm -Dseed=… -Dusers=5000} as
 * many as are wanted. The seed decides all that comes from outside, and is printed.
 */
class StormIT {
  private static final int USUAL_USERS = 300;

  @Test
  void everybodyEndsUpWithExactlyOneAssistant() throws Exception {
    long seed = Long.getLong("seed", new SecureRandom().nextInt(1_000_000));
    Plan plan = Plan.of(seed, Integer.getInteger("users", USUAL_USERS), Project.LEASE);
    int users = plan.people().size();
    String again = "mvn -Pstorm -Dseed=%d -Dusers=%d".formatted(seed, users);
    System.out.printf("Storm with %d users for %s; again with: %s%n", users, plan.length(), again);
    try {
      ride(plan);
    } catch (Throwable e) {
      System.out.printf("The storm has found something. Again with: %s%n", again);
      throw e;
    }
  }

  private static void ride(Plan plan) throws Exception {
    Tally tally = new Tally();
    Weather weather = new Weather(plan.seed(), plan.people().size(), Project.VAPI_TIMEOUT, tally);
    long begin = System.nanoTime();
    try (Project project = Project.of(plan);
        Watcher watcher = new Watcher(project.chronicle(), weather);
        Storm storm = new Storm(plan, project, weather, tally, watcher)) {
      project.instances().parallelStream().forEach(Instance::start);
      storm.rage();
      assertThat(watcher.violations()).isEmpty();
      long calm = System.nanoTime();
      Aftermath aftermath = new Aftermath(project, storm.post());
      aftermath.settle();
      project.instances().forEach(Instance::kill);

      List<Deletion> deletions = watcher.end();
      Ledgers ledgers = Ledgers.open(project);
      Report report = Report.of(project, tally, ledgers);
      System.out.printf(
          "%n%s%n%d failed rows revived; answers of the service: %s; calls to Vapi: %d%n"
              + "storm %s, aftermath %s, in which time was moved on by %s%n",
          report.table(),
          aftermath.revived(),
          storm.post().answers(),
          project.vapi().calls().size(),
          seconds(begin, calm),
          seconds(calm, System.nanoTime()),
          aftermath.elapsed());
      assertThat(watcher.violations()).isEmpty();
      int deleted = tally.users(Trouble.USER_DELETED).size();
      assertThat(ledgers.discrepancies(plan.people().size() - deleted, deletions)).isEmpty();
      assertThat(storm.post().wrong()).isEmpty();
      assertThat(project.instances()).flatMap(Instance::bugs).isEmpty();
      assertThat(report.missing()).as("planned, and never came").isEmpty();
    }
  }

  private static String seconds(long from, long to) {
    return Duration.ofNanos(to - from).toSeconds() + " s";
  }
}
