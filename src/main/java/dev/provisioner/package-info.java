/**
 * The entry points and the configuration: {@link dev.provisioner.Main} is the one place where the
 * parts are put together. Everything else gets what it needs through its constructor.
 */
@NullMarked
package dev.provisioner;

import org.jspecify.annotations.NullMarked;
