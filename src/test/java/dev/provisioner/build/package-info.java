/** What keeps the sources themselves in order: their format. */
@NullMarked
package dev.provisioner.build;

import org.jspecify.annotations.NullMarked;
