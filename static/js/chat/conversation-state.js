/**
 * What a page knows of its chats: a snapshot, and every event since folded into it.
 *
 * Law: snapshot + events = the snapshot read later. No DOM, no network. Folding an event twice
 * changes nothing the second time. Bounded: what a long day brings pushes out the oldest.
 */

import { furtherAck, OpenChat } from './open-chat.js';
import { Recent } from './recent.js';

/** @import { BotEvent, EventOf, LastMessage, Message, Session } from '../types.js' */
/** @import { Delivery } from './open-chat.js' */

/** @param {Session} session */
const activity = (session) => session.lastMessage?.timestamp ?? session.createdAt ?? '';

/** @param {Session} one @param {Session} other */
const byActivity = (one, other) =>
  activity(one) < activity(other)
    ? 1
    : activity(one) > activity(other)
      ? -1
      : one.id < other.id
        ? -1
        : 1;

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
// A "typing…" whose end got lost goes away by itself.
export const TYPING_MS = 15_000;
// Beyond this the reader searches.
export const MOST_SESSIONS = 5_000;
const SPARE_SESSIONS = 500;
// Ids of messages that are counted: more than a stream can bring twice.
const COUNTED = 8_192;

export class ConversationState {
  /** @type {Map<string, Session>} */
  sessions = new Map();
  chat = new OpenChat();
  /** @type {Session[] | null} */
  #ordered = null;
  #unread = 0;
  /** @type {Map<string, { who: string, until: number }>} */
  #typing = new Map();
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
      const same = known.lastMessage?.id === session.lastMessage?.id;
      return !same && activity(known) < activity(session);
    });
  }

  /** More of the list, or one session by itself. @param {Session[]} sessions */
  addSessions(sessions) {
    for (const session of sessions) {
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
    this.#typing.delete(id);
  }

  /** @param {Session} session */
  #set(session) {
    this.#unread += (session.unread ?? 0) - (this.sessions.get(session.id)?.unread ?? 0);
    this.sessions.set(session.id, session);
    this.#ordered = null;
  }

  /**
   * Show this chat with its newest messages.
   *
   * @param {string} id
   * @param {Message[]} messages
   */
  open(id, messages) {
    if (id !== this.chat.id) this.chat.begin(id);
    this.chat.load(messages);
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

  /** Who is typing in a session (`who` of `chat:typing`), or null. @param {string} sessionId */
  typing(sessionId, now = Date.now()) {
    const entry = this.#typing.get(sessionId);
    return entry && entry.until > now ? entry.who : null;
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
        // What has reached WhatsApp was sent after all.
        return this.#deliver(event, ({ ack, failed }) => ({
          ack: furtherAck(ack, event.ack),
          failed: event.ack && event.ack !== 'pending' ? null : failed,
        }));
      case 'message:failed':
        return this.#deliver(event, () => ({ failed: event.reason ?? '' }));
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
  #onReceived({ botId, sessionId, message }) {
    const fresh = !this.#counted.has(message.id);
    this.#counted.set(message.id, true);
    this.#typing.delete(sessionId);
    this.chat.push({ origin: null, failed: null, ...message, sessionId, fromMe: false });
    return this.#touch(botId, sessionId, message, false, fresh ? 1 : 0);
  }

  /** @param {EventOf<'message:sent'>} event */
  #onSent({ botId, sessionId, content, messageId, origin, timestamp, kind, media, author }) {
    // An older publisher gives no id: its content and time have to identify it.
    const id = messageId ?? `${timestamp ?? ''}/${content}`;
    // What was typed on the phone has been sent already; nothing of ours waits for it.
    const ack = origin === 'phone' ? null : 'pending';
    this.#typing.delete(sessionId);
    this.#silent.delete(sessionId);
    /** @type {Message} */
    const message = {
      id,
      sessionId,
      content,
      fromMe: true,
      timestamp,
      type: kind ?? 'text',
      pushName: null,
      media: media ?? null,
      author: author ?? null,
      origin: origin ?? null,
      failed: null,
      ack,
    };
    this.chat.push(message);
    return this.#touch(botId, sessionId, message, true, 0);
  }

  /** @param {EventOf<'message:updated'>} event */
  #onUpdated({ sessionId, message }) {
    if (sessionId === this.openId) this.chat.update(message);
    this.#changeLast(sessionId, message.id, (last) => {
      const { content, deleted, type } = message;
      return { ...last, content, deleted: deleted ?? null, type: type ?? last.type };
    });
    return null;
  }

  /** @param {string} botId @param {string} sessionId @param {LastMessage} message @param {boolean} fromMe @param {number} more unread */
  #touch(botId, sessionId, { id, content, timestamp, type, ack }, fromMe, more) {
    const session = this.sessions.get(sessionId);
    if (!session) return sessionId;
    if (session.lastMessage?.id === id) return null;
    const lastMessage = {
      id,
      content,
      fromMe,
      timestamp: timestamp ?? null,
      type: type ?? 'text',
      ack: ack ?? null,
    };
    const unread = (session.unread ?? 0) + more;
    this.#set({ ...session, botId: session.botId ?? botId, lastMessage, unread });
    return null;
  }

  /** @param {string} sessionId @param {string} messageId @param {(last: LastMessage) => LastMessage} change */
  #changeLast(sessionId, messageId, change) {
    const session = this.sessions.get(sessionId);
    if (!session?.lastMessage || session.lastMessage.id !== messageId) return;
    this.#set({ ...session, lastMessage: change(session.lastMessage) });
  }

  /** @param {{ sessionId: string, messageId: string }} event @param {(before: Delivery) => Delivery} fields */
  #deliver({ sessionId, messageId }, fields) {
    this.#changeLast(sessionId, messageId, (last) => ({ ...last, ...fields(last) }));
    if (sessionId === this.openId) this.chat.deliver(messageId, fields);
    return null;
  }

  /** @param {EventOf<'session:created' | 'session:updated'>} event */
  #onSession({ botId, session }) {
    const known = this.sessions.get(session.id);
    // An older state that comes after a newer one.
    if ((known?.version ?? 0) > (session.version ?? Number.POSITIVE_INFINITY)) return null;
    const given = /** @type {Session} */ (
      Object.fromEntries(Object.entries(session).filter(([, value]) => value !== null))
    );
    this.#set({ unread: 0, lastMessage: null, ...known, botId, ...given });
    if (session.lastMessage?.id) this.#counted.set(session.lastMessage.id, true);
    return null;
  }

  /** @param {EventOf<'chat:typing'>} event @param {number} now */
  #onTyping({ sessionId, who, state }, now) {
    if (state === 'composing') this.#typing.set(sessionId, { who, until: now + TYPING_MS });
    else this.#typing.delete(sessionId);
    if (who === 'bot' && state === 'failed') this.#silent.set(sessionId, true);
    return null;
  }
}
