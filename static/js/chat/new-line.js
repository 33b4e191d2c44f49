/**
 * Where the messages begin that nobody of the house has read: a line above them, which stays there
 * until the chat is left or others come while nobody looks. No DOM.
 */

/** @import { Message } from '../types.js' */

export class NewLine {
  /** Whether the unread ones have been marked since there were none. */
  #marked = false;
  /** @type {string | null} */
  #before = null;

  /** Another chat. */
  clear() {
    this.#marked = false;
    this.#before = null;
  }

  /**
   * The id of the message that the line stands above, or null.
   *
   * @param {Message[]} messages
   * @param {number} unread
   */
  above(messages, unread) {
    if (!unread) this.#marked = false;
    else if (!this.#marked && messages.length) {
      this.#marked = true;
      const received = messages.filter(({ fromMe }) => !fromMe);
      this.#before = received.at(-unread)?.id ?? received[0]?.id ?? null;
    }
    return this.#before;
  }
}
