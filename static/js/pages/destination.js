/**
 * Where to go after signing in: only a path of this site, whatever the address names. A server's
 * redirect to the sign-in can't name the open chat, but the browser carries its `hash` along.
 *
 * @param {string} search
 * @param {string} origin
 * @param {string} hash
 */
export function destination(search, origin, hash = '') {
  const next = new URLSearchParams(search).get('next');
  if (!next) return '/bots';
  try {
    const url = new URL(next, origin);
    return url.origin === origin ? url.pathname + url.search + (url.hash || hash) : '/bots';
  } catch {
    return '/bots';
  }
}
