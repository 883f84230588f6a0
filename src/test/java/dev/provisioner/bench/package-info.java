/**
 * What the service costs, next to what its database costs without it: {@code mvn -Pbench}. {@link
 * dev.provisioner.bench.Bench} starts everything that is measured as a process of its own: the
 * service as it is shipped, a PostgreSQL that syncs its commits, a Vapi that answers at once or
 * late ({@link dev.provisioner.bench.VapiServer}), the senders of webhooks ({@link
 * dev.provisioner.bench.LoadClient}), and plain JDBC that executes the service's own claim and
 * settle ({@link dev.provisioner.bench.Bound}). A scenario measures and keeps {@link
 * dev.provisioner.bench.Figures}; when it ends, the assistants that were made and the rows that say
 * so have to agree.
 */
@NullMarked
package dev.provisioner.bench;

import org.jspecify.annotations.NullMarked;
