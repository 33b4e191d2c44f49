/**
 * The newest stretch of a feed, without a hole: whoever has seen up to an id in it can be given the rest.
 *
 * Ids are opaque: only the order in which they came here says where one stands.
 */

/** @import { BotEvent, FeedEntry } from '../types.js' */

export class FeedRing {
  /** @type {FeedEntry[]} */
  #entries = [];
  #first = 0;
  /** @type {Map<string, number>} */
  #seqs = new Map();
  #size;

  /** @param {string | null | undefined} start the id after which the stretch begins */
  constructor(start, size = 512) {
    this.#size = size;
    if (start) this.#seqs.set(start, 0);
  }

  /** The number of the newest event: how many have been added so far. */
  get lastSeq() {
    return this.#first + this.#entries.length;
  }

  /** @param {string} id @param {BotEvent} event */
  add(id, event) {
    this.#entries.push({ id, event });
    this.#seqs.set(id, this.lastSeq);
    if (this.#entries.length > this.#size) {
      this.#entries.shift();
      this.#first += 1;
    }
    if (this.#seqs.size > this.#size * 4) this.#forget();
  }

  /**
   * An id that stands for this moment without being an event's: a ping's cursor.
   *
   * @param {string | null | undefined} id
   */
  mark(id) {
    if (id) this.#seqs.set(id, this.lastSeq);
  }

  /**
   * How many events had been added when this id was newest; undefined where that is not known any more.
   *
   * @param {string | null | undefined} id
   */
  seqOf(id) {
    const seq = id ? this.#seqs.get(id) : undefined;
    return seq !== undefined && seq >= this.#first ? seq : undefined;
  }

  /**
   * What was added after that seq, oldest first.
   *
   * @param {number} seq
   */
  after(seq) {
    return this.#entries.slice(seq - this.#first);
  }

  #forget() {
    for (const [id, seq] of this.#seqs) if (seq < this.#first) this.#seqs.delete(id);
  }
}
