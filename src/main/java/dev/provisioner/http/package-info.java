/**
 * The outside of the service: the server, who may call, strict reading of what they send, and how a
 * refusal is put. Endpoints convert, delegate and answer; they know nothing of SQL, and nothing in
 * here decides what becomes of a provision.
 */
@NullMarked
package dev.provisioner.http;

import org.jspecify.annotations.NullMarked;
