package dev.provisioner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import dev.provisioner.World.Person;
import dev.provisioner.client.ApiClient;
import dev.provisioner.client.ApiException;
import dev.provisioner.client.ApiResponse;
import dev.provisioner.client.api.InspectionApi;
import dev.provisioner.client.api.ProvisioningApi;
import dev.provisioner.client.model.Announcement;
import dev.provisioner.client.model.DatabaseWebhook;
import dev.provisioner.client.model.DatabaseWebhookRecord;
import dev.provisioner.client.model.Provision;
import dev.provisioner.client.model.Readiness;
import dev.provisioner.client.model.ReadinessStatus;
import dev.provisioner.client.model.ReconcilePreview;
import dev.provisioner.client.model.ReconcileRequest;
import dev.provisioner.client.model.ReconcileSummary;
import dev.provisioner.http.Scope;
import dev.provisioner.sandbox.Fault;
import dev.provisioner.sandbox.SharedSupabase;
import dev.provisioner.sandbox.SupabaseServer;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A client that a stock generator makes from the contract speaks with the service. */
@ExtendWith(SharedSupabase.class)
class GeneratedClientTest {
  private final World world;

  GeneratedClientTest(SupabaseServer supabase) {
    world = World.serving(supabase);
  }

  @AfterEach
  void end() {
    world.close();
  }

  @Test
  void webhookProvisionsAndTheRowShowsIt() throws Exception {
    Person person = world.person();

    Announcement announced = announce(person.provision());
    Provision row = inspection(Scope.OPERATE).getProvision(person.provision(), null);

    assertThat(announced.getOutcome()).isEqualTo(Announcement.OutcomeEnum.CREATED);
    assertThat(announced.getUserId()).isEqualTo(person.user());
    assertThat(announced.getAssistantId()).isEqualTo(world.inUse(person));
    assertThat(row.getStatus()).isEqualTo(Provision.StatusEnum.PROCESSED);
    assertThat(row.getAssistantInUse()).isEqualTo(world.inUse(person));
    assertThat(row.getNextAttemptAt()).isNull();
    assertThat(row.getProcessedAt()).isAfterOrEqualTo(row.getCreatedAt());
  }

  @Test
  void rowUnderwayIsReadThoughTheGeneratorKnowsOneTypeForBothStatuses() throws Exception {
    Person person = world.person();
    world.vapi.onCreate().next(Fault.status(500, "<html>oops</html>"));

    ApiResponse<Announcement> answer =
        provisioning(Scope.WEBHOOK)
            .announceProvisionWithHttpInfo(webhook(person.provision()), null, null, null, null);
    Provision row = inspection(Scope.OPERATE).getProvision(person.provision(), null);

    assertThat(answer.getStatusCode()).isEqualTo(202);
    assertThat(answer.getData().getId()).isEqualTo(person.provision());
    assertThat(row.getErrorCode()).isEqualTo(Provision.ErrorCodeEnum.UNKNOWN_OUTCOME);
  }

  @Test
  void reconcileTellsWhatItWouldDoAndWhatItHasDone() throws Exception {
    Person person = world.person();
    ReconcileRequest request = new ReconcileRequest().userIds(List.of(person.user()));

    ReconcilePreview preview =
        provisioning(Scope.OPERATE)
            .reconcile(null, null, null, null, null, request.dryRun(true))
            .getReconcilePreview();
    ReconcileSummary summary =
        provisioning(Scope.OPERATE)
            .reconcile(null, null, null, null, null, request.dryRun(false))
            .getReconcileSummary();

    assertThat(preview.getWouldClaim()).isEqualTo(1);
    assertThat(preview.getRows().getFirst().getId()).isEqualTo(person.provision());
    assertThat(summary.getCreated()).isEqualTo(1);
    assertThat(summary.getRemaining()).isZero();
  }

  @Test
  void readinessIsRead() throws Exception {
    Readiness readiness = new InspectionApi(client()).getReadiness(null);

    assertThat(readiness.getStatus()).isEqualTo(ReadinessStatus.READY);
    assertThat(readiness.getChecks().getDatabase().getStatus()).isEqualTo(ReadinessStatus.READY);
  }

  @Test
  void refusalIsAnException() {
    assertThatThrownBy(() -> inspection(Scope.WEBHOOK).getProvision(UUID.randomUUID(), null))
        .isInstanceOfSatisfying(
            ApiException.class,
            refused -> {
              assertThat(refused.getCode()).isEqualTo(403);
              assertThat(refused.getResponseBody())
                  .contains("urn:vapi-provisioner:problem:insufficient-scope");
            });
  }

  private Announcement announce(UUID provision) throws ApiException {
    return provisioning(Scope.WEBHOOK)
        .announceProvision(webhook(provision), null, null, null, null);
  }

  private static DatabaseWebhook webhook(UUID provision) {
    return new DatabaseWebhook()
        .type("INSERT")
        .table(DatabaseWebhook.TableEnum.PENDING_VAPI_PROVISION)
        .record(new DatabaseWebhookRecord().id(provision));
  }

  private ProvisioningApi provisioning(Scope scope) {
    return new ProvisioningApi(client(scope));
  }

  private InspectionApi inspection(Scope scope) {
    return new InspectionApi(client(scope));
  }

  private ApiClient client(Scope scope) {
    return client()
        .setRequestInterceptor(
            request -> request.header("Authorization", "Bearer " + World.token(scope)));
  }

  private ApiClient client() {
    ApiClient client = new ApiClient();
    // Or it takes a summary for a preview as well, and does not know which it is.
    client.setObjectMapper(
        client.getObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES));
    client.updateBaseUri(world.uri("").toString());
    return client;
  }
}
