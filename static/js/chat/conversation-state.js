/**
 * What a page knows of its chats: a snapshot, and every event since folded into it.
 *
 * Law: a snapshot, then any events from its cursor on, some of them held already = the snapshot
 * read later. Folding an event twice, or after a newer one, changes nothing. No DOM, no network.
 * Bounded: what a long day brings pushes out the oldest.
 */

import { isNewer, laterDelivery } from './folding.js';
import { OpenChat } from './open-chat.js';
import { Recent } from './recent.js';
import {
  activity,
  byActivity,
  laterSession,
  sentMessage,
  updatedLast,
  withLast,
  withMessage,
} from './session-fold.js';
import { Typists } from './typists.js';

/** @import { BotEvent, EventOf, LastMessage, Message, Session } from '../types.js' */
/** @import { Delivery } from './folding.js' */

/** The events that are folded. @type {('message:received' | 'message:sent' | 'message:updated' | 'message:ack' | 'message:failed' | 'session:created' | 'session:updated' | 'chat:typing')[]} */
export const FOLDED = [
  'message:received',
  'message:sent',
  'message:updated',
  'message:ack',
  'message:failed',
  'session:created',
  'session:updated',
  'chat:typing',
];
// Beyond this the reader searches.
export const MOST_SESSIONS = 5_000;
const SPARE_SESSIONS = 500;
// Ids of messages that are counted, for what comes without its session's version.
const COUNTED = 2_048;

export class ConversationState {
  /** @type {Map<string, Session>} */
  sessions = new Map();
  chat = new OpenChat();
  /** @type {Session[] | null} */
  #ordered = null;
  #unread = 0;
  #typing = new Typists();
  /** @type {Recent<true>} */
  #silent = new Recent(MOST_SESSIONS);
  /** @type {Recent<true>} */
  #counted = new Recent(COUNTED);

  /** The list of sessions as the server has it now. @param {Session[]} sessions */
  loadSessions(sessions) {
    this.sessions = new Map();
    this.#unread = 0;
    this.addSessions(sessions);
  }

  /**
   * Whether one of these sessions, as the server has them, has news that is not here.
   *
   * @param {Session[]} sessions
   */
  isBehind(sessions) {
    return sessions.some((session) => {
      const known = this.sessions.get(session.id);
      if (!known) return true;
      const newer = isNewer(session.version, known.version);
      if (newer !== null) return newer;
      const same = known.lastMessage?.id === session.lastMessage?.id;
      return !same && activity(known) < activity(session);
    });
  }

  /** More of the list, or one session by itself. @param {Session[]} sessions */
  addSessions(sessions) {
    for (const session of sessions) {
      const known = this.sessions.get(session.id);
      // Events have overtaken the answer.
      if (isNewer(known?.version, session.version)) continue;
      this.#set(session);
      if (session.lastMessage?.id) this.#counted.set(session.lastMessage.id, true);
    }
    if (this.sessions.size > MOST_SESSIONS + SPARE_SESSIONS) this.#trim();
  }

