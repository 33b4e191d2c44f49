/**
 * Where to go after signing in: only a path of this site, whatever the address names.
 *
 * @param {string} search
 * @param {string} origin
 */
export function destination(search, origin) {
  const next = new URLSearchParams(search).get('next');
  if (!next) return '/bots';
  try {
    const url = new URL(next, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : '/bots';
  } catch {
    return '/bots';
  }
}
