// The texts of the last minutes, by id: a phone that can't decrypt one asks for it again, also
// after the process that sent it is gone.

import { Journal } from './journal.js';

export class Sent extends Journal {
  /** Keep a text before it goes out. */
  keep(messageId, text) {
    if (!this.#find(messageId)) this.add({ messageId, text });
  }

  /** For a socket's `getMessage`. */
  message = async ({ id }) => {
    const entry = this.#find(id);
    return entry && { extendedTextMessage: { text: entry.text } };
  };

  #find(messageId) {
    return this.entries().find((entry) => entry.messageId === messageId);
  }
}
