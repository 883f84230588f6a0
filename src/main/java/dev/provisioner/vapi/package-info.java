/**
 * Everything that knows Vapi: the calls, what an answer means, the one gate in front of them, and
 * the template an assistant is made from.
 *
 * <p>What may not live here: SQL, the queue and its states, our own HTTP server, retries of any
 * kind. A call is sent once and its answer is named; what follows from it is decided elsewhere.
 */
@NullMarked
package dev.provisioner.vapi;

import org.jspecify.annotations.NullMarked;
