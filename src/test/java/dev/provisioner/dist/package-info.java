/** Makes the distribution of {@code mvn -Pdist package}, and looks at what was made. */
@NullMarked
package dev.provisioner.dist;

import org.jspecify.annotations.NullMarked;
