/** Requests made at random from the contract, good ones and bad ones, and a client to send them. */
@NullMarked
package dev.provisioner.fuzz;

import org.jspecify.annotations.NullMarked;
