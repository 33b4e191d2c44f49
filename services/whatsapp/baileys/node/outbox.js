// A message is in the outbox, on disk, before it is acknowledged to WhatsApp: from then on
// WhatsApp will not send it again. What is in the outbox is emitted to the parent, and again
// whenever the bot starts, until it has been with a living parent for ten minutes; the parent
// knows a message by its id, so twice is as good as once. A line that a kill cut short was never
// acknowledged: that message comes again.

import { Journal } from './journal.js';

const FRESH_S = 5 * 60; // an older message emitted again is stored, not answered

/** @extends {Journal<import('./types.js').Message>} */
export class Outbox extends Journal {
  /** What earlier lives of this process may not have got across. */
  waiting() {
    const fresh = Date.now() / 1000 - FRESH_S;
    return this.entries().map((message) => ({
      ...message,
      live: message.live && message.timestamp > fresh,
    }));
  }
}
