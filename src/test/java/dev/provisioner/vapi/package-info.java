/** Tests of what knows Vapi; a server of theirs is a real one, on a socket. */
@NullMarked
package dev.provisioner.vapi;

import org.jspecify.annotations.NullMarked;
