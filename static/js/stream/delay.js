/** Whether something on the way holds pings back, judged by when they were sent and when they came. */

// A ping this much later than the quickest one of its connection was held up.
const LATE_MS = 5_000;
// Held-up pings come in bursts whose last one looks punctual: the second is believed.
const ENOUGH_ON_TIME = 2;

export class Delay {
  // The server's clock and ours differ by anything; the quickest ping shows by how much.
  #quickest = Infinity;
  #onTime = ENOUGH_ON_TIME;

  /** A new connection: nothing is known of it, and either clock may have been set meanwhile. */
  begin() {
    this.#quickest = Infinity;
    this.#onTime = ENOUGH_ON_TIME;
  }

  /** A ping came that was sent then, in ms of the server's clock. @param {number} sent */
  ping(sent) {
    // Not by Date: who sets the computer's clock forward delays nothing.
    const delay = performance.now() - sent;
    this.#quickest = Math.min(this.#quickest, delay);
    this.#onTime = delay - this.#quickest > LATE_MS ? 0 : this.#onTime + 1;
  }

  get held() {
    return this.#onTime < ENOUGH_ON_TIME;
  }
}
