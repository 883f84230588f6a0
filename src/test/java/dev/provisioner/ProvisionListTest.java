package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.provisioner.World.Answer;
import dev.provisioner.World.Person;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows of the queue, page by page. */
@ExtendWith(SharedSupabase.class)
class ProvisionListTest {
  private final World world;

  ProvisionListTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void emptyQueueIsAnEmptyPage() {
    Answer answer = world.get("/provisions");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().path("provisions")).isEmpty();
    assertThat(answer.json().path("next_cursor").isNull()).isTrue();
  }

  @Test
  void everyRowIsShownOnceWhileNewOnesComeAndOthersChange() {
    List<Person> before = new ArrayList<>(world.people(23)); // of the same instant
    before.add(world.person());
    before.add(world.person());

    List<String> shown = new ArrayList<>();
    String cursor = "";
    do {
      Answer answer = world.get("/provisions?limit=4" + cursor);
      ids(answer).forEach(shown::add);
      cursor = "&cursor=" + answer.field("next_cursor");
      world.person();
      world.ring(before.get(shown.size() % before.size()));
    } while (!cursor.equals("&cursor=null"));

    assertThat(shown)
        .containsExactlyElementsOf(
            world
                .text(
                    """
                    select string_agg(id::text, ',' order by created_at desc, id desc)
                      from public.pending_vapi_provision where id = any(?::uuid[])\
                    """,
                    before.stream()
                        .map(each -> each.provision().toString())
                        .toList()
                        .toString()
                        .replace('[', '{')
                        .replace(']', '}'))
                .lines()
                .flatMap(all -> List.of(all.split(",")).stream())
                .toList());
  }

  @Test
  void pageThatIsJustFullIsTheLast() {
    world.people(3);

    assertThat(world.get("/provisions?limit=3").json().path("next_cursor").isNull()).isTrue();
    assertThat(world.get("/provisions?limit=2").json().path("next_cursor").isNull()).isFalse();
  }

  @Test
  void rowIsShownAsItIsByItself() {
    Person person = world.person("somebody@example.com", "Ada Lovelace");
    world.ring(person);
    world.person();

    Answer all = world.get("/provisions");

    assertThat(all.json().path("provisions"))
        .hasSize(2)
        .contains(world.get("/provisions/" + person.provision()).json());
    assertThat(all.response().body()).doesNotContain("@", "somebody", "Ada", "Lovelace");
  }

  @Test
  void pagesHoldFiftyUnlessAskedOtherwise() {
    world.people(51);

    assertThat(world.get("/provisions").json().path("provisions")).hasSize(50);
    assertThat(world.get("/provisions?limit=500").json().path("provisions")).hasSize(51);
  }

  @Test
  void rowsAreChosenByStatus() {
    Statuses rows = new Statuses();

    assertThat(shown("status=pending")).containsExactly(rows.pending);
    assertThat(shown("status=processing")).containsExactly(rows.processing);
    assertThat(shown("status=processed")).containsExactly(rows.processed);
    assertThat(shown("status=errored")).containsExactly(rows.refused, rows.errored);
    assertThat(shown("status=failed&status=pending&status=failed"))
        .containsExactly(rows.failed, rows.pending);
    assertThat(shown("")).hasSize(6);
  }

  @Test
  void rowsAreChosenByWhetherTheyGoOnByThemselves() {
    Statuses rows = new Statuses();

    assertThat(shown("needs_a_person=true")).containsExactly(rows.failed, rows.refused);
    assertThat(shown("needs_a_person=true&status=errored")).containsExactly(rows.refused);
    assertThat(shown("needs_a_person=true&status=processed")).isEmpty();
    assertThat(shown("needs_a_person=false")).hasSize(6);
    assertThat(world.get("/stats").number("needs_a_person")).isEqualTo(2);
  }

  @Test
  void rowsAreChosenByUser() {
    Statuses rows = new Statuses();
    String user = "user_id=" + rows.failed.user();

    assertThat(shown(user)).containsExactly(rows.failed);
    assertThat(shown(user + "&status=failed&needs_a_person=true")).containsExactly(rows.failed);
    assertThat(shown(user + "&status=processed")).isEmpty();
    assertThat(shown("user_id=" + UUID.randomUUID())).isEmpty();
  }

  @Test
  void userWithManyRowsIsPagedToo() {
    Person person = world.person();
    for (int i = 0; i < 4; i++) {
      world.sql(
          """
          insert into public.pending_vapi_provision
                 (user_id, status, processed_at, next_attempt_at, created_at)
          values (?, 'processed', now(), null, now() - interval '1 day')\
          """,
          person.user());
    }
    String user = "/provisions?limit=3&user_id=" + person.user();

    Answer first = world.get(user);
    Answer second = world.get(user + "&cursor=" + first.field("next_cursor"));

    assertThat(ids(first)).hasSize(3).doesNotContainAnyElementsOf(ids(second));
    assertThat(ids(second)).hasSize(2);
  }

  @Test
  void cursorIsGoodWhenItsRowIsGoneAndForOtherFilters() {
    List<Person> people = List.of(world.person(), world.person(), world.person());
    String cursor = "cursor=" + world.get("/provisions?limit=1").field("next_cursor");

    world.delete(people.get(2));

    assertThat(shown(cursor)).containsExactly(people.get(1), people.get(0));
    assertThat(shown("status=pending&" + cursor)).containsExactly(people.get(1), people.get(0));
    assertThat(shown(cursor + "&user_id=" + people.get(0).user())).containsExactly(people.get(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          limit=0                                     | limit
          limit=501                                   | limit
          limit=                                      | limit
          limit=-1                                    | limit
          limit=1.5                                   | limit
          limit=99999999999999999999                  | limit
          limit=%D9%A1                                | limit
          limit=5&limit=5                             | limit
          status=done                                 | status
          status=                                     | status
          status=FAILED                               | status
          status=failed,errored                       | status
          user_id=7                                   | user_id
          user_id=1-1-1-1-1                           | user_id
          needs_a_person=yes                          | needs_a_person
          needs_a_person                              | needs_a_person
          cursor=                                     | cursor
          cursor=2                                    | cursor
          cursor=AAZaaqiICW8LbTwefwpPPp1SHFt8Gi8      | cursor
          cursor=AAZaaqiICW8LbTwefwpPPp1SHFt8Gi8QQ    | cursor
          cursor=AAZaaqiICW8LbTwefwpPPp1SHFt8Gi8%2B   | cursor
          cursor=________________________________     | cursor
          cursor=f_________________wpPPp1SHFt8Gi8Q    | cursor
          state=failed                                | state
          Status=failed                               | Status
          status[]=failed                             | status[]
          """)
  void parameterThatIsWrongIsNamed(String query, String parameter) {
    Answer answer =
        Refusal.of(
            world,
            bearing(Scope.OPERATE, world.request("/provisions?" + query.replace("[]", "%5B%5D"))),
            400,
            "invalid-request");

    assertThat(answer.json().path("errors"))
        .extracting(each -> each.path("parameter").asText())
        .containsExactly(parameter);
  }

  @Test
  void everyMistakeIsNamedAtOnce() {
    Answer answer =
        Refusal.of(
            world,
            bearing(
                Scope.OPERATE,
                world.request("/provisions?limit=x&status=a&status=b&" + "c".repeat(99))),
            400,
            "invalid-request");

    assertThat(answer.json().path("errors"))
        .extracting(each -> each.path("parameter").asText())
        .containsExactly("c".repeat(40) + "…", "status", "status", "limit");
  }

  @Test
  void headAnswersAsGetDoesWithoutTheRows() {
    Answer found = world.send(bearing(Scope.OPERATE, world.request("/provisions")).HEAD());
    Answer wrong = world.send(bearing(Scope.OPERATE, world.request("/provisions?limit=0")).HEAD());
    Answer refused = world.send(world.request("/provisions").HEAD());

    assertThat(found.status()).isEqualTo(200);
    assertThat(found.response().body()).isEmpty();
    assertThat(wrong.status()).isEqualTo(400);
    assertThat(refused.status()).isEqualTo(401);
  }

  @Test
  void rowsAreForOperatorsOnly() {
    world.person();

    for (String path : List.of("/provisions", "/provisions?limit=0", "/stats")) {
      Refusal.of(world, world.request(path), 401, "unauthenticated");
      Refusal.of(world, bearing(Scope.WEBHOOK, world.request(path)), 403, "insufficient-scope");
      Refusal.of(world, world.signed(world.request(path), "").GET(), 401, "unauthenticated");
    }
  }

  /** One row of each status, and one that fails for a reason that somebody must mend. */
  private final class Statuses {
    final Person pending = world.person();
    final Person processing = world.person();
    final Person processed = world.person();
    final Person errored = world.person();
    final Person refused = world.person();
    final Person failed = world.person();

    Statuses() {
      set(
          processing,
          """
          status = 'processing', claim_token = gen_random_uuid(), error_code = 'account_refused',
          unconfirmed_since = now(), unconfirmed_until = now()\
          """);
      world.ring(processed);
      set(errored, "status = 'errored', error_code = 'unreachable'");
      set(refused, "status = 'errored', error_code = 'account_refused'");
      set(failed, "status = 'failed', next_attempt_at = null, error_code = 'rejected'");
    }
  }

  private void set(Person person, String columns) {
    world.sql(
        "update public.pending_vapi_provision set " + columns + " where id = ?",
        person.provision());
  }

  private List<Person> shown(String query) {
    Answer answer = world.get("/provisions?" + query);
    assertThat(answer.status()).as("%s", answer).isEqualTo(200);
    return StreamSupport.stream(answer.json().path("provisions").spliterator(), false)
        .map(row -> new Person(uuid(row, "user_id"), uuid(row, "id")))
        .toList();
  }

  private static UUID uuid(JsonNode row, String field) {
    return UUID.fromString(row.path(field).asText());
  }

  private static List<String> ids(Answer answer) {
    return answer.json().path("provisions").findValuesAsText("id");
  }

  private static HttpRequest.Builder bearing(Scope scope, HttpRequest.Builder request) {
    return request.header("Authorization", "Bearer " + World.token(scope));
  }
}
