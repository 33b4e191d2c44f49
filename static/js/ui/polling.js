/** Asking again and again, as long as somebody looks. */

/**
 * Call `read` now, `ms` after each time it is done, and when the page is looked at again.
 *
 * @param {() => Promise<unknown>} read
 * @param {{ ms: number, failed: (words: string) => void }} how `failed`: why it could not be done,
 *   or the empty string
 * @returns {() => Promise<void>} what calls it at once
 */
export function poll(read, { ms, failed }) {
  let timer = 0;
  const watch = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      await read();
      failed('');
    } catch (error) {
      failed(error.message);
    }
    clearTimeout(timer);
    timer = setTimeout(watch, ms);
  };
  document.addEventListener('visibilitychange', watch);
  return watch;
}
