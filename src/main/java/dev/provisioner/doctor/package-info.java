/**
 * Finds out why it does not work, and says how to mend it: one line for each thing that must hold,
 * in the order in which they build on each other. Only looks, never changes anything; may run next
 * to a running service at any time. Knows the domain and Vapi; no SQL but what it tells people to
 * run.
 */
@NullMarked
package dev.provisioner.doctor;

import org.jspecify.annotations.NullMarked;