  #trim() {
    for (const { id } of this.list().slice(MOST_SESSIONS)) {
      if (id !== this.chat.id) this.#forget(id);
    }
    this.#ordered = null;
  }

  /** @param {string} id */
  #forget(id) {
    this.#unread -= this.sessions.get(id)?.unread ?? 0;
    this.sessions.delete(id);
    this.#typing.forget(id);
  }

  /** @param {Session} session */
  #set(session) {
    this.#unread += (session.unread ?? 0) - (this.sessions.get(session.id)?.unread ?? 0);
    this.sessions.set(session.id, session);
    this.#ordered = null;
  }

  /**
   * Show this chat with its newest messages, as they were in this version of the session.
   *
   * @param {string} id
   * @param {Message[]} messages
   * @param {number | null} [version]
   */
  open(id, messages, version = null) {
    if (id !== this.chat.id) this.chat.begin(id);
    this.chat.load(messages, version);
    for (const message of messages) this.#counted.set(message.id, true);
  }

  /** The sessions with the newest activity first. */
  list() {
    this.#ordered ??= [...this.sessions.values()].sort(byActivity);
    return this.#ordered;
  }

  get openId() {
    return this.chat.id;
  }

  get messages() {
    return this.chat.messages;
  }

  get current() {
    return (this.openId && this.sessions.get(this.openId)) || null;
  }

  /** Unread messages of the sessions that are here. */
  get unread() {
    return this.#unread;
  }

  /** Who is typing in a session (`contact` or `bot`), or null. @param {string} sessionId */
  typing(sessionId, now = Date.now()) {
    return this.#typing.who(sessionId, now);
  }

  /** The name of a colleague who writes an answer there, or null. @param {string} sessionId @param {string | null} [me] @param {number} [before] only who began before this */
  colleague(sessionId, me, before) {
    return this.#typing.colleague(sessionId, me, Date.now(), before);
  }

  /** Whether the bot failed to answer the newest message of a session. @param {string} sessionId */
  botFailed(sessionId) {
    return this.#silent.has(sessionId);
  }

  /**
   * Fold one event. Returns the id of a session that has to be fetched first, else null.
   *
   * @param {BotEvent} event
   */
  apply(event, now = Date.now()) {
    switch (event.type) {
      case 'message:received':
        return this.#onReceived(event);
      case 'message:sent':
        return this.#onSent(event);
      case 'message:updated':
        return this.#onUpdated(event);
      case 'message:ack':
        return this.#deliver(event, { ack: event.ack });
      case 'message:failed':
        return this.#deliver(event, { failed: event.reason ?? '' });
      case 'session:created':
      case 'session:updated':
        return this.#onSession(event);
      case 'chat:typing':
        return this.#onTyping(event, now);
      default:
        return null;
    }
  }

  /** @param {EventOf<'message:received'>} event */
  #onReceived({ botId, sessionId, message, sessionVersion }) {
    const received = { origin: null, failed: null, ...message, sessionId, fromMe: false };
    return this.#add(botId, received, sessionVersion);
  }

  /** @param {EventOf<'message:sent'>} event */
  #onSent(event) {
    return this.#add(event.botId, sentMessage(event), event.sessionVersion);
  }

  /** @param {EventOf<'message:updated'>} event */
  #onUpdated({ sessionId, message, sessionVersion }) {
    if (sessionId === this.openId) this.chat.update(message, sessionVersion);
    return this.#changeLast(sessionId, sessionVersion, (last, newer) =>
      updatedLast(last, message, newer),
    );
  }

  /**
   * A message came. Its session's id where that has to be fetched first, else null.
   *
   * @param {string} botId
   * @param {Message} message
   * @param {number | null} [version] of its session with it
   */
  #add(botId, message, version) {
    const { id, sessionId, fromMe } = message;
    this.chat.push(message, version);
    const session = this.sessions.get(sessionId);
    const newer = isNewer(version, session?.version);
    const isNew = newer ?? !this.#counted.has(id);
    this.#counted.set(id, true);
    this.#typing.done(sessionId, message.author?.id);
    if (isNew && fromMe) this.#silent.delete(sessionId);
    if (!session) return sessionId;
    // The open chat may have been read after the list.
    if (newer ?? (isNew || (message.timestamp ?? '') > activity(session))) {
      this.#set(withMessage(session, botId, message, { isNew, version }));
    }
    return null;
  }

  /**
   * Change what a session shows of its newest message.
   *
   * @param {string} sessionId
   * @param {number | null | undefined} version of the session since then, where it was raised
   * @param {(last: LastMessage, newer: boolean | null) => LastMessage} change
   */
  #changeLast(sessionId, version, change) {
    const session = this.sessions.get(sessionId);
    const changed = session && withLast(session, version, change);
    if (changed && changed !== session) this.#set(changed);
    return null;
  }

  /**
   * @param {{ sessionId: string, messageId: string, sessionVersion?: number | null }} event
   * @param {Delivery} delivery
   */
  #deliver({ sessionId, messageId, sessionVersion }, delivery) {
    if (sessionId === this.openId) this.chat.deliver(messageId, delivery, sessionVersion);
    return this.#changeLast(sessionId, sessionVersion, (last, newer) =>
      last.id === messageId ? { ...last, ...laterDelivery(last, delivery, newer) } : last,
    );
  }

  /** @param {EventOf<'session:created' | 'session:updated'>} event */
  #onSession(event) {
    const session = laterSession(this.sessions.get(event.session.id), event);
    if (!session) return null;
    this.#set(session);
    if (session.lastMessage?.id) this.#counted.set(session.lastMessage.id, true);
    return null;
  }

  /** @param {EventOf<'chat:typing'>} event @param {number} now */
  #onTyping(event, now) {
    this.#typing.apply(event, now);
    const { sessionId, who, state } = event;
    if (who === 'bot' && state === 'failed') this.#silent.set(sessionId, true);
    return null;
  }
}
