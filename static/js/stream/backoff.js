/** How long to wait before coming back. Always with jitter, never zero: a crowd must not return as one. */

/** @param {number} low @param {number} high @param {() => number} random */
const between = (low, high, random) => Math.round(low + (high - low) * random());

/**
 * After the n-th failure in a row (from 0): 1, 2, 4 … 30 s, ±25 %. In ms.
 *
 * @param {number} attempt
 */
export function backoff(attempt, random = Math.random) {
  const base = 1_000 * Math.min(30, 2 ** attempt);
  return between(base * 0.75, base * 1.25, random);
}

/**
 * After the server's reason for ending the stream. In ms.
 *
 * @param {import('../types.js').ClosingReason} reason
 */
export function afterClosing(reason, random = Math.random) {
  const full = reason === 'overloaded' || reason === 'too-many-streams';
  return full ? between(15_000, 30_000, random) : between(1_000, 5_000, random);
}
