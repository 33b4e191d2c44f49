/**
 * What a page knows of its chats: a snapshot, and every event since folded into it.
 *
 * Law: snapshot + events = the snapshot read later. No DOM, no network. Folding an event twice
 * changes nothing the second time.
 */

/** @import { Ack, BotEvent, EventOf, LastMessage, Message, Session } from '../types.js' */

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

// A "typing…" whose end got lost goes away by itself.
export const TYPING_MS = 15_000;

export class ConversationState {
  /** @type {Map<string, Session>} */
  sessions = new Map();
  /** @type {Message[]} */
  messages = [];
  /** @type {string | null} */
  openId = null;
  /** @type {Map<string, { who: string, until: number }>} */
  #typing = new Map();
  /** @type {Set<string>} */
  #silent = new Set();
  /** @type {Set<string>} */
  #counted = new Set();
  /** @type {Map<string, Delivery>} */
  #earlyAcks = new Map();

  /** The list of sessions as the server has it now. @param {Session[]} sessions */
  loadSessions(sessions) {
    this.sessions = new Map();
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
      this.sessions.set(session.id, session);
      if (session.lastMessage?.id) this.#counted.add(session.lastMessage.id);
    }
  }

  /**
   * Show this chat with its newest messages; null shows none.
   *
   * @param {string | null} id
   * @param {Message[]} messages
   */
  open(id, messages = []) {
    this.openId = id;
    this.messages = [...messages];
    for (const message of messages) this.#counted.add(message.id);
    this.#earlyAcks.clear();
  }

  /** Put an older page before what is there. @param {Message[]} messages */
  addOlder(messages) {
    const known = new Set(this.messages.map(({ id }) => id));
    this.messages = [...messages.filter(({ id }) => !known.has(id)), ...this.messages];
  }

  /** The sessions with the newest activity first. */
  list() {
    return [...this.sessions.values()].sort(byActivity);
  }

  get current() {
    return (this.openId && this.sessions.get(this.openId)) || null;
  }

  get unread() {
    let count = 0;
    for (const session of this.sessions.values()) count += session.unread ?? 0;
    return count;
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
      case 'message:ack':
        this.#change(event, ({ ack }) => ({ ack: furtherAck(ack, event.ack) }));
        return null;
      case 'message:failed':
        this.#change(event, () => ({ failed: event.reason ?? '' }));
        return null;
      case 'session:created':
      case 'session:updated':
        this.#onSession(event);
        return null;
      case 'chat:typing':
        this.#onTyping(event, now);
        return null;
      default:
        return null;
    }
  }

  /** @param {EventOf<'message:received'>} event */
  #onReceived({ botId, sessionId, message }) {
    const fresh = !this.#counted.has(message.id);
    this.#counted.add(message.id);
    this.#typing.delete(sessionId);
    this.#push(sessionId, { origin: null, failed: null, ...message, sessionId, fromMe: false });
    return this.#touch(botId, sessionId, message, false, fresh ? 1 : 0);
  }

  /** @param {EventOf<'message:sent'>} event */
  #onSent({ botId, sessionId, content, messageId, origin, timestamp }) {
    // An older publisher gives no id: its content and time have to identify it.
    const id = messageId ?? `${timestamp ?? ''}/${content}`;
    const ack = this.#earlyAcks.get(id)?.ack ?? 'pending';
    const failed = this.#earlyAcks.get(id)?.failed ?? null;
    this.#typing.delete(sessionId);
    this.#silent.delete(sessionId);
    const message = {
      id,
      sessionId,
      content,
      fromMe: true,
      timestamp,
      type: 'text',
      pushName: null,
    };
    this.#push(sessionId, { ...message, ack, origin: origin ?? null, failed });
    return this.#touch(botId, sessionId, { ...message, ack }, true, 0);
  }

  /** @param {string} sessionId @param {Message} message */
  #push(sessionId, message) {
    if (sessionId !== this.openId) return;
    if (this.messages.some(({ id }) => id === message.id)) return;
    this.messages = [...this.messages, message];
  }

  /** @param {string} botId @param {string} sessionId @param {LastMessage} message @param {boolean} fromMe @param {number} more unread */
  #touch(botId, sessionId, { id, content, timestamp, type, ack }, fromMe, more) {
    const session = this.sessions.get(sessionId);
    if (!session) return sessionId;
    const last = session.lastMessage;
    if (last?.id === id) return null;
    const lastMessage = {
      id,
      content,
      fromMe,
      timestamp: timestamp ?? null,
      type: type ?? 'text',
      ack: ack ?? null,
    };
    const unread = (session.unread ?? 0) + more;
    this.sessions.set(sessionId, {
      ...session,
      botId: session.botId ?? botId,
      lastMessage,
      unread,
    });
    return null;
  }

  /** @param {{ sessionId: string, messageId: string }} event @param {(before: Delivery) => Delivery} fields */
  #change({ sessionId, messageId }, fields) {
    const session = this.sessions.get(sessionId);
    if (session?.lastMessage?.id === messageId) {
      const lastMessage = { ...session.lastMessage, ...fields(session.lastMessage) };
      this.sessions.set(sessionId, { ...session, lastMessage });
    }
    if (sessionId !== this.openId) return;
    if (this.messages.some(({ id }) => id === messageId)) {
      this.messages = this.messages.map((message) =>
        message.id === messageId ? { ...message, ...fields(message) } : message,
      );
    } else {
      const early = this.#earlyAcks.get(messageId) ?? {};
      this.#earlyAcks.set(messageId, { ...early, ...fields(early) });
    }
  }

  /** @param {EventOf<'session:created' | 'session:updated'>} event */
  #onSession({ botId, session }) {
    const known = this.sessions.get(session.id);
    const given = /** @type {Session} */ (
      Object.fromEntries(Object.entries(session).filter(([, value]) => value !== null))
    );
    this.sessions.set(session.id, { unread: 0, lastMessage: null, ...known, botId, ...given });
    if (session.lastMessage?.id) this.#counted.add(session.lastMessage.id);
  }

  /** @param {EventOf<'chat:typing'>} event @param {number} now */
  #onTyping({ sessionId, who, state }, now) {
    if (state === 'composing') this.#typing.set(sessionId, { who, until: now + TYPING_MS });
    else this.#typing.delete(sessionId);
    if (who === 'bot' && state === 'failed') this.#silent.add(sessionId);
  }
}
