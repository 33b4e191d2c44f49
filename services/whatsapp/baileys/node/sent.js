// The texts of the last minutes, by id: a phone that can't decrypt one asks for it again, also
// after the process that sent it is gone. Those of an earlier life begin their minutes anew.

import { Journal } from './journal.js';
import { warn } from './stdio.js';

const KEEP_MS = 10 * 60_000;
const SWEEP_MS = 60_000;

export class Sent {
  #journal;
  /** @type {Map<string, { text: string, since: number }>} */
  #texts = new Map(); // by message id
  #sweeper;

  /** @param {string} path */
  constructor(path) {
    this.#journal = new Journal(path);
    const since = Date.now();
    for (const { messageId, text } of this.#journal.found)
      this.#texts.set(messageId, { text, since });
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Keep a text before it goes out. @param {string} messageId @param {string} text */
  keep(messageId, text) {
    if (this.#texts.has(messageId)) return;
    this.#texts.set(messageId, { text, since: Date.now() });
    try {
      this.#journal.append({ messageId, text });
    } catch (error) {
      warn(`a sent text can't be kept: ${error.message}`); // it goes out all the same
    }
  }

  /** For a socket's `getMessage`. @param {import('baileys').WAMessageKey} key */
  message = async ({ id }) => {
    const kept = this.#texts.get(id ?? '');
    return kept && { extendedTextMessage: { text: kept.text } };
  };

  close() {
    clearInterval(this.#sweeper);
    this.#journal.close();
  }

  #sweep() {
    const oldest = Date.now() - KEEP_MS;
    const gone = [...this.#texts].filter(([, { since }]) => since < oldest);
    if (!gone.length) return;
    for (const [messageId] of gone) this.#texts.delete(messageId);
    try {
      this.#journal.rewrite([...this.#texts].map(([messageId, { text }]) => ({ messageId, text })));
    } catch (error) {
      warn(`the texts that were sent can't be swept: ${error.message}`); // the next sweep will
    }
  }
}
