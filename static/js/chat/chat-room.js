/**
 * A page's chats kept right: it reads the snapshot, follows the stream from the snapshot's cursor,
 * and folds what comes. What the page shows changes only here, when an event or a snapshot arrives.
 */

import { BotEventSource } from '../events.js';
import { get, sessionPath, withQuery } from '../pages/api.js';
import { ConversationState, TYPING_MS } from './conversation-state.js';

/** @import { BotEvent, EventOf, Handlers, Message, MessagePage, Session, SessionPage } from '../types.js' */

/** @type {('message:received' | 'message:sent' | 'message:ack' | 'message:failed' | 'session:created' | 'session:updated' | 'chat:typing')[]} */
const EVENTS = [
  'message:received',
  'message:sent',
  'message:ack',
  'message:failed',
  'session:created',
  'session:updated',
  'chat:typing',
];
const PAGE = 50;
const ON_THE_WAY_MS = 1_000;
// Twenty pages of a list, after that the reader searches.
const MOST_LISTED = 200;

export class ChatRoom {
  state = new ConversationState();
  /** Whether the server has more sessions, and more of the open chat's messages. */
  /** @type {string | null} */
  moreSessions = null;
  /** @type {string | null} */
  moreMessages = null;
  search = '';
  #bots;
  #changed;
  #failed;
  #source;
  /** @type {Promise<void> | null} */
  #reading = null;
  #again = false;
  /** @type {BotEvent[] | null} */
  #held = null;
  #drawing = 0;
  #typingEnds = 0;
  #opening = 0;
  /** @type {Set<string>} */
  #missing = new Set();
  /** @type {Set<string>} */
  #matches = new Set();

