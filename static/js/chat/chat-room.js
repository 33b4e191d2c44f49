/**
 * A page's chats kept right: it reads the snapshot, follows the stream from the snapshot's cursor,
 * and folds what comes. What the page shows changes only here, when an event or a snapshot arrives;
 * a text that was sent is shown as pending until its event does.
 */

import { BotEventSource } from '../events.js';
import { ChatOpener } from './chat-opener.js';
import { ConversationState, FOLDED, TYPING_MS } from './conversation-state.js';
import { MissingSessions } from './missing-sessions.js';
import { LARGEST_PAGE, PAGE, readList, readSession, sendMessage } from './reads.js';
import { SessionSearch } from './session-search.js';
import { UnreadCount } from './unread-count.js';

/** @import { BotEvent, EventOf, Handlers, Session } from '../types.js' */

const ON_THE_WAY_MS = 1_000;
// A list read anew is no longer than this; scrolling reads the rest.
const MOST_REREAD = 1_000;
// A chat that grew longer than this is read anew, its newest page only.
export const MOST_MESSAGES = 500;
// Unknown chats come in bursts: one count for all of them.
const RECOUNT_MS = 1_000;

export class ChatRoom {
  state = new ConversationState();
  search = new SessionSearch((query) => readList(this.#bots, { ...query, limit: PAGE }));
  opener;
  /** Whether the list has been read at all. */
  loaded = false;
  /** Why the rest of the list could not be read. @type {Error | null} */
  moreProblem = null;
  /** Where the list's next page begins; null: there is none. @type {string | null} */
  #moreSessions = null;
  #bots;
  #changed;
  #failed;
  #source;
  #unread = new UnreadCount();
  /** @type {Promise<void> | null} */
  #reading = null;
  #again = false;
  /** @type {BotEvent[] | null} */
  #held = null;
  #typingEnds = 0;
  #recounting = 0;
  #readingMore = false;
  #missing = new MissingSessions(
    (id) => this.#addMissing(id),
    (error) => this.#failed(error),
  );

  /**
   * `changed()` is told of everything new to show, `failed(error)` of what could not be read; both
   * may be called often.
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
    this.opener = new ChatOpener(this.state, {
      addSession: (id) => this.#addSession(id),
      changed,
      failed,
    });
    this.#source = new BotEventSource(bots, pollSeconds ? { pollSeconds } : {});
    for (const type of FOLDED) this.#source.on(type, (event) => this.#onEvent(event));
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
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#recounting);
    this.#source.close();
  }

  /** How many messages are unread in all chats of these bots, loaded or not. */
  get unread() {
    return this.#unread.now(this.state.unread);
  }

  /** Read list and open chat again; what arrives meanwhile is folded on top. */
  refresh() {
    if (this.#reading) this.#again = true;
    else this.#reading = this.#holding(() => this.#refreshAll());
    return this.#reading;
  }

  /** Keep only the newest messages of the open chat. */
  shorten() {
    const { openId } = this.state;
    if (this.#reading || !openId) return;
    this.#reading = this.#holding(() => this.#readChat(openId));
  }

  /** @param {() => Promise<void>} read */
  async #holding(read) {
    this.#held = [];
    try {
      await read();
      this.#failed(null);
    } catch (error) {
      this.#failed(error);
    } finally {
      const held = this.#held ?? [];
      this.#held = null;
      for (const event of held) this.#fold(event);
      this.#reading = null;
      this.#changed();
    }
    if (this.#again) await this.refresh();
  }

  async #refreshAll() {
    this.#again = false;
    const { openId } = this.state;
    const wanted = Math.min(MOST_REREAD, Math.max(PAGE, this.state.sessions.size));
    // The list first: what happens between the two answers is in the second and comes again.
    const first = await readList(this.#bots, { limit: Math.min(LARGEST_PAGE, wanted) });
    const sessions = [...first.sessions];
    let { before } = first;
    while (before && sessions.length < wanted) {
      const page = await readList(this.#bots, { limit: LARGEST_PAGE, before });
      sessions.push(...page.sessions);
      before = page.before;
    }
    this.state.loadSessions(sessions);
    this.loaded = true;
    this.#moreSessions = before;
    this.#unread.set(first.counts?.unreadMessages, this.state.unread);
    if (openId) await this.#readChat(openId);
    this.#source.resume(first.cursor);
  }

  /** Read a chat's newest page; one that is gone is no failure of the list's. @param {string} id */
  async #readChat(id) {
    try {
      await this.opener.read(id);
    } catch (error) {
      if (error.status !== 404) throw error;
      if (id === this.state.openId) this.opener.problem = error;
    }
  }

  /** One look at the list while the stream is live: read all again where the stream kept something. */
  async #check() {
    if (this.#reading) return;
    const list = await readList(this.#bots, { limit: PAGE }).catch(() => null);
    // What the list has already may still be on its way here.
    await new Promise((done) => setTimeout(done, ON_THE_WAY_MS));
    if (list && !this.#reading && this.state.isBehind(list.sessions)) await this.refresh();
  }

  /** @param {string} id */
  async #addSession(id) {
    this.#add([await readSession(id)]);
  }

  /** Sessions whose messages the server has counted. @param {Session[]} sessions */
  #add(sessions) {
    const before = this.state.unread;
    this.state.addSessions(sessions);
    this.#unread.loadedMore(this.state.unread - before);
  }

  /** @param {string} id */
  async #addMissing(id) {
    await this.#addSession(id);
    this.#recountSoon();
    this.#changed();
  }

  /** @param {BotEvent} event */
  #onEvent(event) {
    if (this.#held) this.#held.push(event);
    else this.#fold(event);
  }

  /** @param {BotEvent} event */
  #fold(event) {
    const unknown = this.state.apply(event);
    if (unknown) this.#missing.fetch(unknown);
    if (event.type === 'chat:typing') {
      clearTimeout(this.#typingEnds);
      this.#typingEnds = setTimeout(() => this.#changed(), TYPING_MS + 1);
    }
    this.#changed();
  }

  /** A chat that was not here had news: what it added to the server's number is not known. */
  #recountSoon() {
    this.#recounting ||= setTimeout(async () => {
      this.#recounting = 0;
      const list = await readList(this.#bots, { limit: 1 }).catch(() => null);
      if (!list) return;
      this.#unread.set(list.counts?.unreadMessages, this.state.unread);
      this.#changed();
    }, RECOUNT_MS);
  }

