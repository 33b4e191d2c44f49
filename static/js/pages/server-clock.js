/**
 * The server's clock, known from the `Date` of its answers. The computer's may be set wrong by hours,
 * and what the server names as a time (the end of a sign-in, of a QR code) is by its own.
 */

// By how much the server is ahead, in ms: somewhere between these, by every answer so far.
let least = Number.NEGATIVE_INFINITY;
let most = Number.POSITIVE_INFINITY;

/**
 * Learn from an answer; `sent` and `received` are `Date.now()` of its request and of itself.
 *
 * @param {Response} answer @param {number} sent @param {number} received
 */
export function heed(answer, sent, received) {
  // Whole seconds, cut off (RFC 9110 §6.6.1); another site's answer shows none.
  const date = Date.parse(answer.headers.get('Date') ?? '');
  if (Number.isNaN(date)) return;
  const lower = date - received;
  const upper = date + 1_000 - sent;
  // Nothing in common with what was known: one of the clocks has been set.
  const isAnother = lower > most || upper < least;
  least = isAnother ? lower : Math.max(least, lower);
  most = isAnother ? upper : Math.min(most, upper);
}

/** What `Date.now()` would be on the server; a clock that may be right counts as right. */
export const serverNow = () => Date.now() + Math.min(Math.max(0, least), most);
