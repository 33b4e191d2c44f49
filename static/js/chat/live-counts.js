/**
 * Numbers over all chats: the server counts them, and what the page folds since is added. Chats that
 * the page has not loaded are in the server's numbers only.
 */

/** @template {string} Name */
export class LiveCounts {
  /** @type {Partial<Record<Name, number>>} */
  #server = {};
  /** @type {Partial<Record<Name, number>>} */
  #loaded = {};

  /**
   * The server's numbers, and those of the sessions that were here at the same moment. A number
   * that the server doesn't give is that of the sessions that are here.
   *
   * @param {Partial<Record<Name, number | null>> | null | undefined} server
   * @param {Record<Name, number>} loaded
   */
  set(server, loaded) {
    this.#server = /** @type {Partial<Record<Name, number>>} */ (
      Object.fromEntries(Object.entries(server ?? {}).filter(([, n]) => typeof n === 'number'))
    );
    this.#loaded = { ...loaded };
  }

  /**
   * Sessions were loaded that the server has counted already.
   *
   * @param {Record<Name, number>} before those of the sessions that were here
   * @param {Record<Name, number>} after
   */
  loadedMore(before, after) {
    for (const name of /** @type {Name[]} */ (Object.keys(after))) {
      this.#loaded[name] = (this.#loaded[name] ?? 0) + after[name] - before[name];
    }
  }

  /** The number now, given that of the sessions that are here. @param {Name} name @param {number} loaded */
  now(name, loaded) {
    const server = this.#server[name];
    return server === undefined ? loaded : Math.max(0, server + loaded - (this.#loaded[name] ?? 0));
  }
}