  /** The sessions to list, newest activity first: all, or what the search found. */
  listed() {
    if (!this.search.active) return this.state.list();
    return this.search.sessions.map((found) => this.state.sessions.get(found.id) ?? found);
  }

  /** List only what matches; empty lists all. @param {string} text */
  async find(text) {
    try {
      await this.search.find(text);
      this.moreProblem = null;
      this.#failed(null);
    } catch (error) {
      this.#failed(error);
    }
    this.#changed();
  }

  /** Whether there are chats below those that are listed. */
  get hasMore() {
    return Boolean(this.search.active ? this.search.more : this.#moreSessions);
  }

  /** The next page of the list. */
  async loadMore() {
    if (!this.hasMore || this.#readingMore) return;
    this.#readingMore = true;
    this.moreProblem = null;
    try {
      if (this.search.active) await this.search.loadMore();
      else await this.#loadMoreSessions();
    } catch (error) {
      this.moreProblem = error;
    } finally {
      this.#readingMore = false;
    }
    this.#changed();
  }

  async #loadMoreSessions() {
    const before = this.#moreSessions;
    if (!before) return;
    const page = await readList(this.#bots, { before, limit: PAGE });
    // The list was read anew meanwhile.
    if (before !== this.#moreSessions) return;
    this.#moreSessions = page.before;
    this.#add(page.sessions.filter(({ id }) => !this.state.sessions.has(id)));
  }

  /**
   * Send an operator's answer; it shows at once. Throws what the server refused.
   *
   * @param {string} sessionId
   * @param {string} content
   */
  async send(sessionId, content) {
    const sent = this.state.chat.send(sessionId, content);
    this.#changed();
    try {
      this.state.chat.taken(sent, await sendMessage(sessionId, content));
    } catch (error) {
      this.state.chat.refused(sent);
      throw error;
    } finally {
      this.#changed();
    }
  }
}
