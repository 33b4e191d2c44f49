/**
 * The messages of one chat on the page: day separators, who sent, how far it came.
 *
 * `side` is whose screen it is: for the `operator` the bot's messages are one's own, for the
 * `customer` their own are.
 */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { clone, part, reconcile, setText } from '../ui/dom.js';
import { day, moment, time } from '../ui/format.js';
import { kindOf, mediaOf } from './message-media.js';

/** @import { Message } from '../types.js' */
/** @typedef {{ key: string } & ({ day: string } | { message: Message })} Row */

const TICKS = { pending: '◷', server: '✓', delivered: '✓✓', read: '✓✓', played: '✓✓' };
// Nearer to the end than this counts as reading the end.
const NEAR_PX = 80;

/**
 * Messages with a separator before the first of each day.
 *
 * @param {Message[]} messages
 */
export function withDays(messages) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {string | null} */
  let last = null;
  for (const message of messages) {
    /** @type {string | null} */
    const date = message.timestamp ? new Date(message.timestamp).toDateString() : last;
    if (date && date !== last) rows.push({ key: `day ${date}`, day: message.timestamp ?? '' });
    last = date;
    rows.push({ key: `message ${message.id}`, message });
  }
  return rows;
}

export class MessageLog {
  #root;
  #side;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  #scroll;
  #list;

  /** @param {HTMLElement} root @param {{ side: 'operator' | 'customer', loadOlder: () => void }} how */
  constructor(root, { side, loadOlder }) {
    this.#root = root;
    this.#side = side;
    this.#scroll = part(root, 'scroll');
    this.#list = part(root, 'messages');
    part(root, 'older').addEventListener('click', loadOlder);
    part(root, 'newest').addEventListener('click', () => this.toEnd());
    this.#scroll.addEventListener('scroll', () => {
      if (this.atEnd) part(root, 'newest').hidden = true;
      if (this.#scroll.scrollTop < NEAR_PX && !part(root, 'older').hidden) loadOlder();
    });
  }

  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  /** Another chat: nothing of the last one stays, and the end is shown. */
  clear() {
    this.#list.setAttribute('aria-busy', 'true');
    this.#rows.clear();
    this.#list.replaceChildren();
    part(this.#root, 'newest').hidden = true;
  }

  /**
   * Show these messages, oldest first; `hasOlder` where the server has more before them.
   *
   * @param {Message[]} messages
   * @param {boolean} hasOlder
   */
  show(messages, hasOlder) {
    const wasAtEnd = this.atEnd || !this.#rows.size;
    const before = this.#anchor();
    const newest = messages.at(-1);
    const grew = newest && !this.#rows.has(`message ${newest.id}`);
    part(this.#root, 'older').hidden = !hasOlder;
    part(this.#root, 'empty').hidden = messages.length > 0;
    reconcile(this.#list, this.#rows, withDays(messages), {
      key: (row) => row.key,
      make: (row) => ('day' in row ? clone('day') : this.#make(row.message)),
      update: (node, row) =>
        'day' in row ? setText(node, day(row.day)) : this.#fill(node, row.message),
    });
    this.#list.setAttribute('aria-busy', 'false');
    if (wasAtEnd) this.toEnd();
    else if (before) this.#scroll.scrollTop += before.node.getBoundingClientRect().top - before.top;
    if (!wasAtEnd && grew) part(this.#root, 'newest').hidden = false;
  }

  /** The first message on screen and where it is, to keep it there while older ones come above. */
  #anchor() {
    const top = this.#scroll.getBoundingClientRect().top;
    for (const node of this.#list.children) {
      const box = node.getBoundingClientRect();
      if (box.bottom > top) return { node, top: box.top };
    }
    return null;
  }

  /** @param {Message} message */
  #make(message) {
    const node = clone('message');
    const media = mediaOf(message);
    if (!media) return node;
    part(node, 'text').before(media);
    // A picture that has loaded is higher than one that has not: stay at the end.
    media.addEventListener('load', () => this.atEnd && this.toEnd());
    return node;
  }

  /** @param {HTMLElement} node @param {Message} message */
  #fill(node, message) {
    const own = this.#side === 'operator' ? message.fromMe : !message.fromMe;
    node.classList.toggle('mine', own);
    node.classList.toggle('failed', message.failed !== null && message.failed !== undefined);
    node.dataset.id = message.id;
    const { origin } = message;
    if (origin) node.dataset.origin = origin;
    const from = part(node, 'origin');
    from.hidden = !origin;
    setText(from, origin ? t(`chat.from.${origin}`) : '');
    const text = part(node, 'text');
    const bare = !message.content;
    text.classList.toggle('kind', bare);
    setText(text, bare ? kindOf(message.type) : message.content);
    const when = part(node, 'time', HTMLTimeElement);
    when.dateTime = message.timestamp ?? '';
    when.title = moment(message.timestamp);
    setText(when, time(message.timestamp));
    this.#fillAck(node, message);
  }

  /** @param {HTMLElement} node @param {Message} message */
  #fillAck(node, { fromMe, ack, failed }) {
    const lost = failed !== null && failed !== undefined;
    const why = part(node, 'why');
    why.hidden = !lost;
    setText(
      why,
      lost
        ? failed
          ? t('chat.failedWhy', { reason: translateServerText(failed) })
          : t('chat.failed')
        : '',
    );
    const mark = part(node, 'ack');
    mark.hidden = lost || !fromMe || !ack || this.#side !== 'operator';
    if (mark.hidden || !ack || mark.dataset.ack === ack) return;
    mark.dataset.ack = ack;
    mark.textContent = TICKS[ack];
    mark.title = t(`chat.ack.${ack}`);
    mark.setAttribute('aria-label', mark.title);
  }
}
