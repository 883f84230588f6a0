package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How often the database is asked for numbers, and what is told while it is away. */
@ExtendWith(SharedSupabase.class)
class QueueStatisticsTest {
  private final SupabaseDatabase database;
  private final AtomicLong now = new AtomicLong(-5);
  private final AtomicInteger asked = new AtomicInteger();
  private final AtomicBoolean away = new AtomicBoolean();
  private final QueueStatistics statistics;

  QueueStatisticsTest(SupabaseServer supabase) {
    database = supabase.createDatabase();
    database.applyMigrations();
    statistics =
        new QueueStatistics(
            new Database(() -> {
              asked.incrementAndGet();
              if (away.get()) {
                throw new SQLException("no route", "08001");
              }
              return database.connect("provisioner");
            }),
            now::get);
  }

  @AfterEach
  void end() {
    database.drop();
  }

  @Test
  void databaseIsAskedOnceASecondAtMost() {
    Statistics first = statistics.read();
    now.addAndGet(Duration.ofMillis(999).toNanos());

    assertThat(statistics.read()).isSameAs(first);
    assertThat(asked).hasValue(1);
    now.addAndGet(Duration.ofMillis(1).toNanos());
    assertThat(statistics.read()).isNotSameAs(first);
    assertThat(asked).hasValue(2);
  }

  @Test
  void databaseThatIsAwayIsNotAskedByEverybodyWhoWaits() {
    away.set(true);

    Throwable first = catchThrowable(statistics::read);

    assertThat(first).isInstanceOf(QueueUnavailableException.class);
    assertThat(catchThrowable(statistics::read)).isSameAs(first);
    assertThat(asked).hasValue(1);
    away.set(false);
    now.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(statistics.read().counts()).hasSize(Status.values().length);
  }

  @Test
  void whatWasKnownIsNotToldWhileTheDatabaseIsAway() {
    statistics.read();
    away.set(true);
    now.addAndGet(Duration.ofSeconds(1).toNanos());

    assertThat(catchThrowable(statistics::read)).isInstanceOf(QueueUnavailableException.class);
  }
}
