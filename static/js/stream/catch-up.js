/**
 * The connection of a tab that catches up with the shared one: one tab at a time has it.
 *
 * Together with the shared one that makes two connections to a browser, whatever happens.
 */

export class CatchUpLink {
  #lock;
  #make;
  #link = null;
  #end = new AbortController();

  /** `make()` builds the StreamLink once it is its turn. */
  constructor(lock, make) {
    this.#lock = lock;
    this.#make = make;
  }

  get cursor() {
    return this.#link?.cursor;
  }

  open() {
    const { signal } = this.#end;
    const turn = () => {
      if (signal.aborted) return undefined;
      this.#link = this.#make();
      this.#link.open();
      return new Promise((done) => signal.addEventListener('abort', done, { once: true }));
    };
    navigator.locks.request(this.#lock, { signal }, turn).catch((error) => {
      if (error.name !== 'AbortError') throw error;
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

  /** Go on from a snapshot's cursor; before its turn, `make` knows it. */
  resume(cursor) {
    this.#link?.resume(cursor);
  }
}
