/**
 * Watches all tests: what is personal or secret must be in no log event and in no answer, whatever
 * a test is about.
 */
@NullMarked
package dev.provisioner.privacy;

import org.jspecify.annotations.NullMarked;
