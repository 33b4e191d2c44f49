/** Tells colleagues that one writes an answer here, and stops to; what they do shows in the state. */

import { post, sessionPath } from '../pages/api.js';

// Again before what was reported has worn off (typists.js), and no more often.
const AGAIN_MS = 6_000;
// Whoever has not touched a key for so long is not writing.
const REST_MS = 8_000;

export class Presence {
  /** @type {string | null} */
  #chat = null;
  #reportedAt = 0;
  #rest = 0;
  /** When one began to write there. */
  since = 0;

  /** Something was typed in this chat's composer, or nothing stands there any more. @param {string} chat @param {boolean} some */
  wrote(chat, some) {
    clearTimeout(this.#rest);
    if (this.#chat && (this.#chat !== chat || !some)) this.#report(this.#chat, 'paused');
    if (!some) return;
    this.#rest = setTimeout(() => this.wrote(chat, false), REST_MS);
    if (this.#chat === chat && Date.now() - this.#reportedAt < AGAIN_MS) return;
    if (this.#chat !== chat) this.since = Date.now();
    this.#report(chat, 'composing');
  }

  /** @param {string} chat @param {'composing' | 'paused'} state */
  #report(chat, state) {
    this.#chat = state === 'composing' ? chat : null;
    this.#reportedAt = Date.now();
    // Nobody misses it: what is written counts once it is sent.
    post(sessionPath(chat, 'typing'), { state }).catch(() => {});
  }
}
