package dev.provisioner.sandbox;

import static dev.provisioner.sandbox.Eventually.eventually;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** Brings each trouble about where it arises, and waits until its rows are what they become. */
final class Mischief implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String OTHER_SECRET = "whsec_c29tZWJvZHktaGFzLXBhc3RlZC1hbm90aGVyLW9uZQ==";

  private final Stage stage;
  private final VapiSimulator vapi;
  private final HttpClient http = HttpClient.newHttpClient();
  private int people;

  Mischief(Stage stage, VapiSimulator vapi) {
    this.stage = stage;
    this.vapi = vapi;
  }

  /** How many users have verified their e-mail. */
  int people() {
    return people;
  }

  /**
   * It happens, and some users verify meanwhile.
   *
   * @param rejected a template that Vapi refuses
   * @param alone nothing else follows, so that a Vapi that is down may stay so
   * @return the story in a line
   */
  String befall(Trouble trouble, Path rejected, boolean alone)
      throws IOException, InterruptedException {
    return switch (trouble) {
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
        if (!alone) {
          vapiIsBack();
          elapse(Duration.ofHours(3));
        }
        yield "Vapi answers 503 all evening: 2 users verify, all attempts are spent; 1 more waits";
      }
      case TEMPLATE_REJECTED -> {
        stage.deployment.set("ASSISTANT_TEMPLATE", rejected.toString());
        verify(3);
        await("they are rejected", "error_code = 'rejected'", 3);
        elapse(Duration.ofHours(2));
        yield "a new template, with a property that Vapi refuses: 3 users verify, and are rejected";
      }
      case KEY_REVOKED -> {
        vapi.revokeKeys();
        vapi.acceptKey(TroubleScene.NEW_KEY);
        verify(1);
        await("the account is refused", "error_code = 'account_refused'", 1);
        verify(1); // its webhook finds the gate closed
        elapse(Duration.ofMinutes(40));
        yield "the key is revoked: 2 users verify, and wait";
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
        yield "another webhook secret in the Vault: 2 users verify, and their webhooks are refused";
      }
      case WEBHOOKS_LOST -> {
        stage.pgNet.pause();
        verify(2);
        int lost = stage.pgNet.lose();
        stage.pgNet.resume();
        yield "the database restarts, pg_net loses %d webhooks, and nothing sweeps".formatted(lost);
      }
    };
  }

  private List<FaultPlan> calls() {
    return List.of(vapi.onCreate(), vapi.onList(), vapi.onGet(), vapi.onDelete());
  }

  /** It answers as if nothing had been. */
  void vapiIsBack() {
    calls().forEach(FaultPlan::clear);
  }

  /** New users, whose rows are in the queue when it returns. */
  void verify(int users) {
    for (int i = 0; i < users; i++) {
      people++;
      stage.database.confirm(
          stage.database.signUp("user" + people + "@example.com", "User " + people));
    }
  }

  /** Waits until that many rows are like this. */
  void await(String what, String rows, int count) {
    String sql = "select count(*) from public.pending_vapi_provision where " + rows;
    eventually(what, PATIENCE, () -> Integer.parseInt(stage.query(sql)) == count);
  }

  /** Lets time pass while nothing is under way. */
  void elapse(Duration time) {
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

  @Override
  public void close() {
    http.close();
  }
}
