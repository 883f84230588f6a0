@NullMarked
package dev.provisioner.provision;

import org.jspecify.annotations.NullMarked;
