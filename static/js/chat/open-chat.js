/**
 * The messages of the chat that is open, oldest first: a page read from the server, what came since,
 * and what the operator has sent that is not back yet. No DOM, no network.
 *
 * Law: folding an event twice, or late, changes nothing. What the page was read with says which
 * events it holds already: those up to its session's `version`. Acks need no version: they only go
 * forward.
 */

import { furtherAck, isNewer, isOlder, laterDelivery } from './folding.js';
import { Recent } from './recent.js';

/** @import { Message } from '../types.js' */
/** @import { Delivery } from './folding.js' */

// An ack overtakes its own message by milliseconds.
const EARLY = 256;

/** What was sent from this page; `id` is the server's from its answer on. */
/** @typedef {{ key: string, sessionId: string, content: string, id: string | null,
 * type: string, media: Message['media'], quoted: Message['quoted'] }} Sent */

/** @typedef {{ version: number | null }} Versioned the session's version since then, where known */

export class OpenChat {
  /** @type {string | null} */
  id = null;
  /** Whether the first page has been read. */
  loaded = false;
  /** @type {Map<string, Message>} */
  #messages = new Map();
  // The session's version that a message is known in.
  /** @type {Map<string, number | null>} */
  #versions = new Map();
  // The session's version that the newest page was read in.
  /** @type {number | null} */
  #version = null;
  /** @type {Message[] | null} */
  #list = null;
  /** @type {Recent<Delivery & Versioned>} */
  #early = new Recent(EARLY);
  // Changes of what is not here: the page that is being read may be older.
  /** @type {Recent<Versioned & { message: Message }>} */
  #updates = new Recent(EARLY);
  /** @type {Set<Sent>} */
  #sending = new Set();
  // A message from here keeps the row that it was shown in before it had an id.
  /** @type {Recent<string>} */
  #keys = new Recent(EARLY);

  /** Another chat, of which nothing is known yet; null is none. @param {string | null} id */
  begin(id) {
    this.id = id;
    this.loaded = false;
    this.#version = null;
    this.#messages.clear();
    this.#versions.clear();
    this.#early.clear();
    this.#updates.clear();
    this.#list = null;
  }

  /**
   * Its newest messages, as read when the session had this version. Events that came during the
   * read are in it, older than it, or later than it.
   *
   * @param {Message[]} messages
   * @param {number | null} [version]
   */
  load(messages, version = null) {
    const later = this.loaded ? [] : this.#known();
    this.#forget();
    this.#version = version;
    for (const message of messages) this.#put(message, version);
    for (const [message, its] of later) {
      if (isNewer(its, version) !== false) this.#put(message, its);
    }
    this.loaded = true;
  }

  /** Put an older page before what is there. @param {Message[]} older @param {number | null} [version] */
  addOlder(older, version = null) {
    const rest = this.#known();
    this.#forget();
    for (const message of older) this.#put(message, version);
    for (const [message, its] of rest) this.#put(message, its);
  }

  /** @returns {[Message, number | null][]} */
  #known() {
    return [...this.#messages.values()].map((message) => [
      message,
      this.#versions.get(message.id) ?? null,
    ]);
  }

  #forget() {
    this.#messages.clear();
    this.#versions.clear();
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
    return waiting.map(({ key, id, sessionId, content, type, media, quoted }) => ({
      id: id ?? key,
      key,
      sessionId,
      content,
      fromMe: true,
      type,
      media,
      quoted,
      ack: 'pending',
      origin: 'operator',
      failed: null,
    }));
  }

  /** @param {Message} message @param {number | null} version */
  #put(message, version) {
    this.#settle(message.id);
    if (this.#messages.has(message.id)) return;
    const key = this.#keys.get(message.id);
    const shown = { ...message, ...(key && { key }) };
    const early = this.#early.get(message.id);
    this.#messages.set(message.id, shown);
    this.#versions.set(message.id, version);
    this.#list = null;
    if (early) this.deliver(message.id, early, early.version);
    const update = this.#updates.get(message.id);
    if (update) this.update(update.message, update.version);
  }

  /**
   * A message came, which raised its session to this version.
   *
   * @param {Message} message
   * @param {number | null} [version]
   */
  push(message, version = null) {
    this.#claim(message);
    if (message.sessionId !== this.id) return;
    // The page holds it, or begins after it.
    if (isNewer(version, this.#version) === false) return;
    this.#put(message, version);
  }

  /**
   * An event may come before the answer that names its id: the text says whose it is.
   *
   * @param {Message} message
   */
  #claim({ sessionId, id, content, origin, type }) {
    if (origin !== 'operator') return;
    for (const sent of this.#sending) {
      if (sent.id !== null || sent.sessionId !== sessionId) continue;
      if (sent.content !== content || sent.type !== type) continue;
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
   * @param {Pick<Partial<Sent>, 'type' | 'media' | 'quoted'>} [more]
   * @returns {Sent}
   */
  send(sessionId, content, more = {}) {
    const key = `sent ${crypto.randomUUID()}`;
    /** @type {Sent} */
    const sent = {
      key,
      sessionId,
      content,
      id: null,
      type: 'text',
      media: null,
      quoted: null,
      ...more,
    };
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
   * How far a message has come; what comes before its message waits for it.
   *
   * @param {string} messageId
   * @param {Delivery} delivery
   * @param {number | null} [version] of the session since then, where it was raised
   */
  deliver(messageId, delivery, version = null) {
    const message = this.#messages.get(messageId);
    if (!message) {
      const early = this.#early.get(messageId);
      const known = early?.version ?? null;
      this.#early.set(messageId, {
        ...laterDelivery(early ?? {}, delivery, isNewer(version, known)),
        version: version ?? known,
      });
      return;
    }
    const newer = isNewer(version, this.#versions.get(messageId));
    this.#messages.set(messageId, { ...message, ...laterDelivery(message, delivery, newer) });
    if (newer !== false)
      this.#versions.set(messageId, version ?? this.#versions.get(messageId) ?? null);
    this.#list = null;
  }

  /**
   * A message as it is now: edited, deleted, reacted to; its session has this version since.
   *
   * @param {Message} message
   * @param {number | null} [version]
   */
  update(message, version = null) {
    const known = this.#messages.get(message.id);
    if (!known) {
      if (version !== null || !this.loaded) this.#updates.set(message.id, { message, version });
      return;
    }
    const newer = isNewer(version, this.#versions.get(message.id));
    if (!(newer ?? !isOlder(message, known))) return;
    const ack = furtherAck(known.ack, message.ack);
    this.#messages.set(message.id, { ...known, ...message, sessionId: known.sessionId, ack });
    this.#versions.set(message.id, version ?? this.#versions.get(message.id) ?? null);
    this.#list = null;
  }
}
