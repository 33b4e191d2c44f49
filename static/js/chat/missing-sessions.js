/**
 * Fetches the chats that events speak of and the page has not. Of each, one request is under way;
 * what came after it was sent may not be in its answer, and is asked for again.
 */

import { Recent } from './recent.js';

// Another service's events may speak of chats that this store doesn't have.
const REMEMBERED = 1_000;
const ABSENT_MS = 60_000;

export class MissingSessions {
  #read;
  #failed;
  /** Those under way; true: something came meanwhile. @type {Map<string, boolean>} */
  #asked = new Map();
  /** Until when each counts as not there. @type {Recent<number>} */
  #absent = new Recent(REMEMBERED);

  /**
   * `read(id)` puts a session into the state; `failed(error)` is called with any refusal but a 404.
   *
   * @param {(id: string) => Promise<void>} read
   * @param {(error: Error) => void} failed
   */
  constructor(read, failed) {
    this.#read = read;
    this.#failed = failed;
  }

  /** An event spoke of this chat. @param {string} id */
  async fetch(id) {
    if ((this.#absent.get(id) ?? 0) > Date.now()) return;
    if (this.#asked.has(id)) {
      this.#asked.set(id, true);
      return;
    }
    try {
      do {
        this.#asked.set(id, false);
        await this.#read(id);
      } while (this.#asked.get(id));
    } catch (error) {
      if (error.status === 404) this.#absent.set(id, Date.now() + ABSENT_MS);
      else this.#failed(error);
    } finally {
      this.#asked.delete(id);
    }
  }
}
