// The steps that change one bot's Signal sessions, one after the other, over every socket it has:
// an old one may still be at a step when the next is open, and whichever saved last would undo
// the other.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** @typedef {{ unreadable: Error | null }} Turn `unreadable`: a key could not be read in it */

export class Turns {
  // Out of the caller's transaction: Baileys passes that along with the asynchronous context.
  #outside = new AsyncResource('turns');
  /** @type {AsyncLocalStorage<Turn>} */
  #inside = new AsyncLocalStorage();
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** The turn whose step asks, or undefined: none does. */
  get current() {
    return this.#inside.getStore();
  }

  /** @template T @param {(turn: Turn) => Promise<T>} step @returns {Promise<T>} */
  take(step) {
    /** @type {Turn} */
    const turn = { unreadable: null };
    const done = this.#last.then(() =>
      this.#outside.runInAsyncScope(() => this.#inside.run(turn, () => step(turn))),
    );
    this.#last = done.catch(() => {});
    return done;
  }

  /** Done once no turn is under way. */
  async settled() {
    await this.#last;
  }
}
