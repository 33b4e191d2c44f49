/** The left column of the inbox: tabs, search, unread only, the list and what stands in its place. */

import { t } from '../i18n/i18n.js';
import { at, find, setText } from '../ui/dom.js';
import { SessionList } from './session-list.js';
import { ViewTabs } from './view-tabs.js';

/** @import { Key } from '../i18n/i18n.js' */
/** @import { ChatRoom } from './chat-room.js' */

const SEARCH_PAUSE_MS = 250;
// Waiting times are in minutes.
const MINUTE_MS = 60_000;
const VIEW_KEY = 'pulso view';

export class ListPane {
  #room;
  #botName;
  #list;
  #tabs;
  #pause = 0;

  /**
   * `open(id)` is called for a chosen chat, `botName(id)` gives what stands beside a chat's name.
   *
   * @param {ChatRoom} room
   * @param {{ open: (id: string) => void, botName: (id: string | null | undefined) => string | null,
   *   changed: () => void }} page
   */
  constructor(room, { open, botName, changed }) {
    this.#room = room;
    this.#botName = botName;
    const { listing } = room;
    this.#list = new SessionList(at('sessions'), {
      open,
      more: () => listing.moreProblem ?? listing.loadMore(),
    });
    this.#tabs = new ViewTabs(at('views'), at('list-panel'), (view) => this.show(view));
    const search = at('search', HTMLInputElement);
    search.addEventListener('input', () => {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.#find(search.value.trim()), SEARCH_PAUSE_MS);
    });
    // Typed before this was here, or kept by the browser over a reload.
    if (search.value.trim()) this.#find(search.value.trim());
    search.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown') this.focusFirst();
    });
    at('unread-only').addEventListener('click', () => {
      listing.show({ unreadOnly: !listing.filter.unreadOnly });
      this.#toTop();
    });
    at('more').addEventListener('click', () => listing.loadMore());
    const kept = localStorage.getItem(VIEW_KEY);
    if (kept && document.getElementById(`view-${kept}`)) this.#choose(kept);
    setInterval(changed, MINUTE_MS);
  }

  /** Show a tab, and go on with it after a reload. @param {string} view */
  show(view) {
    localStorage.setItem(VIEW_KEY, view);
    this.#choose(view);
    this.#toTop();
  }

  /** @param {string} view */
  #choose(view) {
    this.#room.listing.show({ view: /** @type {import('../types.js').ViewName} */ (view) });
  }

  /** @param {string} id */
  reveal(id) {
    this.#list.reveal(id);
  }

  /** End the search, and give the focus to what was found first. */
  leaveSearch() {
    const search = at('search', HTMLInputElement);
    clearTimeout(this.#pause);
    if (search.value) {
      search.value = '';
      this.#find('');
    }
    this.focusFirst();
  }

  focusFirst() {
    this.#list.focus(0);
  }

  /** The chat after (1) or before (-1) the open one in the list, or null. @param {1 | -1} step */
  neighbour(step) {
    const listed = this.#room.listing.listed();
    const now = listed.findIndex(({ id }) => id === this.#room.state.openId);
    const to = now < 0 ? 0 : now + step;
    return listed[to]?.id ?? null;
  }

  /** @param {string} text */
  async #find(text) {
    await this.#room.listing.find(text);
    this.#toTop();
  }

  #toTop() {
    find(document, '.list-pane .scroll').scrollTop = 0;
  }

  draw() {
    const { listing, state } = this.#room;
    const { search, filter } = listing;
    const sessions = listing.listed();
    this.#tabs.show(filter.view, listing.counts);
    at('views').hidden = search.active;
    at('unread-only').hidden = search.active;
    at('unread-only').setAttribute('aria-pressed', String(filter.unreadOnly));
    this.#list.show(sessions, state.openId, {
      typing: (id) => state.typing(id),
      match: (id) => (search.active ? (search.matches.get(id) ?? null) : null),
      botName: this.#botName,
    });
    at('no-sessions').hidden = sessions.length > 0 || listing.hasMore || !listing.loaded;
    setText(at('no-sessions'), t(this.#nothing()));
    at('more-failed').hidden = !listing.moreProblem;
    setText(at('more-problem'), listing.moreProblem?.message ?? '');
  }

  /** What an empty list says. @returns {Key} */
  #nothing() {
    const { search, filter } = this.#room.listing;
    if (search.active) return 'monitor.noMatch';
    if (filter.unreadOnly) return 'views.noneUnread';
    return filter.view === 'all' ? 'monitor.none' : `views.none.${filter.view}`;
  }
}
