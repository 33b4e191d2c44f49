/**
 * A list on the page: one element an item, kept as long as its item is listed, filled only where
 * its data changed, and never taken out of the page while it has the focus.
 */

/**
 * @template Item
 * @typedef {{
 *   key: (item: Item) => string,
 *   make: (item: Item) => HTMLElement,
 *   fill: (node: HTMLElement, item: Item) => void,
 *   stamp?: (item: Item) => unknown[],
 * }} How `stamp` gives what `fill` shows: compared one by one with the last time; the item itself
 *   where it is left out
 */

/** @template Item */
export class Rows {
  #parent;
  #how;
  /** @type {Map<string, { node: HTMLElement, stamp: unknown[] }>} */
  #rows = new Map();

  /** @param {Element} parent @param {How<Item>} how */
  constructor(parent, how) {
    this.#parent = parent;
    this.#how = how;
  }

  /** @param {string} key */
  has(key) {
    return this.#rows.has(key);
  }

  get size() {
    return this.#rows.size;
  }

  clear() {
    this.#rows.clear();
    this.#parent.replaceChildren();
  }

  /** Make the children be the rows of these items, in order. @param {Item[]} items */
  show(items) {
    const { key } = this.#how;
    const wanted = new Set(items.map(key));
    for (const [id, { node }] of this.#rows) {
      if (wanted.has(id)) continue;
      node.remove();
      this.#rows.delete(id);
    }
    let at = this.#parent.firstElementChild;
    for (const item of items) {
      const node = this.#filled(key(item), item);
      if (node !== at && holdsFocus(node)) at = makeWay(at, node);
      if (node === at) at = at.nextElementSibling;
      else this.#parent.insertBefore(node, at);
    }
  }

  /** @param {string} id @param {Item} item */
  #filled(id, item) {
    const { make, fill, stamp = (item) => [item] } = this.#how;
    const now = stamp(item);
    let row = this.#rows.get(id);
    if (!row) {
      row = { node: make(item), stamp: [] };
      this.#rows.set(id, row);
    }
    if (!same(row.stamp, now)) {
      row.stamp = now;
      fill(row.node, item);
    }
    return row.node;
  }
}

/** @param {HTMLElement} node */
const holdsFocus = (node) => node.isConnected && node.contains(document.activeElement);

/**
 * Move what stands before `node` behind it: an element that is moved itself loses the focus.
 *
 * @param {Element | null} at
 * @param {Element} node
 */
function makeWay(at, node) {
  let here = at;
  while (here && here !== node) {
    const next = here.nextElementSibling;
    node.after(here);
    here = next;
  }
  return node;
}

/** @param {unknown[]} one @param {unknown[]} other */
const same = (one, other) =>
  one.length === other.length && one.every((value, index) => value === other[index]);
