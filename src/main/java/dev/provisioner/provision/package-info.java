/**
 * The heart: how a verified user ends up with exactly one assistant. Knows the queue's SQL and asks
 * Vapi; knows nothing of HTTP servers, and nothing outside decides anything about a row.
 *
 * <h2>A row's life</h2>
 *
 * <pre>
 *              claim                     created · adopted · already provisioned
 *  pending ───────────▶ processing ─────────────────────────────────────────────▶ processed
 *     ▲                  │  │  │ lease ends: due again, as if errored
 *     │ let go           │  │  └──── rejected, or attempts spent ───────────────▶ failed
 *     └──────────────────┘  └─ could not tell, throttled, unreachable ──▶ errored    │
 *                       ▲                                                    │       │ include_failed,
 *                       └────────────────────────── due ◀────────────────────┴───────┘ or by hand
 * </pre>
 *
 * <h2>The protocol</h2>
 *
 * <p>A create at Vapi may take effect although its answer says no, is lost, or comes after somebody
 * else has taken over. So every row remembers <b>doubt</b>: a span of time in which a create of
 * ours may have begun whose outcome nobody recorded. {@code H} is one hour.
 *
 * <ol>
 *   <li><b>Claim</b> ({@link Queue}), committed before any call: a new token, a lease, and doubt
 *       that reaches to the lease's end. Its end is strictly a new value; the worker remembers it
 *       as <i>mine</i>, and the doubt that was there before as <i>earlier</i>.
 *   <li>Somebody's assistant is in use: only settle. There is earlier doubt: look first. Else
 *       create ({@link Plan}).
 *   <li><b>List</b> only after the claim, from an hour before the doubt to an hour after it; what
 *       counts is our installation and this row's id in the metadata ({@link Census}).
 *   <li>Found: get it by id to be sure, adopt the oldest, delete nothing. The listing failed or was
 *       cut: errored, and nothing is sent ({@link Provisioner}).
 *   <li>Just before sending, with the slot in hand, enough of the {@link Lease} must be left on
 *       both clocks; else the row is let go.
 *   <li><b>Settle a success</b>, one transaction: update by token; write the assistant only where
 *       none is; then, as a statement of its own, read what is in use. Doubt ends only if there was
 *       none earlier, its end is still mine, and ours is the one in use.
 *   <li>Already provisioned ends doubt on the same condition, without the last part.
 *   <li>A <b>definite no</b> puts the earlier doubt back, by token, if its end is still mine.
 *   <li><b>Unknown</b>, by token: errored, or failed when attempts are spent. The doubt stays.
 *   <li>A success or an unknown that finds its token gone <b>marks doubt</b> without a guard, back
 *       to its own claim ({@link DoubtLedger}); where the row is gone, at the user's tombstone.
 *   <li>Then, with an id in hand ({@link Settler}): in use, done; another in use, or the row gone,
 *       delete ours; none in use and the row there, leave it: its holder may be adopting it.
 *   <li>The <b>delete rule</b>, everywhere ({@link Collector}, {@link Standing}): only after a
 *       fresh read that shows another in use, or none and the row gone; only what bears our
 *       metadata.
 *   <li>A settled row has a time of its next look exactly while it is in doubt.
 *   <li>Deleting a row in doubt, or a user with an assistant, leaves a tombstone (a trigger writes
 *       it).
 *   <li>A <b>look</b> ({@link Looks}) is taken by pushing its time forward; one listing serves all
 *       that are due. It collects what is not in use; for a failed row with none in use it adopts;
 *       for a tombstone it deletes everything.
 *   <li>Looks come at 1, 2, 4, … times {@code VAPI_TIMEOUT} after settling. The first that starts
 *       after the doubt's end + H and after settling + H, with every delete done and nothing left
 *       that nobody uses, ends the doubt, if its end is still what the look has read.
 *   <li>A user whose assistant is gone at Vapi gets a new row ({@link Audit}). Adoption never
 *       crosses rows.
 * </ol>
 *
 * <p>What an attempt does next is decided by {@link Attempt}, and what an answer makes of a row by
 * {@link Judge}; both are pure, so that the model in the tests, which tries every order of events,
 * takes the very same decisions. {@link Provisioner} and {@link Settler} carry them out. Attempts
 * are counted when they settle, so that a deploy spends none. No transaction is ever open across a
 * call to Vapi.
 */
@NullMarked
package dev.provisioner.provision;

import org.jspecify.annotations.NullMarked;
