/** Who types in which chat: the customer or the bot, and colleagues who write an answer. No DOM. */

/** @import { EventOf } from '../types.js' */

// A "typing…" whose end got lost goes away by itself.
export const TYPING_MS = 15_000;

/** @typedef {{ who: string, until: number }} Typist */

export class Typists {
  /** @type {Map<string, Typist>} */
  #others = new Map();
  /** The newest colleague of each chat. @type {Map<string, { id: string, name: string, until: number }>} */
  #colleagues = new Map();

  /** @param {EventOf<'chat:typing'>} event @param {number} now */
  apply({ sessionId, who, state, author }, now) {
    const until = now + TYPING_MS;
    const begins = state === 'composing';
    if (who === 'operator') {
      const id = author?.id ?? '';
      if (begins) this.#colleagues.set(sessionId, { id, name: author?.name ?? id, until });
      else if (this.#colleagues.get(sessionId)?.id === id) this.#colleagues.delete(sessionId);
    } else if (begins) this.#others.set(sessionId, { who, until });
    else this.#others.delete(sessionId);
  }

  /** A message came: whoever typed it is done. @param {string} sessionId @param {string | null} [authorId] */
  done(sessionId, authorId) {
    this.#others.delete(sessionId);
    if (authorId && this.#colleagues.get(sessionId)?.id === authorId) {
      this.#colleagues.delete(sessionId);
    }
  }

  /** @param {string} sessionId */
  forget(sessionId) {
    this.#others.delete(sessionId);
    this.#colleagues.delete(sessionId);
  }

  /** `contact` or `bot`, or null. @param {string} sessionId @param {number} now */
  who(sessionId, now) {
    const entry = this.#others.get(sessionId);
    return entry && entry.until > now ? entry.who : null;
  }

  /** The name of a colleague who writes an answer, or null. @param {string} sessionId @param {string | null | undefined} me @param {number} now */
  colleague(sessionId, me, now) {
    const entry = this.#colleagues.get(sessionId);
    return entry && entry.until > now && entry.id !== me ? entry.name : null;
  }
}
