/** The signed-in session, which lives in an HttpOnly cookie: this module never sees a token it keeps. */

import { postJson, request } from './request.js';
import { serverNow } from './server-clock.js';

/** @typedef {'signed-in' | 'signed-out' | 'unknown'} SignInStatus */

/**
 * @param {Promise<Response>} asked
 * @returns {Promise<SignInStatus>}
 */
async function standing(asked) {
  try {
    const answer = await asked;
    if (answer.status === 401) return 'signed-out';
    return answer.ok ? 'signed-in' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Ask for a newer token: `signed-in`, `signed-out`, or `unknown` where the server can't be asked. */
export const refresh = () => standing(postJson('/api/auth/refresh', {}));

/** Whether the session still stands; answers as `refresh` does. */
export const check = () => standing(request('/api/auth/me'));

/**
 * Whether the session still stands, and which bots it may see: null where that isn't known.
 *
 * @returns {Promise<{ status: SignInStatus, bots: '*' | string[] | null }>}
 */
export async function rights() {
  const asked = request('/api/auth/me');
  const status = await standing(asked);
  if (status !== 'signed-in') return { status, bots: null };
  const me = await asked.then((answer) => answer.json()).catch(() => null);
  return { status, bots: me?.bots ?? null };
}

/**
 * Move the deadline of a living stream to that of the newest token.
 *
 * @param {string} streamId
 */
export async function renewStream(streamId) {
  const outcome = await refresh();
  if (outcome !== 'signed-in') return outcome;
  return standing(postJson('/events/renew', { streamId }));
}

/** Leave for the sign-in page and come back here after it. */
export function goToLogin() {
  const next = location.pathname + location.search + location.hash;
  location.assign(`/login?next=${encodeURIComponent(next)}`);
}

// setTimeout holds 2^31-1 ms; a longer wait would fire at once.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Refresh at half of what is left of the token, again and again. Returns a function that stops it.
 *
 * @param {string | null} expiresAt
 */
export function keepSignedIn(expiresAt) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {string | null | undefined} until */
  const plan = (until) => {
    if (!until) return;
    const half = Math.max((Date.parse(until) - serverNow()) / 2, 5_000);
    timer = setTimeout(turn, Math.min(half, LONGEST_WAIT_MS));
  };
  const turn = async () => {
    try {
      const answer = await postJson('/api/auth/refresh', {});
      if (answer.status === 401) return goToLogin();
      if (answer.ok) return plan((await answer.json()).expiresAt);
    } catch {
      // The network is away: the next turn asks again.
    }
    timer = setTimeout(turn, 30_000);
  };
  plan(expiresAt);
  return () => clearTimeout(timer);
}
