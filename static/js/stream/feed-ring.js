/**
 * The newest stretch of a feed, without a hole: whoever has seen up to an id in it can be given the rest.
 *
 * Ids are opaque: only the order in which they came here says where one stands.
 */

/** @import { EventOf, BotEvent, FeedEntry } from '../types.js' */

export class FeedRing {
  /** @type {FeedEntry[]} */
  #entries = [];
  #first = 0;
  /** @type {Map<string, number>} */
  #seqs = new Map();
  #size;
  // The seq of the newest gap.
  #broken = 0;

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
    this.#push({ id, event });
    this.#seqs.set(id, this.lastSeq);
    if (this.#seqs.size > this.#size * 4) this.#forget();
  }

  /**
   * A gap of one bot: the seq after which its events are whole again. No id leads behind it but those
   * that come later: whoever stands before it has not heard of it.
   *
   * @param {EventOf<'gap'>} event
   */
  breakOff(event) {
    this.#push({ id: '', event });
    this.#broken = this.lastSeq;
    return this.#broken;
  }

  /** @param {FeedEntry} entry */
  #push(entry) {
    this.#entries.push(entry);
    if (this.#entries.length > this.#size) {
      this.#entries.shift();
      this.#first += 1;
    }
  }

  /**
   * An id that stands for this moment without being an event's: a ping's cursor.
   *
   * @param {string | null | undefined} id
   */
  mark(id) {
    if (!id) return;
    const seq = this.#seqs.get(id);
    if (seq === undefined || seq >= this.#broken) this.#seqs.set(id, this.lastSeq);
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
