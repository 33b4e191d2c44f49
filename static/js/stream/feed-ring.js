/**
 * The newest stretch of a feed, without a hole: whoever has seen up to an id in it can be given the rest.
 *
 * Ids are opaque: only the order in which they came here says where one stands.
 */

export class FeedRing {
  #entries = [];
  #first = 0;
  #seqs = new Map();
  #size;

  /** `start` is the id after which the stretch begins. */
  constructor(start, size = 512) {
    this.#size = size;
    if (start) this.#seqs.set(start, 0);
  }

  /** The number of the newest event: how many have been added so far. */
  get lastSeq() {
    return this.#first + this.#entries.length;
  }

  add(id, event) {
    this.#entries.push({ id, event });
    this.#seqs.set(id, this.lastSeq);
    if (this.#entries.length > this.#size) {
      this.#entries.shift();
      this.#first += 1;
    }
    if (this.#seqs.size > this.#size * 4) this.#forget();
  }

  /** An id that stands for this moment without being an event's: a ping's cursor. */
  mark(id) {
    if (id) this.#seqs.set(id, this.lastSeq);
  }

  /** How many events had been added when this id was newest; undefined where that is not known any more. */
  seqOf(id) {
    const seq = this.#seqs.get(id);
    return seq !== undefined && seq >= this.#first ? seq : undefined;
  }

  /** What was added after that seq, oldest first: `{id, event}`. */
  after(seq) {
    return this.#entries.slice(seq - this.#first);
  }

  #forget() {
    for (const [id, seq] of this.#seqs) if (seq < this.#first) this.#seqs.delete(id);
  }
}
