/**
 * How many messages are unread in all chats: the server counts them, and what the page folds since
 * is added. Chats that the page has not loaded are in the server's number only.
 */

export class UnreadCount {
  #server = 0;
  #loaded = 0;
  #known = false;

  /**
   * The server's number, and that of the sessions that were here at the same moment.
   *
   * @param {number | null | undefined} server
   * @param {number} loaded
   */
  set(server, loaded) {
    this.#known = typeof server === 'number';
    this.#server = server ?? 0;
    this.#loaded = loaded;
  }

  /** Sessions were loaded whose messages the server has counted already. @param {number} unread */
  loadedMore(unread) {
    this.#loaded += unread;
  }

  /** The number now, given that of the sessions that are here. @param {number} loaded */
  now(loaded) {
    return this.#known ? Math.max(0, this.#server + loaded - this.#loaded) : loaded;
  }
}
