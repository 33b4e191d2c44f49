/** The tabs of one browser: what they post to each other, which of them live, and which one leads. */

import { holdLock } from './tab-lock.js';

/** @import { TabMessage, TabMessageOf } from '../types.js' */

// The protocol's number: tabs that still run an older page must not be misunderstood.
export const NAME = 'pulso-stream-2';

/** One tab's place in the group. */
export class TabGroup {
  id = crypto.randomUUID();
  #on;
  /** @type {BroadcastChannel | null} */
  #channel = null;
  #closing = new AbortController();
  #candidacy = new AbortController();

  /**
   * `message(data)` is what another tab posted; `lead()` and `giveWay()` begin and end this tab's turn.
   *
   * @param {{
   *   message: (message: TabMessageOf<TabMessage['kind']>) => void,
   *   lead: () => void,
   *   giveWay: () => void,
   * }} on
   */
  constructor(on) {
    this.#on = on;
  }

  /** Whether this tab takes part: it is open, and not frozen. */
  get present() {
    return this.#channel !== null && !this.#candidacy.signal.aborted;
  }

  /**
   * `joined()` runs once the lock is held that lives as long as this tab. Only then may others learn
   * of it, or they would find the lock free.
   *
   * @param {() => void} joined
   */
  open(joined) {
    this.#closing = new AbortController();
    this.#channel = new BroadcastChannel(NAME);
    this.#channel.onmessage = ({ data }) => this.#on.message(data);
    holdLock(`${NAME}-${this.id}`, this.#closing.signal, joined);
    this.stand();
  }

  close() {
    this.withdraw();
    this.#closing.abort();
    this.#channel?.close();
    this.#channel = null;
  }

  /** To all other tabs; gives the message as they get it. @template {TabMessage} Message @param {Message} message */
  post(message) {
    const signed = { ...message, from: this.id };
    this.#channel?.postMessage(signed);
    return signed;
  }

  /** Queue for the lead until `withdraw`. */
  async stand() {
    this.#candidacy = new AbortController();
    const { signal } = this.#candidacy;
    while (!signal.aborted) {
      await holdLock(NAME, signal, this.#on.lead);
      // Or another tab took it while this one was frozen.
      if (!signal.aborted) this.#on.giveWay();
    }
  }

  /** Take the lead from a tab that does not answer. */
  async steal() {
    const { signal } = this.#candidacy;
    await holdLock(NAME, signal, this.#on.lead, { steal: true });
    if (!signal.aborted) this.#on.giveWay();
  }

  withdraw() {
    this.#candidacy.abort();
  }

  /** Call `act` once that tab has gone, as long as this one stands. @param {string} id @param {() => void} act */
  whenGone(id, act) {
    const { signal } = this.#candidacy;
    navigator.locks.request(`${NAME}-${id}`, { signal }, act).catch(() => {});
  }
}
