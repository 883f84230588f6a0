package dev.provisioner.provision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseDatabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Named parameters, against a server that reads the values. */
@ExtendWith(SharedSupabase.class)
class SqlTest {
  private final SupabaseDatabase project;
  private final Database database;

  SqlTest(SupabaseServer supabase) {
    project = supabase.createDatabase();
    database = new Database(project::connectAsSuperuser);
  }

  @AfterEach
  void end() {
    project.drop();
  }

  @Test
  void valueStandsWhereverItsNameDoes() {
    Sql.Bound statement =
        Sql.of("select :b || '-' || :a || '-' || cast(:b as text)").bind("a", "x").bind("b", "y");

    assertThat(texts(statement)).containsExactly("y-x-y");
  }

  @Test
  void eachKindOfValueArrivesAsWhatItIs() {
    UUID id = UUID.fromString("11111111-2222-3333-4444-555555555555");
    Instant instant = Instant.parse("2026-01-02T03:04:05.678901Z");
    Sql.Bound statement =
        Sql.of(
                """
                select concat_ws(' ', pg_typeof(:text), pg_typeof(:number), pg_typeof(:flag),
                                 pg_typeof(:id), pg_typeof(:instant), pg_typeof(:ids),
                                 :id = any(:ids),
                                 extract(microseconds from :instant),
                                 (timestamptz '2026-01-01Z' + :wait) at time zone 'UTC')\
                """)
            .bind("text", "t")
            .bind("number", 7)
            .bind("flag", true)
            .bind("id", id)
            .bind("instant", instant)
            .bind("ids", List.of(id, UUID.randomUUID()))
            .bind("wait", Duration.ofDays(1).plusNanos(250_001_000));

    assertThat(texts(statement))
        .containsExactly(
            "character varying integer boolean uuid timestamp with time zone uuid[]"
                + " t 5678901 2026-01-02 00:00:00.250001");
  }

  @Test
  void nullIsNullOfWhateverTypeIsWanted() {
    Sql.Bound statement =
        Sql.of(
                "select coalesce(cast(:a as timestamptz), 'epoch') = 'epoch' and cast(:b as text) is null")
            .bind("a", null)
            .bind("b", null);

    assertThat(texts(statement)).containsExactly("t");
  }

  @Test
  void misspeltNameIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Sql.of("select :right").bind("rihgt", 1))
        .withMessageContaining("rihgt");
  }

  @Test
  void forgottenValueIsNamedAndNothingIsExecuted() {
    assertThatIllegalStateException()
        .isThrownBy(() -> texts(Sql.of("select :a || :b").bind("a", "x")))
        .withMessageContaining("parameter b");
  }

  @Test
  void executionsDoNotShareTheirValues() {
    Sql sql = Sql.of("select cast(:a as text)");
    Sql.Bound first = sql.bind("a", "one");
    Sql.Bound second = sql.bind("a", "two");

    assertThat(texts(first)).containsExactly("one");
    assertThat(texts(second)).containsExactly("two");
  }

  private List<@Nullable String> texts(Sql.Bound statement) {
    return database.list(statement, row -> row.getString(1));
  }
}
