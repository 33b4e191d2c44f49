/** Who types in which chat: the customer or the bot, and colleagues who write an answer. No DOM. */

/** @import { EventOf } from '../types.js' */

// A "typing…" whose end got lost goes away by itself.
export const TYPING_MS = 15_000;

/** @typedef {{ who: string, until: number }} Typist */

export class Typists {
  /** @type {Map<string, Typist>} */
  #others = new Map();
  /** Of each chat, by operator. @type {Map<string, Map<string, { name: string, since: number, until: number }>>} */
  #colleagues = new Map();

  /** @param {EventOf<'chat:typing'>} event @param {number} now */
  apply({ sessionId, who, state, author }, now) {
    const until = now + TYPING_MS;
    const begins = state === 'composing';
    if (who === 'operator') {
      const id = author?.id ?? '';
      if (begins) this.#begins(sessionId, id, author?.name ?? id, now);
      else this.#ends(sessionId, id);
    } else if (begins) this.#others.set(sessionId, { who, until });
    else this.#others.delete(sessionId);
  }

  /** @param {string} sessionId @param {string} id @param {string} name @param {number} now */
  #begins(sessionId, id, name, now) {
    const there = this.#colleagues.get(sessionId) ?? new Map();
    const before = there.get(id);
    const since = before && before.until > now ? before.since : now;
    this.#colleagues.set(sessionId, there.set(id, { name, since, until: now + TYPING_MS }));
  }

  /** @param {string} sessionId @param {string} id */
  #ends(sessionId, id) {
    const there = this.#colleagues.get(sessionId);
    there?.delete(id);
    if (!there?.size) this.#colleagues.delete(sessionId);
  }

  /** A message came: whoever typed it is done. @param {string} sessionId @param {string | null} [authorId] */
  done(sessionId, authorId) {
    this.#others.delete(sessionId);
    if (authorId) this.#ends(sessionId, authorId);
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

  /**
   * The name of a colleague who writes an answer, or null.
   *
   * @param {string} sessionId
   * @param {string | null | undefined} me
   * @param {number} now
   * @param {number} [before] only one who began before this
   */
  colleague(sessionId, me, now, before = Number.POSITIVE_INFINITY) {
    for (const [id, { name, since, until }] of this.#colleagues.get(sessionId) ?? []) {
      if (id !== me && until > now && since < before) return name;
    }
    return null;
  }
}
