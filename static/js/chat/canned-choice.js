/** Which canned replies are offered, and what becomes of them. No DOM. */

import { folded } from './excerpt.js';

/** @import { Reply } from '../types.js' */

// More than these are found by another letter.
const MOST = 8;

/** What an answer becomes with a contact's name. @param {string} text @param {string} name */
export const filled = (text, name) => text.replaceAll('{name}', () => name);

/**
 * Those that begin with what was written, then those that have it somewhere.
 *
 * @param {Reply[]} replies
 * @param {string} wanted
 */
export function choose(replies, wanted) {
  const plain = folded(wanted);
  /** @param {Reply} reply */
  const rank = ({ shortcut, text }) =>
    folded(shortcut).startsWith(plain) ? 0 : folded(`${shortcut} ${text}`).includes(plain) ? 1 : 2;
  const ranked = replies.map((reply) => ({ reply, place: rank(reply) }));
  const found = ranked
    .filter(({ place }) => place < 2)
    .sort((one, other) => one.place - other.place);
  return found.slice(0, MOST).map(({ reply }) => reply);
}
