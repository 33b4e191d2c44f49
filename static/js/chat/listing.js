/**
 * The list of chats as the page asks for it: all, those under a tab, unread only, or what a search
 * finds; a page at a time, with the numbers on the tabs. What it reads goes into the state, what it
 * lists comes from there.
 */

import { LiveCounts } from './live-counts.js';
import { LARGEST_PAGE, PAGE, readList } from './reads.js';
import { SessionSearch } from './session-search.js';
import { countOf, listOf } from './views.js';

/** @import { Filter, Session, ViewName } from '../types.js' */
/** @import { ConversationState } from './conversation-state.js' */

// A list read anew is no longer than this; scrolling reads the rest.
const MOST_REREAD = 1_000;
// Unknown chats come in bursts: one count for all of them.
const RECOUNT_MS = 1_000;

/** @type {Filter} */
const EVERYTHING = { view: 'all', unreadOnly: false };

/** @param {Filter} filter */
const keyOf = ({ view, unreadOnly }) => `${view} ${unreadOnly}`;

export class Listing {
  search = new SessionSearch((query) => readList(this.#bots, { ...query, limit: PAGE }));
  /** @type {Filter} */
  filter = EVERYTHING;
  /** Whether the list has been read at all. */
  loaded = false;
  /** Why the rest of the list could not be read. @type {Error | null} */
  moreProblem = null;
  #state;
  #bots;
  #me;
  #changed;
  #failed;
  /** Where each list's next page begins; null: there is none. @type {Map<string, string | null>} */
  #more = new Map();
  /** @type {LiveCounts<ViewName | 'unreadMessages'>} */
  #counts = new LiveCounts();
  /** @type {{ list: Session[] | null, counts: Record<ViewName, number> }} */
  #counted = { list: null, counts: { mine: 0, unassigned: 0, bot: 0, all: 0 } };
  #recounting = 0;
  #readingMore = false;

  /**
   * @param {ConversationState} state
   * @param {{
   *   bots: string[],
   *   me: string | null,
   *   changed: () => void,
   *   failed: (error: Error | null) => void,
   * }} room `me`: the operator's id
   */
  constructor(state, { bots, me, changed, failed }) {
    this.#state = state;
    this.#bots = bots;
    this.#me = me;
    this.#changed = changed;
    this.#failed = failed;
  }

  close() {
    clearTimeout(this.#recounting);
  }

  /** Read as much as is here anew; gives the cursor of the moment it was read. */
  async read() {
    const wanted = Math.min(MOST_REREAD, Math.max(PAGE, this.#state.sessions.size));
    const first = await readList(this.#bots, { limit: Math.min(LARGEST_PAGE, wanted) });
    const sessions = [...first.sessions];
    let { before } = first;
    while (before && sessions.length < wanted) {
      const page = await readList(this.#bots, { limit: LARGEST_PAGE, before });
      sessions.push(...page.sessions);
      before = page.before;
    }
    this.#state.loadSessions(sessions);
    this.loaded = true;
    this.#more = new Map([[keyOf(EVERYTHING), before]]);
    this.#counts.set(first.counts, this.#loadedCounts());
    await this.#readFiltered();
    return first.cursor;
  }

  /** How many messages are unread in all chats of these bots, loaded or not. */
  get unread() {
    return this.#counts.now('unreadMessages', this.#state.unread);
  }

  /** How many chats stand under each tab, loaded or not. @returns {Record<ViewName, number>} */
  get counts() {
    const loaded = this.#loadedCounts();
    const names = /** @type {ViewName[]} */ (['mine', 'unassigned', 'bot', 'all']);
    return /** @type {Record<ViewName, number>} */ (
      Object.fromEntries(names.map((name) => [name, this.#counts.now(name, loaded[name])]))
    );
  }

  /** Of 5,000 chats this is a millisecond: once for each change of them. */
  #loadedCounts() {
    const list = this.#state.list();
    if (list !== this.#counted.list) this.#counted = { list, counts: countOf(list, this.#me) };
    return { ...this.#counted.counts, unreadMessages: this.#state.unread };
  }

  /** Sessions whose messages the server has counted. @param {Session[]} sessions */
  add(sessions) {
    const before = this.#loadedCounts();
    this.#state.addSessions(sessions);
    this.#counts.loadedMore(before, this.#loadedCounts());
  }

  /** List what stands under a tab. @param {Partial<Filter>} filter */
  async show(filter) {
    this.filter = { ...this.filter, ...filter };
    this.moreProblem = null;
    this.#changed();
    if (!this.loaded) return;
    try {
      await this.#readFiltered();
    } catch (error) {
      this.moreProblem = error;
    }
    this.#changed();
  }

  /** The first page of what is listed, where it has not been read. */
  async #readFiltered() {
    const { filter } = this;
    if (!this.#more.has(keyOf(filter))) await this.#readMore(filter);
  }

  /** The next page of a list. @param {Filter} filter */
  async #readMore(filter) {
    const before = this.#more.get(keyOf(filter)) ?? undefined;
    const { view, unreadOnly } = filter;
    const query = {
      view: view === 'all' ? undefined : view,
      unread: unreadOnly ? '1' : undefined,
      sort: view === 'unassigned' ? 'waiting' : undefined,
    };
    const lists = this.#more;
    const page = await readList(this.#bots, { ...query, before, limit: PAGE });
    // The list was read anew meanwhile.
    if (lists !== this.#more) return;
    this.#more.set(keyOf(filter), page.before);
    this.add(page.sessions.filter(({ id }) => !this.#state.sessions.has(id)));
  }

  /** The sessions to list: those under the tab, or what the search found. */
  listed() {
    const { view, unreadOnly } = this.filter;
    if (!this.search.active) return listOf(this.#state.list(), view, this.#me, unreadOnly);
    return this.search.sessions.map((found) => this.#state.sessions.get(found.id) ?? found);
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
    return Boolean(this.search.active ? this.search.more : this.#more.get(keyOf(this.filter)));
  }

  /** The next page of the list. */
  async loadMore() {
    if (!this.hasMore || this.#readingMore) return;
    this.#readingMore = true;
    this.moreProblem = null;
    try {
      if (this.search.active) await this.search.loadMore();
      else await this.#readMore(this.filter);
    } catch (error) {
      this.moreProblem = error;
    } finally {
      this.#readingMore = false;
    }
    this.#changed();
  }

  /** A chat that was not here had news: what it added to the server's number is not known. */
  recountSoon() {
    this.#recounting ||= setTimeout(async () => {
      this.#recounting = 0;
      const list = await readList(this.#bots, { limit: 1 }).catch(() => null);
      if (!list) return;
      this.#counts.set(list.counts, this.#loadedCounts());
      this.#changed();
    }, RECOUNT_MS);
  }
}
