/** What the operator is told, piece by piece. */
@NullMarked
package dev.provisioner.ops;

import org.jspecify.annotations.NullMarked;
