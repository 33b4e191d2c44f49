/**
 * The connection of a tab that catches up with the shared one: one tab at a time has it.
 *
 * Together with the shared one that makes two connections to a browser, whatever happens.
 */

import { holdLock } from './tab-lock.js';

/** @import { Link } from '../types.js' */

/** @implements {Link} */
export class CatchUpLink {
  #lock;
  #make;
  /** @type {Link | null} */
  #link = null;
  #end = new AbortController();

  /**
   * @param {string} lock
   * @param {() => Link} make builds the StreamLink once it is its turn
   */
  constructor(lock, make) {
    this.#lock = lock;
    this.#make = make;
  }

  get cursor() {
    return this.#link?.cursor;
  }

  open() {
    holdLock(this.#lock, this.#end.signal, () => {
      this.#link = this.#make();
      this.#link.open();
    });
  }

  close() {
    this.#end.abort();
    const link = this.#link;
    this.#link = null;
    link?.close();
  }

  hold() {
    this.#link?.hold();
  }

  /**
   * Resume from a snapshot's cursor; before its turn, `make` knows it.
   *
   * @param {string | null} cursor
   */
  resume(cursor) {
    this.#link?.resume(cursor);
  }
}
