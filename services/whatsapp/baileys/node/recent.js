// Things remembered up to a number, the oldest forgotten first.

export class Recent {
  #most;
  /** @type {Set<string>} */
  #keys = new Set();

  /** @param {number} most */
  constructor(most) {
    this.#most = most;
  }

  /** Whether it was there already. @param {string} key */
  add(key) {
    if (this.#keys.has(key)) return true;
    this.#keys.add(key);
    if (this.#keys.size > this.#most) {
      const [oldest] = this.#keys;
      this.#keys.delete(oldest);
    }
    return false;
  }

  /** @param {string} key */
  has(key) {
    return this.#keys.has(key);
  }

  /** Whether it was there. @param {string} key */
  delete(key) {
    return this.#keys.delete(key);
  }
}
