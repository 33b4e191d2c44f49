/**
 * The list of chats on the page, newest activity first: all rows have one height, and only those
 * near the screen are in the page, however many chats there are.
 *
 * A row that is pressed keeps its place until it is let go; one with the focus stays in the page.
 */

import { clone, find } from '../ui/dom.js';
import { Frames } from '../ui/frames.js';
import { Rows } from '../ui/rows.js';
import { fillSession } from './session-row.js';

/** @import { Message, Session } from '../types.js' */
/**
 * What is shown of a chat beside the session: who types in it, the message a search found it by,
 * the name of its bot.
 *
 * @typedef {{
 *   typing?: (id: string) => string | null,
 *   match?: (id: string) => Message | null,
 *   botName?: (botId: string | null | undefined) => string | null,
 * }} About
 * @typedef {{ session: Session, index: number, of: number, open: boolean, typing: string | null,
 *   match: Message | null, bot: string | null, day: string }} Row
 */

// Rows drawn beyond the screen, so that a scroll shows rows and no gap.
const SPARE_ROWS = 12;
// Until a row has been measured.
const GUESSED_HEIGHT = 66;

export class SessionList {
  #list;
  #scroll;
  #rows;
  #more;
  #frames = new Frames(() => this.#draw());
  /** @type {Session[]} */
  #sessions = [];
  /** @type {string | null} */
  #openId = null;
  /** @type {About} */
  #about = {};
  #height = GUESSED_HEIGHT;
  #pressed = false;

  /**
   * `open(id)` is called for a chosen chat, `more()` near the end of the list.
   *
   * @param {HTMLElement} list within an element of class `scroll`
   * @param {{ open: (id: string) => void, more?: () => void }} how
   */
  constructor(list, { open, more = () => {} }) {
    this.#list = list;
    this.#more = more;
    this.#scroll = /** @type {HTMLElement} */ (list.closest('.scroll'));
    this.#rows = new Rows(list, {
      key: (/** @type {Row} */ { session }) => session.id,
      make: ({ session }) => {
        const row = clone('session');
        const button = find(row, 'button');
        button.dataset.id = session.id;
        button.addEventListener('click', () => open(session.id));
        return row;
      },
      fill: (row, item) => {
        fillSession(row, item);
        row.style.transform = `translateY(${item.index * this.#height}px)`;
      },
      stamp: (item) => [...Object.values(item), this.#height],
    });
    this.#scroll.addEventListener('scroll', () => this.#frames.ask(), { passive: true });
    new ResizeObserver(() => this.#frames.ask()).observe(this.#scroll);
    list.addEventListener('pointerdown', () => {
      this.#pressed = true;
    });
    for (const type of ['pointerup', 'pointercancel']) {
      addEventListener(type, () => this.#release());
    }
  }

  #release() {
    if (!this.#pressed) return;
    // The click comes after the pointer is up, and belongs to the row that was pressed.
    setTimeout(() => {
      this.#pressed = false;
      this.#frames.ask();
    });
  }

  /**
   * Show these sessions.
   *
   * @param {Session[]} sessions
   * @param {string | null} openId
   * @param {About} about
   */
  show(sessions, openId, about = {}) {
    const before = this.#sessions;
    this.#sessions = this.#pressed ? inOrderOf(before, sessions) : sessions;
    this.#openId = openId;
    this.#about = about;
    this.#keepPlace(before);
    this.#draw();
  }

  /**
   * Who has scrolled down goes on seeing the same rows, whatever comes above.
   *
   * @param {Session[]} before
   */
  #keepPlace(before) {
    const top = this.#above();
    if (top <= 0 || !before.length || before === this.#sessions) return;
    const first = Math.floor(top / this.#height);
    const places = new Map(this.#sessions.map(({ id }, at) => [id, at]));
    for (let at = first; at < Math.min(first + SPARE_ROWS, before.length); at++) {
      const now = places.get(before[at].id);
      // One that went up itself is no anchor.
      if (now === undefined || now < at) continue;
      this.#list.style.height = `${this.#sessions.length * this.#height}px`;
      if (now > at) this.#scroll.scrollTop += (now - at) * this.#height;
      return;
    }
  }

  /** How much of the list is scrolled away. */
  #above() {
    return this.#scroll.getBoundingClientRect().top - this.#list.getBoundingClientRect().top;
  }

  #draw() {
    const row = this.#list.firstElementChild;
    const measured = row instanceof HTMLElement ? row.offsetHeight : 0;
    if (measured) this.#height = measured;
    const of = this.#sessions.length;
    const onScreen = Math.ceil(this.#scroll.clientHeight / this.#height);
    const first = Math.max(0, Math.floor(this.#above() / this.#height) - SPARE_ROWS);
    const end = Math.min(of, first + onScreen + 2 * SPARE_ROWS);
    const day = new Date().toDateString();
    const indexes = Array.from({ length: Math.max(0, end - first) }, (_, more) => first + more);
    const focused = this.#focused();
    if (focused < first && focused >= 0) indexes.unshift(focused);
    if (focused >= end) indexes.push(focused);
    this.#list.style.height = `${of * this.#height}px`;
    this.#rows.show(indexes.map((index) => this.#row(index, day)));
    if (this.#scroll.clientHeight && end === of) this.#more();
  }

  /** @param {number} index @param {string} day @returns {Row} */
  #row(index, day) {
    const session = this.#sessions[index];
    const { typing, match, botName } = this.#about;
    return {
      session,
      index,
      of: this.#sessions.length,
      open: session.id === this.#openId,
      typing: typing?.(session.id) ?? null,
      match: match?.(session.id) ?? null,
      bot: botName?.(session.botId) ?? null,
      day,
    };
  }

  /** Scroll no further than it takes to show a chat's row, and give it the focus. @param {string} id */
  reveal(id) {
    const index = this.#sessions.findIndex((session) => session.id === id);
    if (index < 0) return;
    const top = index * this.#height;
    const from = this.#above();
    const { clientHeight } = this.#scroll;
    if (top < from) this.#scroll.scrollTop += top - from;
    else if (top + this.#height > from + clientHeight)
      this.#scroll.scrollTop += top + this.#height - from - clientHeight;
    this.#draw();
    this.focus(index);
  }

  /** Give the focus to the row of the chat at this place. @param {number} index */
  focus(index) {
    const id = this.#sessions[index]?.id;
    const row = id && this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (row instanceof HTMLElement) row.focus();
  }

  /** The place of the chat whose row has the focus, or -1. */
  #focused() {
    const { activeElement } = document;
    if (!(activeElement instanceof HTMLElement) || !this.#list.contains(activeElement)) return -1;
    const { id } = activeElement.dataset;
    return this.#sessions.findIndex((session) => session.id === id);
  }
}

/**
 * These sessions in the order of those, what is new at the end.
 *
 * @param {Session[]} those
 * @param {Session[]} sessions
 */
function inOrderOf(those, sessions) {
  const places = new Map(those.map(({ id }, at) => [id, at]));
  /** @param {Session} session */
  const place = ({ id }) => places.get(id) ?? those.length;
  return sessions.toSorted((one, other) => place(one) - place(other));
}
