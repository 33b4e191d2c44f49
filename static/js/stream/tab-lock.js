/** A Web Lock held as long as its signal lets it: what tabs of one browser agree by. */

/**
 * Hold a lock until `signal` aborts; `got` runs once it is held. Resolves when it is given back or
 * stolen, or at once where the signal aborts before its turn.
 *
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {() => void} got
 * @param {LockOptions} options
 */
export function holdLock(name, signal, got, options = {}) {
  const held = () => {
    if (signal.aborted) return undefined;
    got();
    return new Promise((release) => signal.addEventListener('abort', release, { once: true }));
  };
  // The platform refuses a signal where a lock is stolen.
  const wanted = options.steal ? options : { signal, ...options };
  return navigator.locks.request(name, wanted, held).catch((error) => {
    if (error.name !== 'AbortError') throw error;
  });
}

/**
 * Hold whichever of these locks is free first, as `holdLock` does one.
 *
 * @param {string[]} names
 * @param {AbortSignal} signal
 * @param {() => void} got
 */
export function holdOneOf(names, signal, got) {
  const ends = names.map(() => new AbortController());
  const endAll = () => {
    for (const end of ends) end.abort();
  };
  if (signal.aborted) endAll();
  signal.addEventListener('abort', endAll, { once: true });
  for (const [place, name] of names.entries()) {
    holdLock(name, ends[place].signal, () => {
      for (const [other, end] of ends.entries()) if (other !== place) end.abort();
      got();
    });
  }
}
