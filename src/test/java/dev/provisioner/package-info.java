/** Tests of the configuration and the commands. */
@NullMarked
package dev.provisioner;

import org.jspecify.annotations.NullMarked;
