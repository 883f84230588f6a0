package dev.provisioner;

import dev.provisioner.provision.Grant;
import java.util.stream.Stream;

/**
 * What the service's role may come to lack in its database, each thing by itself. Whoever looks for
 * it must name it, and it alone, with the SQL that gives it back.
 *
 * @param what for people
 * @param breaking what the superuser does to take it away
 * @param remedy what is to be named
 */
record Lacking(String what, String breaking, String remedy) {
  private static final String QUEUE = "public.pending_vapi_provision";
  private static final String QUEUE_POLICY = "\"the provisioner works the queue\" on " + QUEUE;
  private static final String INSTALLATION_POLICY =
      "\"the provisioner reads the installation\" on provisioning.installation";
  private static final String DEPARTED_POLICY =
      "\"the provisioner works off the tombstones\" on provisioning.departed";

  static Stream<Lacking> everything() {
    return Stream.of(
            Grant.ALL.stream().map(Lacking::grant),
            Stream.of(
                policy("drop policy " + QUEUE_POLICY),
                policy("alter policy %s using (false)".formatted(QUEUE_POLICY)),
                policy("alter policy %s using (status <> 'failed')".formatted(QUEUE_POLICY)),
                policy("alter policy %s with check (false)".formatted(QUEUE_POLICY)),
                policy("alter policy %s to anon, service_role".formatted(QUEUE_POLICY)),
                policy(
                    "drop policy %1$s; create policy %1$s for select to provisioner using (true)"
                        .formatted(QUEUE_POLICY)),
                policy(
                    "drop policy %1$s; create policy %1$s for update to provisioner using (true)"
                        .formatted(QUEUE_POLICY)),
                policy(
                    "drop policy %1$s; create policy %1$s as restrictive to provisioner using (true)"
                        .formatted(QUEUE_POLICY)),
                rows(
                    "provisioning.installation",
                    INSTALLATION_POLICY,
                    "for select to provisioner using (true);",
                    "drop policy " + INSTALLATION_POLICY),
                rows(
                    "provisioning.departed",
                    DEPARTED_POLICY,
                    "for all to provisioner using (true) with check (true);",
                    "drop policy " + DEPARTED_POLICY),
                rows(
                    "provisioning.departed",
                    DEPARTED_POLICY,
                    "for all to provisioner using (true) with check (true);",
                    "drop policy %1$s; create policy %1$s for delete to provisioner using (true)"
                        .formatted(DEPARTED_POLICY)),
                restriction("public"),
                restriction("provisioner")))
        .flatMap(each -> each);
  }

  private static Lacking grant(Grant grant) {
    return new Lacking(
        "the role lacks " + grant.text(),
        "revoke %s from provisioner, public".formatted(grant.text()),
        grant.sql());
  }

  private static Lacking policy(String breaking) {
    return rows(
        QUEUE, QUEUE_POLICY, "for all to provisioner using (true) with check (true);", breaking);
  }

  private static Lacking rows(String table, String policy, String rule, String breaking) {
    return new Lacking(
        "row security keeps rows of %s from the role".formatted(table),
        breaking,
        "drop policy if exists %1$s; create policy %1$s %2$s".formatted(policy, rule));
  }

  private static Lacking restriction(String role) {
    return new Lacking(
        "a restrictive policy keeps rows of %s from the role".formatted(QUEUE),
        "create policy \"Closed now\" on %s as restrictive to %s using (status = 'pending')"
            .formatted(QUEUE, role),
        "drop policy \"Closed now\" on %s;".formatted(QUEUE));
  }

  @Override
  public String toString() {
    return breaking;
  }
}
