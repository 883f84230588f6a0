/**
 * What the operator sees: readiness, metrics, alerts and logs. Watches the domain, which tells an
 * observer of its own what happens and never knows who listens. No routes and no SQL.
 */
@NullMarked
package dev.provisioner.ops;

import org.jspecify.annotations.NullMarked;
