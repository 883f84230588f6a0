package dev.provisioner.provision;

import dev.provisioner.vapi.AssistantTemplate;
import dev.provisioner.vapi.Gate;
import dev.provisioner.vapi.VapiClient;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.ConnectionFactory;
import org.jspecify.annotations.Nullable;

/** The domain, put together: what the outside may ask of it. */
public final class Provisioning {
  private final QueueView view;
  private final QueueStatistics statistics;
  private final Doorbell doorbell;
  private final Reconciler reconciler;
  private final Sweep sweep;
  private final SchemaCheck schemaCheck;
  private final Organisation organisation;
  private final Audit audit;

  /**
   * What the domain needs from outside.
   *
   * @param connections in autocommit
   * @param installation null: what the migrations made
   * @param ackTimeout how long a webhook is kept waiting
   * @param sweepInterval zero: no sweep
   * @param auditPause between two calls to Vapi of an audit
   * @param workers runs attempts; a thread for each
   * @param nanoTime a monotonic clock in nanoseconds
   * @param observers told what happens; may be none
   */
  public record Surroundings(
      ConnectionFactory connections,
      VapiClient vapi,
      Gate gate,
      AssistantTemplate template,
      Policy policy,
      @Nullable String installation,
      Duration ackTimeout,
      Duration sweepInterval,
      Duration auditPause,
      ExecutorService workers,
      Clock clock,
      LongSupplier nanoTime,
      List<Observer> observers) {}

  public Provisioning(Surroundings its) {
    Policy policy = its.policy();
    Observer observer = new Observers(its.observers());
    Database database = new Database(its.connections());
    DoubtLedger ledger = new DoubtLedger(database, policy);
    Queue queue = new Queue(database, policy, its.clock(), its.nanoTime());
    view = new QueueView(database);
    statistics = new QueueStatistics(database, its.nanoTime());
    schemaCheck = new SchemaCheck(database);
    Installation installation = new Installation(queue, its.installation());
    Census census = new Census(its.vapi(), installation);
    Collector collector = new Collector(its.vapi(), its.gate(), ledger, observer);
    Attempt attempt =
        new Attempt(new Judge(policy, new Backoff(() -> ThreadLocalRandom.current().nextDouble())));
    Settler settler =
        new Settler(queue, ledger, collector, attempt, its.gate(), policy, its.nanoTime());
    Provisioner provisioner =
        new Provisioner(
            its.vapi(),
            its.gate(),
            its.template(),
            installation,
            census,
            attempt,
            settler,
            policy,
            observer,
            its.nanoTime());
    doorbell =
        new Doorbell(
            queue,
            view,
            provisioner,
            its.gate(),
            its.workers(),
            its.ackTimeout(),
            its.nanoTime(),
            observer);
    reconciler =
        new Reconciler(
            queue,
            view,
            provisioner,
            census,
            new Looks(ledger, queue, its.vapi(), its.gate(), census, collector, observer),
            its.gate(),
            policy.vapiTimeout(),
            its.nanoTime());
    sweep = new Sweep(reconciler, its.sweepInterval());
    organisation = new Organisation(database, its.workers(), its.nanoTime());
    its.vapi().onOrganisation(organisation::noted);
    audit =
        new Audit(
            new Audit.Parts(
                its.vapi(),
                its.gate(),
                its.auditPause(),
                policy,
                installation,
                organisation,
                schemaCheck,
                queue,
                new Inventory(database),
                census,
                collector,
                its.nanoTime()));
  }

  public Doorbell doorbell() {
    return doorbell;
  }

  public Reconciler reconciler() {
    return reconciler;
  }

  public Sweep sweep() {
    return sweep;
  }

  public SchemaCheck schemaCheck() {
    return schemaCheck;
  }

  /** What can be seen of the queue. */
  public QueueView view() {
    return view;
  }

  public QueueStatistics statistics() {
    return statistics;
  }

  public Organisation organisation() {
    return organisation;
  }

  public Audit audit() {
    return audit;
  }
}
