/**
 * The heart, broken on purpose: one rule at a time is taken out of the sources of the service, and
 * a test that is named beforehand must fail. {@code mvn -Pmutants} runs them all.
 *
 * <p>The looks heal most of what goes wrong, so a test that only waits for the end would notice few
 * of these: what is asserted is the number of creates, what was deleted and when, and each row's
 * state in between.
 *
 * <p>A mutant quotes the source that it changes. When that source is written anew, {@link
 * dev.provisioner.mutants.MutantsTest} names the mutants that do not fit any more.
 */
@NullMarked
package dev.provisioner.mutants;

import org.jspecify.annotations.NullMarked;
