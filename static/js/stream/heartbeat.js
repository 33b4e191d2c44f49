/** How long a connection may be silent before it is dead: learned from its pings. */

// Two beats may be late before the third is missed.
const BEATS_UNTIL_DEAD = 2.5;
// Pings nearer to each other than this come in a burst, which teaches nothing.
const SHORTEST_BEAT_MS = 500;

export class Heartbeat {
  #beatMs;
  #lastPing = 0;
  #lastByte;

  /** @param {number} [seconds] the beat until pings teach a shorter one */
  constructor(seconds = 30, now = Date.now()) {
    this.#beatMs = seconds * 1_000;
    this.#lastByte = now;
  }

  /** A new connection: its first ping teaches nothing about the time since the last one's. */
  begin(now = Date.now()) {
    this.#lastPing = 0;
    this.#lastByte = now;
  }

  touch(now = Date.now()) {
    this.#lastByte = now;
  }

  ping(now = Date.now()) {
    const gap = now - this.#lastPing;
    if (this.#lastPing && gap >= SHORTEST_BEAT_MS) this.#beatMs = Math.min(this.#beatMs, gap);
    this.#lastPing = now;
    this.#lastByte = now;
  }

  /** Whether a beat is overdue. */
  isLate(now = Date.now()) {
    return now - this.#lastByte > this.#beatMs;
  }

  isDead(now = Date.now()) {
    return now - this.#lastByte > this.#beatMs * BEATS_UNTIL_DEAD;
  }
}
