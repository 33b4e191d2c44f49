/**
 * The messages of the chat that is open, oldest first: a page read from the server, what came since,
 * and what the operator has sent that is not back yet. No DOM, no network.
 *
 * Law: folding an event twice, or late, changes nothing.
 */

import { Recent } from './recent.js';

/** @import { Ack, Message } from '../types.js' */

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

// An ack overtakes its own message by milliseconds.
const EARLY = 256;

/** What was sent from this page; `id` is the server's from its answer on. */
/** @typedef {{ key: string, sessionId: string, content: string, id: string | null }} Sent */

export class OpenChat {
  /** @type {string | null} */
  id = null;
  /** Whether the first page has been read. */
  loaded = false;
  /** @type {Map<string, Message>} */
  #messages = new Map();
  /** @type {Message[] | null} */
  #list = null;
  /** @type {Recent<Delivery & Partial<Message>>} */
  #early = new Recent(EARLY);
  /** @type {Set<Sent>} */
  #sending = new Set();
  // A message from here keeps the row that it was shown in before it had an id.
  /** @type {Recent<string>} */
  #keys = new Recent(EARLY);

  /** Another chat, of which nothing is known yet; null is none. @param {string | null} id */
  begin(id) {
    this.id = id;
    this.loaded = false;
    this.#messages.clear();
    this.#early.clear();
    this.#list = null;
  }

  /**
   * Its newest messages, as read. Events that came during the read are in it, or later than it.
   *
   * @param {Message[]} messages
   */
  load(messages) {
    const later = this.loaded ? [] : [...this.#messages.values()];
    this.#messages.clear();
    for (const message of [...messages, ...later]) this.#put(message);
    this.loaded = true;
    this.#list = null;
  }

  /** Put an older page before what is there. @param {Message[]} older */
  addOlder(older) {
    const rest = [...this.#messages.values()];
    this.#messages.clear();
    for (const message of [...older, ...rest]) this.#put(message);
    this.#list = null;
  }

  /** How many messages of the server's are here. */
  get size() {
    return this.#messages.size;
  }

  /** The messages to show. @returns {Message[]} */
  get messages() {
    this.#list ??= [...this.#messages.values(), ...this.#pending()];
    return this.#list;
  }

  /** @returns {Message[]} */
  #pending() {
    const waiting = [...this.#sending].filter(({ sessionId }) => sessionId === this.id);
    return waiting.map(({ key, id, sessionId, content }) => ({
      id: id ?? key,
      key,
      sessionId,
      content,
      fromMe: true,
      type: 'text',
      ack: 'pending',
      origin: 'operator',
      failed: null,
    }));
  }

  /** @param {Message} message */
  #put(message) {
    this.#settle(message.id);
    const known = this.#messages.get(message.id);
    if (known) return;
    const key = this.#keys.get(message.id);
    const early = this.#early.get(message.id);
    const ack = furtherAck(message.ack, early?.ack);
    this.#messages.set(message.id, { ...message, ...(key && { key }), ...early, ack });
  }

  /** A message came. @param {Message} message */
  push(message) {
    this.#claim(message);
    if (message.sessionId !== this.id) return;
    this.#put(message);
    this.#list = null;
  }

  /**
   * An event may come before the answer that names its id: the text says whose it is.
   *
   * @param {Message} message
   */
  #claim({ sessionId, id, content, origin }) {
    if (origin !== 'operator') return;
    for (const sent of this.#sending) {
      if (sent.id !== null || sent.sessionId !== sessionId || sent.content !== content) continue;
      sent.id = id;
      this.#keys.set(id, sent.key);
      this.#sending.delete(sent);
      return;
    }
  }

  /** @param {string} id */
  #settle(id) {
    for (const sent of this.#sending) if (sent.id === id) this.#sending.delete(sent);
  }

  /**
   * A text is on its way: it shows at once.
   *
   * @param {string} sessionId
   * @param {string} content
   * @returns {Sent}
   */
  send(sessionId, content) {
    const key = `sent ${crypto.randomUUID()}`;
    /** @type {Sent} */
    const sent = { key, sessionId, content, id: null };
    this.#sending.add(sent);
    this.#list = null;
    return sent;
  }

  /** The server took it under this id; its event takes the place. @param {Sent} sent @param {string} id */
  taken(sent, id) {
    this.#list = null;
    if (sent.id === id || this.#messages.has(id)) {
      this.#sending.delete(sent);
      return;
    }
    // What looked like its event was another operator's same text.
    if (sent.id !== null) this.#sending.add(sent);
    sent.id = id;
    this.#keys.set(id, sent.key);
  }

  /** The server refused it. @param {Sent} sent */
  refused(sent) {
    this.#sending.delete(sent);
    this.#list = null;
  }

  /**
   * Change what is known of a message; what comes before its message waits for it.
   *
   * @param {string} messageId
   * @param {(before: Delivery) => Delivery} fields
   */
  deliver(messageId, fields) {
    const message = this.#messages.get(messageId);
    if (message) this.#messages.set(messageId, { ...message, ...fields(message) });
    else {
      const early = this.#early.get(messageId) ?? {};
      this.#early.set(messageId, { ...early, ...fields(early) });
    }
    this.#list = null;
  }

  /** A message as it is now: edited, deleted, reacted to. @param {Message} message */
  update(message) {
    const known = this.#messages.get(message.id);
    if (!known) {
      // The page that is being read may have been made before.
      if (!this.loaded) this.#early.set(message.id, message);
      return;
    }
    const ack = furtherAck(known.ack, message.ack);
    this.#messages.set(message.id, { ...known, ...message, sessionId: known.sessionId, ack });
    this.#list = null;
  }
}
