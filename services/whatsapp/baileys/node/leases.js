// Which bots this process has, and until when: as the parent reports, and given up by a clock of our
// own, should the parent be frozen, late or gone. Without a store that several processes share
// there are none, and every bot is this process's.

/** @typedef {{ fence: number, until: number }} Lease `until` by `now`; `fence` goes with each write */

/** Milliseconds of a clock that nobody sets. */
export const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

export class Leases {
  #lapsed;
  /** @type {Map<string, Lease>} */
  #leases = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /** @param {(botId: string) => void} lapsed called once the time of a bot is over */
  constructor(lapsed) {
    this.#lapsed = lapsed;
  }

  /** These and no others, from now on. @param {Record<string, Lease>} leases by bot id */
  set(leases) {
    const before = [...this.#leases.keys()];
    this.#leases = new Map(Object.entries(leases));
    for (const botId of before) if (!this.#leases.has(botId)) this.#lapsed(botId);
    this.#arm();
  }

  /** Whoever was frozen asks before anything leaves. @param {string} botId */
  isHeld(botId) {
    return now() < (this.#leases.get(botId)?.until ?? 0);
  }

  /** @param {string} botId */
  fence(botId) {
    return this.#leases.get(botId)?.fence ?? 0;
  }

  #arm() {
    clearTimeout(this.#timer);
    if (!this.#leases.size) return;
    const first = Math.min(...[...this.#leases.values()].map(({ until }) => until));
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, first - now())).unref();
  }

  #ring() {
    for (const botId of [...this.#leases.keys()])
      if (!this.isHeld(botId)) {
        this.#leases.delete(botId);
        this.#lapsed(botId);
      }
    this.#arm();
  }
}

/**
 * A process that was frozen goes on where it was: it looks at the clock before anything leaves.
 *
 * @param {{ send(...args: any[]): void, terminate(): void }} source @param {() => boolean} isHeld
 */
export function guard(source, isHeld) {
  const send = source.send.bind(source);
  source.send = (...args) => {
    if (isHeld()) return send(...args);
    source.terminate();
    const done = args.at(-1);
    if (typeof done === 'function') done(new Error('its lease is over'));
    return undefined;
  };
}
