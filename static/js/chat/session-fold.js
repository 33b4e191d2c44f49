/**
 * What an event makes of one session, or of the message it announces: pure functions.
 *
 * An ack raises no version of its session: of two the further one counts.
 */

import { furtherAck, isNewer, isOlder } from './folding.js';

/** @import { EventOf, LastMessage, Message, Session } from '../types.js' */

/** When a session's newest message came. @param {Session} session */
export const activity = (session) => session.lastMessage?.timestamp ?? session.createdAt ?? '';

/** The newest activity first. @param {Session} one @param {Session} other */
export const byActivity = (one, other) =>
  activity(one) < activity(other)
    ? 1
    : activity(one) > activity(other)
      ? -1
      : one.id < other.id
        ? -1
        : 1;

/** The message that a `message:sent` announces. @param {EventOf<'message:sent'>} event @returns {Message} */
export function sentMessage({ sessionId, content, messageId, origin, timestamp, ...event }) {
  return {
    // An older publisher gives no id: its content and time have to identify it.
    id: messageId ?? `${timestamp ?? ''}/${content}`,
    sessionId,
    content,
    fromMe: true,
    timestamp,
    type: event.kind ?? 'text',
    pushName: null,
    media: event.media ?? null,
    author: event.author ?? null,
    quoted: event.quoted ?? null,
    origin: origin ?? null,
    failed: null,
    // What was typed on the phone has been sent already; nothing of ours waits for it.
    ack: origin === 'phone' ? null : 'pending',
  };
}

/**
 * The session with this message as its newest.
 *
 * @param {Session} session
 * @param {string} botId
 * @param {Message} message
 * @param {{ isNew: boolean, version?: number | null }} how whether it is still to be counted; the
 *   session's version with it
 * @returns {Session}
 */
export function withMessage(session, botId, message, { isNew, version }) {
  const { id, content, fromMe, timestamp, type, ack } = message;
  return {
    ...session,
    botId: session.botId ?? botId,
    lastMessage: {
      id,
      content,
      fromMe,
      timestamp: timestamp ?? null,
      type: type ?? 'text',
      ack: ack ?? null,
      failed: null,
    },
    unread: (session.unread ?? 0) + (isNew && !fromMe ? 1 : 0),
    version: version ?? session.version,
  };
}

/**
 * The session once its newest message is changed; the same object where nothing is.
 *
 * @param {Session} session
 * @param {number | null | undefined} version of the session since then, where it was raised
 * @param {(last: LastMessage, newer: boolean | null) => LastMessage} change
 * @returns {Session}
 */
export function withLast(session, version, change) {
  const newer = isNewer(version, session.version);
  const lastMessage = session.lastMessage && change(session.lastMessage, newer);
  if (!newer && lastMessage === session.lastMessage) return session;
  return { ...session, lastMessage, version: newer ? version : session.version };
}

/**
 * A message of a list, once it was edited, deleted or reacted to.
 *
 * @param {LastMessage} last
 * @param {Message} message
 * @param {boolean | null} newer whether it is (`isNewer`)
 * @returns {LastMessage}
 */
export function updatedLast(last, message, newer) {
  if (last.id !== message.id || !(newer ?? !isOlder(message, last))) return last;
  const { content, deleted, failed, type } = message;
  const delivery = { ack: furtherAck(last.ack, message.ack), failed: failed ?? null };
  return { ...last, ...delivery, content, deleted: deleted ?? null, type: type ?? last.type };
}

/**
 * A session as an event gives it, over what is known of it; null where that is newer.
 *
 * @param {Session | undefined} known
 * @param {EventOf<'session:created' | 'session:updated'>} event
 * @returns {Session | null}
 */
export function laterSession(known, { botId, session }) {
  if (isNewer(session.version, known?.version) === false) return null;
  // Of another service's the fields that are given; ours have them all.
  const given = session.version == null ? withoutNulls(session) : session;
  const lastMessage = laterLast(session.lastMessage, known?.lastMessage);
  return { unread: 0, ...known, botId, ...given, lastMessage };
}

/**
 * @param {LastMessage | null | undefined} given
 * @param {LastMessage | null | undefined} known
 * @returns {LastMessage | null}
 */
function laterLast(given, known) {
  if (!given || !known || given.id !== known.id) return given ?? known ?? null;
  const ack = furtherAck(given.ack, known.ack);
  return { ...given, ack };
}

/** @template {object} Fields @param {Fields} fields @returns {Fields} */
const withoutNulls = (fields) =>
  /** @type {Fields} */ (
    Object.fromEntries(Object.entries(fields).filter(([, of]) => of !== null))
  );
