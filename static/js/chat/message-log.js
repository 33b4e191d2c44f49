/**
 * The messages of one chat on the page, with a separator before each day. The newest are drawn,
 * older ones as somebody scrolls up to them; who reads the end stays at the end, whatever grows.
 */

import { t } from '../i18n/i18n.js';
import { clone, el, part, setText } from '../ui/dom.js';
import { day } from '../ui/format.js';
import { Rows } from '../ui/rows.js';
import { withDays } from './log-rows.js';
import { fillMessage, makeMessage } from './message-row.js';

/** @import { Message } from '../types.js' */
/** @import { Row } from './log-rows.js' */
/** @import { Side } from './message-row.js' */

/** @typedef {(act: string, message: Message) => void} Act what a button within a message is for */

// Nearer to the end than this counts as reading the end.
const NEAR_PX = 80;
// Drawn at first, and again once the end is read; and how many more a scroll up draws.
const DRAWN = 150;
const MORE = 50;
const FOUND_MS = 2_500;

export class MessageLog {
  #root;
  #rows;
  #scroll;
  #list;
  #loadOlder;
  /** @type {Message[]} */
  #messages = [];
  #hasOlder = false;
  /** @type {string | null} */
  #newFrom = null;
  #drawn = DRAWN;
  /** Whether the end is read: what grows there is scrolled to. */
  #stuck = true;
  /** Where it was scrolled to when that was last looked at, in pixels. */
  #top = 0;

  /** @param {HTMLElement} root @param {{ side: Side, loadOlder: () => void, act?: Act }} how */
  constructor(root, { side, loadOlder, act = () => {} }) {
    this.#root = root;
    this.#loadOlder = loadOlder;
    this.#scroll = part(root, 'scroll');
    this.#list = part(root, 'messages');
    this.#rows = new Rows(this.#list, {
      key: (/** @type {Row} */ row) => row.key,
      make: (row) => {
        if ('line' in row)
          return el('li', { className: 'day new', textContent: t('chat.newLine') });
        return 'day' in row ? clone('day') : makeMessage(row.message, side);
      },
      fill: (node, row) => {
        if ('day' in row) setText(node, day(row.day));
        else if ('message' in row) fillMessage(node, row, side);
      },
      stamp: (row) => {
        if ('line' in row) return [];
        return 'day' in row ? [row.day, row.today] : [row.message, row.leads];
      },
    });
    this.#list.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('[data-act]') : null;
      const { id } = button?.closest('li')?.dataset ?? {};
      const message = id && this.#messages.find((one) => one.id === id);
      if (message && button instanceof HTMLElement) act(button.dataset.act ?? '', message);
    });
    part(root, 'older').addEventListener('click', () => this.#showOlder());
    part(root, 'newest').addEventListener('click', () => this.toEnd());
    this.#scroll.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    // A picture that has loaded, a composer of more lines, a keyboard that comes up.
    const sizes = new ResizeObserver(() => this.#stuck && this.toEnd());
    sizes.observe(this.#scroll);
    sizes.observe(this.#list);
  }

  /** Whether the end of the chat is on the screen. */
  get atEnd() {
    return this.#stuck;
  }

  toEnd() {
    this.#stuck = true;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#top = this.#scroll.scrollTop;
    part(this.#root, 'newest').hidden = true;
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    // The event of our own scrolling comes a frame later, when a picture may have grown what is
    // below: only who went up has left the end.
    if (near || scrollTop < this.#top) this.#stuck = near;
    this.#top = scrollTop;
    if (this.#stuck) part(this.#root, 'newest').hidden = true;
    if (scrollTop < NEAR_PX && this.#rows.size) this.#showOlder();
  }

  #showOlder() {
    if (this.#drawn < this.#messages.length) {
      this.#drawn += MORE;
      this.#draw();
    } else if (this.#hasOlder) this.#loadOlder();
  }

  /** Show one of the messages that are here in the middle, and say which it is. @param {string} id */
  reveal(id) {
    const index = this.#messages.findIndex((message) => message.id === id);
    if (index < 0) return;
    this.#stuck = false;
    this.#drawn = Math.max(this.#drawn, this.#messages.length - index + MORE);
    this.#draw();
    const node = this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!node) return;
    node.scrollIntoView({ block: 'center' });
    node.classList.add('found');
    setTimeout(() => node.classList.remove('found'), FOUND_MS);
  }

  /** Another chat: nothing of the last one stays, and the end is shown. */
  clear() {
    this.#rows.clear();
    this.#messages = [];
    this.#drawn = DRAWN;
    this.#stuck = true;
    part(this.#root, 'newest').hidden = true;
    for (const name of ['older', 'empty', 'loading']) part(this.#root, name).hidden = true;
  }

  /**
   * Show these messages, oldest first; `hasOlder` where the server has more before them, `loaded`
   * once the chat has been read at all, `failed` where it could not be.
   *
   * @param {Message[]} messages
   * @param {{ hasOlder: boolean, loaded: boolean, failed?: boolean, newFrom?: string | null }} about
   */
  show(messages, { hasOlder, loaded, failed = false, newFrom = null }) {
    this.#newFrom = newFrom;
    const before = this.#messages.at(-1);
    const newest = messages.at(-1);
    const older = messages.length - this.#messages.length;
    const grew = newest && before && newest.id !== before.id;
    // Older ones were asked for: they are to be seen.
    if (!this.#stuck && messages[0]?.id !== this.#messages[0]?.id && older > 0)
      this.#drawn += older;
    // New ones below push none away above while somebody reads there.
    else if (!this.#stuck && older > 0) this.#drawn += older;
    else if (this.#stuck && messages.length) this.#drawn = DRAWN;
    this.#messages = messages;
    this.#hasOlder = hasOlder;
    part(this.#root, 'empty').hidden = !loaded || messages.length > 0;
    part(this.#root, 'loading').hidden = loaded || failed;
    this.#list.setAttribute('aria-busy', String(!loaded));
    this.#draw();
    if (this.#stuck) this.toEnd();
    else if (grew && !newest.fromMe) part(this.#root, 'newest').hidden = false;
  }

  #draw() {
    const shown = this.#messages.slice(-this.#drawn);
    const rows = withDays(shown, this.#newFrom);
    const first = rows.find((row) => 'message' in row);
    // Only what comes above moves what is read.
    const anchor = this.#stuck || !first || this.#rows.has(first.key) ? null : this.#anchor();
    part(this.#root, 'older').hidden = !this.#hasOlder && shown.length === this.#messages.length;
    this.#rows.show(rows);
    if (anchor) this.#scroll.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
  }

  /** The first message on screen and where it is, to keep it there. A day's separator may go. */
  #anchor() {
    const top = this.#scroll.getBoundingClientRect().top;
    for (const node of this.#list.querySelectorAll('.message')) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top) return { node, top: box.top };
    }
    return null;
  }
}
