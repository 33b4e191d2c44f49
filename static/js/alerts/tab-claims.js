/**
 * What the tabs of one browser agree on about alerts, by Web Locks: which of them gives one, and
 * which chat somebody is reading. A lock goes with its tab, so nothing is left behind by a crash.
 */

import { holdLock } from '../stream/tab-lock.js';

// Whatever another tab may still have on its way to it.
const REMEMBERED = 50;

const READING = 'pulso-reading-';
const ALERT = 'pulso-alert-';

export class TabClaims {
  /** @type {(() => void)[]} */
  #releases = [];
  #reading = '';
  #readingEnds = new AbortController();
  // Without a secure address there are no locks, and no shared stream either.
  #locks = navigator.locks;

  /** The chat that is on the screen of this tab, before somebody's eyes. @param {string} id or '' */
  read(id) {
    if (id === this.#reading || !this.#locks) return;
    this.#reading = id;
    this.#readingEnds.abort();
    this.#readingEnds = new AbortController();
    const options = { mode: /** @type {const} */ ('shared') };
    if (id) holdLock(READING + id, this.#readingEnds.signal, () => {}, options);
  }

  /** Whether any tab has this chat before somebody's eyes. @param {string} id */
  async isRead(id) {
    if (!this.#locks) return id === this.#reading;
    const { held = [] } = await this.#locks.query();
    return held.some(({ name }) => name === READING + id);
  }

  /** Whether this tab is the one to give this alert. @param {string} key @returns {Promise<boolean>} */
  claim(key) {
    if (!this.#locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#locks.request(ALERT + key, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? this.#keep() : undefined;
      });
    });
  }

  /** As long as this tab lives, or until many more came after it. @returns {Promise<void>} */
  #keep() {
    return new Promise((release) => {
      this.#releases.push(() => release());
      if (this.#releases.length > REMEMBERED) this.#releases.shift()?.();
    });
  }
}
