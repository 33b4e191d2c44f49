/** Draw at most once a frame, and only while somebody can see it. */

export class Frames {
  #draw;
  #due = false;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
    document.addEventListener('visibilitychange', () => this.#due && this.#request());
  }

  /** There is something new to show. */
  ask() {
    if (this.#due) return;
    this.#due = true;
    this.#request();
  }

  #request() {
    // A hidden page draws nothing; it draws once when it is looked at again.
    if (!document.hidden) requestAnimationFrame(() => this.#now());
  }

  #now() {
    if (!this.#due || document.hidden) return;
    this.#due = false;
    this.#draw();
  }
}
