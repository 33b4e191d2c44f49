/**
 * Where the messages begin that nobody of the house has read: a line above them, which stays there
 * until the chat is left or others come while nobody looks. No DOM.
 */

/** @import { Message } from '../types.js' */

export class NewLine {
  /** How many are still to be marked: they may be read before they are here. */
  #due = 0;
  /** Whether those that are unread now have been counted. */
  #counted = false;
  /** @type {string | null} */
  #before = null;

  /** Another chat. */
  clear() {
    this.#due = 0;
    this.#counted = false;
    this.#before = null;
  }

  /**
   * The id of the message that the line stands above, or null.
   *
   * @param {Message[]} messages none as long as they are not loaded
   * @param {number} unread
   */
  above(messages, unread) {
    if (unread && !this.#counted) this.#due = unread;
    this.#counted = unread > 0;
    if (this.#due && messages.length) {
      const received = messages.filter(({ fromMe }) => !fromMe);
      this.#before = received.at(-this.#due)?.id ?? received[0]?.id ?? null;
      this.#due = 0;
    }
    return this.#before;
  }
}