  /**
   * `changed()` draws, `failed(error)` reports; both may be called often.
   *
   * @param {string[]} bots
   * @param {{
   *   pollSeconds?: number,
   *   changed: () => void,
   *   failed: (error: Error | null) => void,
   *   state: (event: EventOf<'state'>) => void,
   *   listen?: Handlers,
   * }} page
   */
  constructor(bots, { pollSeconds, changed, failed, state, listen = {} }) {
    this.#bots = bots;
    this.#changed = changed;
    this.#failed = failed;
    this.#source = new BotEventSource(bots, pollSeconds ? { pollSeconds } : {});
    for (const type of EVENTS) this.#source.on(type, (event) => this.#onEvent(event));
    for (const [type, handler] of Object.entries(listen)) {
      this.#source.on(/** @type {keyof Handlers} */ (type), /** @type {any} */ (handler));
    }
    this.#source
      .on('gap', () => this.refresh())
      .on('poll', () => this.refresh())
      .on('check', () => this.#check())
      .on('state', state)
      .on('unauthorized', () => location.reload());
  }

  /** Read the snapshot, then listen. */
  async start() {
    await this.refresh();
    this.#source.connect();
  }

  close() {
    clearTimeout(this.#drawing);
    clearTimeout(this.#typingEnds);
    this.#source.close();
  }

  /** Read list and open chat again; what arrives meanwhile is folded on top. */
  refresh() {
    if (this.#reading) this.#again = true;
    else this.#reading = this.#refreshAll();
    return this.#reading;
  }

  async #refreshAll() {
    try {
      do {
        this.#again = false;
        await this.#readOnce();
      } while (this.#again);
      this.#failed(null);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#release();
      this.#reading = null;
    }
  }

  async #readOnce() {
    this.#held = [];
    const { openId } = this.state;
    const limit = Math.min(MOST_LISTED, Math.max(PAGE, this.state.sessions.size));
    // The list first: what happens between the two answers is in the second and comes again.
    /** @type {SessionPage} */
    const list = await get(withQuery('/api/sessions', this.#listQuery({ limit })));
    const chat = openId && (await this.#readMessages(openId));
    this.moreSessions = list.before;
    this.state.loadSessions(list.sessions);
    this.#matches = new Set(list.sessions.map(({ id }) => id));
    if (openId && !this.state.sessions.has(openId)) await this.#readSession(openId);
    if (chat && openId === this.state.openId) {
      this.state.open(openId, chat.messages);
      this.moreMessages = chat.before;
    }
    this.#source.resume(list.cursor);
    this.draw();
  }

  /** One look at the list while the stream is live: read all again where the stream kept something. */
  async #check() {
    if (this.#reading) return;
    /** @type {SessionPage | null} */
    const list = await get(withQuery('/api/sessions', this.#listQuery({ limit: PAGE }))).catch(
      () => null,
    );
    // What the list has already may still be on its way here.
    await new Promise((done) => setTimeout(done, ON_THE_WAY_MS));
    if (list && !this.#reading && this.state.isBehind(list.sessions)) await this.refresh();
  }

  /** @param {{ limit: number, before?: string }} more */
  #listQuery(more) {
    return { botId: this.#bots, q: this.search, ...more };
  }

  /** @param {string} id @param {{ before?: string }} more @returns {Promise<MessagePage>} */
  #readMessages(id, more = {}) {
    return get(withQuery(sessionPath(id, 'messages'), { limit: PAGE, ...more }));
  }

  /** @param {string} id */
  async #readSession(id) {
    /** @type {{ session: Session }} */
    const { session } = await get(sessionPath(id));
    this.state.addSessions([session]);
  }

  /** @param {BotEvent} event */
  #onEvent(event) {
    if (this.#held) this.#held.push(event);
    else this.#fold(event);
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) this.#fold(event);
  }

  /** @param {BotEvent} event */
  #fold(event) {
    const unknown = this.state.apply(event);
    if (unknown) this.#fetchMissing(unknown);
    if (event.type === 'chat:typing') {
      clearTimeout(this.#typingEnds);
      this.#typingEnds = setTimeout(() => this.draw(), TYPING_MS + 1);
    }
    this.draw();
  }

  /** @param {string} id */
  async #fetchMissing(id) {
    if (this.#missing.has(id)) return;
    this.#missing.add(id);
    try {
      await this.#readSession(id);
      this.draw();
    } catch (error) {
      // Another service's events may speak of chats this store doesn't have.
      if (error.status !== 404) this.#failed(error);
    } finally {
      this.#missing.delete(id);
    }
  }

  /** Draw soon: a burst of events is one drawing. */
  draw() {
    this.#drawing ||= setTimeout(() => {
      this.#drawing = 0;
      this.#changed();
    });
  }

  /** The sessions to list, newest activity first: all, or what the search found. */
  listed() {
    const sessions = this.state.list();
    return this.search ? sessions.filter(({ id }) => this.#matches.has(id)) : sessions;
  }

  /** List only what matches; empty lists all. @param {string} text */
  async find(text) {
    this.search = text;
    await this.refresh();
  }

  async loadMoreSessions() {
    if (!this.moreSessions) return;
    /** @type {SessionPage} */
    const page = await get(
      withQuery('/api/sessions', this.#listQuery({ before: this.moreSessions, limit: PAGE })),
    );
    this.moreSessions = page.before;
    this.state.addSessions(page.sessions.filter(({ id }) => !this.state.sessions.has(id)));
    for (const { id } of page.sessions) this.#matches.add(id);
    this.draw();
  }

  /** Open a chat, or none with null. @param {string | null} id */
  async open(id) {
    const turn = ++this.#opening;
    this.state.open(id);
    this.moreMessages = null;
    this.draw();
    if (!id) return;
    try {
      if (!this.state.sessions.has(id)) await this.#readSession(id);
      const chat = await this.#readMessages(id);
      if (turn !== this.#opening) return;
      // Events that came during the read are in it, or later than it: keep both.
      const read = new Set(chat.messages.map((message) => message.id));
      const later = this.state.messages.filter((message) => !read.has(message.id));
      this.state.open(id, [...chat.messages, ...later]);
      this.moreMessages = chat.before;
      this.draw();
    } catch (error) {
      if (turn === this.#opening) this.#failed(error);
    }
  }

  async loadOlder() {
    const { openId } = this.state;
    const before = this.moreMessages;
    if (!before || !openId) return;
    this.moreMessages = null;
    try {
      const page = await this.#readMessages(openId, { before });
      if (openId !== this.state.openId) return;
      this.state.addOlder(page.messages);
      this.moreMessages = page.before;
    } catch (error) {
      this.moreMessages = before;
      this.#failed(error);
    }
    this.draw();
  }
}
