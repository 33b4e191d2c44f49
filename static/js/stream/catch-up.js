/**
 * The connection of a tab that is not on the shared one, until it is level with it.
 *
 * As many tabs at once have one as there are locks. Together with the shared one that keeps a browser
 * under HTTP/1.1's six to a host, whatever happens.
 */

import { StreamLink } from './stream-link.js';
import { NAME } from './tab-group.js';
import { holdOneOf } from './tab-lock.js';

/** @import { LinkNotice, LinkOptions } from '../types.js' */

const LEVEL = [`${NAME}-catch-up-1`, `${NAME}-catch-up-2`];
// Tabs whose bots don't fit on the shared connection: they never join it, and would never make room.
const APART = [`${NAME}-apart-1`, `${NAME}-apart-2`];
// How often to ask whether the two feeds have met.
const ASK_MS = 200;

export class CatchUp {
  #bots;
  #options;
  #ask;
  #fits = false;
  /** @type {string[]} */
  #followed = [];
  /** @type {StreamLink | null} */
  #link = null;
  /** @type {AbortController | null} */
  #turn = null;
  #timer = 0;

  /**
   * `options.notify` hears the connection; `ask()` is called where it may be level with the shared one.
   *
   * @param {string[]} bots
   * @param {LinkOptions} options
   * @param {() => void} ask
   */
  constructor(bots, options, ask) {
    this.#bots = bots;
    this.#options = options;
    this.#ask = ask;
  }

  get cursor() {
    return this.#link?.cursor;
  }

  get underWay() {
    return this.#turn !== null;
  }

  /**
   * From `cursor` on, with all the bots of the shared connection: any event of theirs joins the two.
   * Already under way, only the bots change.
   *
   * @param {string[]} all
   * @param {string | null | undefined} cursor
   */
  follow(all, cursor) {
    const fits = this.#bots.every((bot) => all.includes(bot));
    this.#followed = fits ? all : this.#bots;
    if (this.#turn && fits === this.#fits) {
      this.#link?.follow(this.#followed);
      return;
    }
    this.close();
    this.#fits = fits;
    const turn = new AbortController();
    this.#turn = turn;
    holdOneOf(fits ? LEVEL : APART, turn.signal, () => {
      /** @param {LinkNotice} notice */
      const notify = (...notice) => {
        if (this.#turn === turn) this.#onNotice(notice);
      };
      this.#link = new StreamLink(this.#followed, { ...this.#options, cursor, notify });
      this.#link.open();
    });
  }

  close() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const link = this.#link;
    this.#link = null;
    this.#turn?.abort();
    this.#turn = null;
    link?.close();
  }

  /** @param {LinkNotice} notice */
  #onNotice(notice) {
    this.#options.notify(...notice);
    if (!this.#turn || !this.#fits || notice[0] !== 'event' || !notice[2]) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#ask();
    }, ASK_MS);
  }
}
