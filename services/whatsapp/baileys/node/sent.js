// The texts of the last minutes, by id: a phone that can't decrypt one asks for it again, also
// after the process that sent it is gone.

import { Journal } from './journal.js';

/** @extends {Journal<{ messageId: string, text: string }>} */
export class Sent extends Journal {
  /** Keep a text before it goes out. @param {string} messageId @param {string} text */
  keep(messageId, text) {
    if (!this.#find(messageId)) this.add({ messageId, text });
  }

  /** For a socket's `getMessage`. @param {import('baileys').WAMessageKey} key */
  message = async ({ id }) => {
    const entry = this.#find(id);
    return entry && { extendedTextMessage: { text: entry.text } };
  };

  /** @param {string | null | undefined} messageId */
  #find(messageId) {
    return this.entries().find((entry) => entry.messageId === messageId);
  }
}
