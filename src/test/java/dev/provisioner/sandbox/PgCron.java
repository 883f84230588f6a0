package dev.provisioner.sandbox;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs what one database has scheduled with {@code cron.schedule}, a minute at a time and by hand:
 * each job as who has scheduled it, in a connection of its own, and writes down what came of it.
 */
public final class PgCron {
  private final SupabaseDatabase database;

  public PgCron(SupabaseDatabase database) {
    this.database = database;
  }

  private record Job(long id, String user, String command) {}

  /**
   * Runs the jobs of one minute.
   *
   * @param minute of the hour; a schedule is every minute, or one minute of every hour
   * @return how many jobs have succeeded
   */
  public int tick(int minute) {
    int succeeded = 0;
    try (Connection superuser = database.connectAsSuperuser()) {
      for (Job job : jobs(superuser, minute)) {
        String trouble = run(job);
        succeeded += trouble == null ? 1 : 0;
        record(superuser, job, trouble);
      }
    } catch (SQLException e) {
      throw new IllegalStateException("pg_cron has lost its database", e);
    }
    return succeeded;
  }

  private static List<Job> jobs(Connection superuser, int minute) throws SQLException {
    List<Job> due = new ArrayList<>();
    try (PreparedStatement query =
        superuser.prepareStatement(
            """
            select jobid, username, command from cron.job
             where active and schedule in ('* * * * *', ? || ' * * * *') order by jobid\
            """)) {
      query.setString(1, Integer.toString(minute));
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          due.add(
              new Job(row.getLong("jobid"), row.getString("username"), row.getString("command")));
        }
      }
    }
    return due;
  }

  /** What went wrong; null where nothing did. */
  private @Nullable String run(Job job) {
    try (Connection its = database.connect(job.user());
        Statement statement = its.createStatement()) {
      statement.execute(job.command());
      return null;
    } catch (SQLException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static void record(Connection superuser, Job job, @Nullable String trouble)
      throws SQLException {
    try (PreparedStatement insert =
        superuser.prepareStatement(
            """
            insert into cron.job_run_details
              (jobid, database, username, command, status, return_message, start_time, end_time)
            values (?, current_database(), ?, ?, ?, ?, now(), clock_timestamp())\
            """)) {
      insert.setLong(1, job.id());
      insert.setString(2, job.user());
      insert.setString(3, job.command());
      insert.setString(4, trouble == null ? "succeeded" : "failed");
      insert.setString(5, trouble);
      insert.executeUpdate();
    }
  }
}
