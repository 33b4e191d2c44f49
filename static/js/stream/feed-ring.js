/**
 * The newest stretch of a feed, without a hole: whoever has seen up to an id in it can be given the rest.
 *
 * Ids are opaque: only what was heard here, and in which order, says where an id stands.
 */

export class FeedRing {
  #entries = [];
  #first = 0;
  #places = new Map();
  #size;

  /** `start` is the id after which the stretch begins. */
  constructor(start, size = 512) {
    this.#size = size;
    if (start) this.#places.set(start, 0);
  }

  /** How many events have been added so far. */
  get end() {
    return this.#first + this.#entries.length;
  }

  add(id, event) {
    this.#entries.push({ id, event });
    this.#places.set(id, this.end);
    if (this.#entries.length > this.#size) {
      this.#entries.shift();
      this.#first += 1;
    }
    if (this.#places.size > this.#size * 4) this.#forget();
  }

  /** An id that stands for this moment without being an event's: a ping's cursor. */
  mark(id) {
    if (id) this.#places.set(id, this.end);
  }

  /** How many events had been added when this id was newest; undefined where that is not known any more. */
  placeOf(id) {
    const place = this.#places.get(id);
    return place !== undefined && place >= this.#first ? place : undefined;
  }

  /** What was added after that place, oldest first: `{id, event}`. */
  after(place) {
    return this.#entries.slice(place - this.#first);
  }

  #forget() {
    for (const [id, place] of this.#places) if (place < this.#first) this.#places.delete(id);
  }
}
