/**
 * The world around the service, small enough for a laptop: a PostgreSQL laid out like a Supabase
 * project, a worker that sends what pg_net would, a Vapi that can be told to misbehave, and a wire
 * that can be cut. Shared by the tests and by the demo; nothing here knows the service, and nothing
 * here ships.
 */
@NullMarked
package dev.provisioner.sandbox;

import org.jspecify.annotations.NullMarked;
