/** How long a connection has been silent, against the beat that the server states in `connected`. */

// Two beats may be late before the third is missed.
const BEATS_UNTIL_DEAD = 2.5;
// Soon enough for somebody who looks at the page again, and no ping a little late.
const BEATS_UNTIL_LATE = 1.5;

/** Both clocks in ms: one stands still while a laptop sleeps, the other can be set. */
const clocks = () => [Date.now(), performance.now()];

export class Heartbeat {
  #beatMs;
  #lastByte = clocks();

  /** @param {number} [seconds] the beat until the server states it */
  constructor(seconds = 30) {
    this.#beatMs = seconds * 1_000;
  }

  get seconds() {
    return this.#beatMs / 1_000;
  }

  /** The server states its beat. @param {number | undefined} seconds */
  set(seconds) {
    if (seconds && seconds > 0) this.#beatMs = seconds * 1_000;
  }

  /** Something came, or a new connection begins. */
  touch() {
    this.#lastByte = clocks();
  }

  /** Whether a beat is overdue. */
  get late() {
    return this.#silentFor(BEATS_UNTIL_LATE);
  }

  get dead() {
    return this.#silentFor(BEATS_UNTIL_DEAD);
  }

  /** @param {number} beats */
  #silentFor(beats) {
    const last = this.#lastByte;
    return clocks().some((now, which) => now - last[which] > this.#beatMs * beats);
  }
}
