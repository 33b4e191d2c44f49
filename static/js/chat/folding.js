/**
 * Which of two states of a thing is the later one, in whatever order they come.
 *
 * A session's `version` is raised by every change, and the events that raised it carry it. Where
 * there is none (an event of another service's), times and acks have to do, which only go forward.
 */

/** @import { Ack } from '../types.js' */

/** @typedef {{ ack?: Ack | null, failed?: string | null }} Delivery how far a message has come */

/** @type {Record<string, number>} */
const ACK_RANK = { pending: 1, server: 2, delivered: 3, read: 4, played: 5 };

/**
 * The further of two acks: receipts overtake each other on the way.
 *
 * @param {Ack | null | undefined} one
 * @param {Ack | null | undefined} other
 */
export const furtherAck = (one, other) =>
  (ACK_RANK[other ?? ''] ?? 0) > (ACK_RANK[one ?? ''] ?? 0) ? other : one;

/**
 * Whether a version is newer than the one that is known; null where either is missing.
 *
 * @param {number | null | undefined} version
 * @param {number | null | undefined} known
 */
export const isNewer = (version, known) =>
  version == null || known == null ? null : version > known;

/**
 * Whether one state of a message is older than another, where no version says so.
 *
 * @param {{ edited?: string | null, deleted?: string | null }} one
 * @param {{ edited?: string | null, deleted?: string | null }} other
 */
export const isOlder = (one, other) =>
  !one.deleted && (Boolean(other.deleted) || (other.edited ?? '') > (one.edited ?? ''));

/**
 * What is known of a message's way, after one more thing that happened on it.
 *
 * @param {Delivery} known
 * @param {Delivery} now
 * @param {boolean | null} newer whether it is (`isNewer`)
 * @returns {Delivery}
 */
export function laterDelivery(known, now, newer) {
  const ack = furtherAck(known.ack, now.ack);
  // What has reached WhatsApp was sent after all.
  if (ack && ack !== 'pending') return { ack, failed: null };
  const failed = newer === false ? known.failed : (now.failed ?? known.failed);
  return { ack, failed };
}
