/** Marks the open chat as read while a person looks at it: the page is seen and has the focus. */

import { post, sessionPath } from './api.js';

/** @import { Session } from '../types.js' */

export class ReadMarks {
  #current;
  /** The newest message that each chat was marked read with. @type {Map<string, string>} */
  #marked = new Map();
  #busy = false;

  /** @param {() => Session | null} current the open chat */
  constructor(current) {
    this.#current = current;
    addEventListener('focus', () => this.look());
    document.addEventListener('visibilitychange', () => this.look());
  }

  /** Something may be there to be marked. */
  async look() {
    const session = this.#current();
    if (!session?.unread || this.#busy || document.hidden || !document.hasFocus()) return;
    const newest = session.lastMessage?.id ?? '';
    // The answer is on its way as an event.
    if (this.#marked.get(session.id) === newest) return;
    this.#busy = true;
    let done = true;
    try {
      this.#marked.set(session.id, newest);
      await post(sessionPath(session.id, 'read'));
    } catch {
      // The badge stays, and the next message or visit tries again.
      done = false;
      this.#marked.delete(session.id);
    } finally {
      this.#busy = false;
    }
    // A message that came meanwhile is unread again.
    if (done) await this.look();
  }
}
