/** What stands where no chat is open: the day at a glance. Who waits, which bots are down, the keys. */

import { t } from '../i18n/i18n.js';
import { el, setText } from '../ui/dom.js';
import { since } from '../ui/format.js';
import { nameOf } from './session-row.js';

/** @import { Session, ViewName } from '../types.js' */

// More of them are a list, and that is beside it.
const LONGEST = 5;

export class Glance {
  #title = el('h2');
  #lead = el('p', { className: 'soft' });
  #numbers = el('div', { className: 'numbers' });
  #waiting = el('ul', { className: 'longest' });
  #keys = el('p', { className: 'soft small' });
  /** @type {unknown[]} */
  #shown = [];
  #open;
  #show;

  /**
   * @param {HTMLElement} root
   * @param {{ open: (id: string) => void, show: (view: ViewName) => void }} page
   */
  constructor(root, { open, show }) {
    this.#open = open;
    this.#show = show;
    const image = el('img', { src: '/static/icon.svg', alt: '' });
    root.append(
      el(
        'div',
        { className: 'glance' },
        image,
        this.#title,
        this.#lead,
        this.#numbers,
        this.#waiting,
        this.#keys,
      ),
    );
    setText(this.#keys, t('glance.keys'));
  }

  /**
   * @param {Record<ViewName, number>} counts
   * @param {Session[]} waiting those that are here, the longest first
   */
  draw(counts, waiting) {
    const longest = waiting.slice(0, LONGEST);
    const stamp = [counts.mine, counts.unassigned, counts.bot, ...longest];
    const minutes = longest.map(({ waitingSince }) => waitingSince && since(waitingSince)).join();
    if (same([...stamp, minutes], this.#shown)) return;
    this.#shown = [...stamp, minutes];
    const some = counts.unassigned > 0;
    setText(this.#title, some ? t('glance.some', { count: counts.unassigned }) : t('glance.none'));
    setText(this.#lead, t(some ? 'glance.someLead' : 'glance.noneLead'));
    this.#numbers.replaceChildren(
      this.#number('unassigned', counts.unassigned),
      this.#number('mine', counts.mine),
      this.#number('bot', counts.bot),
    );
    this.#waiting.replaceChildren(...longest.map((session) => this.#row(session)));
  }

  /** @param {'mine' | 'unassigned' | 'bot'} view @param {number} count */
  #number(view, count) {
    const button = el(
      'button',
      { type: 'button', className: view },
      el('strong', { textContent: String(count) }),
      el('span', { textContent: t(`views.${view}`) }),
    );
    button.addEventListener('click', () => this.#show(view));
    return button;
  }

  /** @param {Session} session */
  #row(session) {
    const { id, waitingSince } = session;
    const words = waitingSince ? t('monitor.waiting', { time: since(waitingSince) }) : '';
    const button = el(
      'button',
      { type: 'button' },
      el('span', { textContent: nameOf(session), dir: 'auto' }),
      el('span', { className: 'chip wait', textContent: words, hidden: !words }),
    );
    button.addEventListener('click', () => this.#open(id));
    return el('li', {}, button);
  }
}

/** @param {unknown[]} one @param {unknown[]} other */
const same = (one, other) =>
  one.length === other.length && one.every((value, index) => value === other[index]);
