/**
 * What {@code openapi.yaml} promises, and whether an answer keeps it. Knows the document, and of
 * the service no more than its words.
 */
@NullMarked
package dev.provisioner.contract;

import org.jspecify.annotations.NullMarked;
