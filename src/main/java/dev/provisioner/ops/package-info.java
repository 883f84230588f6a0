/**
 * What the operator sees: readiness and logs. Knows the domain, never the other way round; no HTTP
 * and no SQL.
 */
@NullMarked
package dev.provisioner.ops;

import org.jspecify.annotations.NullMarked;
