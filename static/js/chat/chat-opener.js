/** Opens a chat: its newest page, older ones as they are asked for, and why one could not be read. */

import { readMessages } from './reads.js';

/** @import { ConversationState } from './conversation-state.js' */

export class ChatOpener {
  /** Where the page before the oldest message begins; null: there is none. @type {string | null} */
  more = null;
  /** Why the open chat could not be read. @type {Error | null} */
  problem = null;
  #state;
  #addSession;
  #changed;
  #failed;
  #turn = 0;

  /**
   * `addSession(id)` reads a session into the state.
   *
   * @param {ConversationState} state
   * @param {{
   *   addSession: (id: string) => Promise<void>,
   *   changed: () => void,
   *   failed: (error: Error | null) => void,
   * }} room
   */
  constructor(state, { addSession, changed, failed }) {
    this.#state = state;
    this.#addSession = addSession;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Open a chat, or none with null. @param {string | null} id */
  async open(id) {
    this.#turn += 1;
    this.#state.chat.begin(id);
    this.more = null;
    this.problem = null;
    this.#changed();
    if (!id) return;
    try {
      await this.read(id);
    } catch (error) {
      if (id === this.#state.openId && !this.#state.chat.loaded) this.problem = error;
    }
    this.#changed();
  }

  /** Read the newest page of the open chat; of two reads the later counts. @param {string} id */
  async read(id) {
    const turn = ++this.#turn;
    if (!this.#state.sessions.has(id)) await this.#addSession(id);
    const page = await readMessages(id);
    if (turn !== this.#turn || id !== this.#state.openId) return;
    this.#state.open(id, page.messages, page.version);
    this.more = page.before;
    this.problem = null;
  }

  async loadOlder() {
    const { openId } = this.#state;
    const before = this.more;
    if (!before || !openId) return;
    const turn = this.#turn;
    this.more = null;
    try {
      const page = await readMessages(openId, { before });
      if (turn !== this.#turn) return;
      this.#state.chat.addOlder(page.messages, page.version);
      this.more = page.before;
    } catch (error) {
      if (turn === this.#turn) this.more = before;
      this.#failed(error);
    }
    this.#changed();
  }
}
