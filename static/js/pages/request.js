/** Every request of the pages. None may hang for ever: a page goes on, and can say so. */

import { heed } from './server-clock.js';

const LIMIT_MS = 15_000;

/**
 * As `fetch`; headers and body together are given up after 15 s, or after `limit` ms.
 *
 * @param {string} path
 * @param {RequestInit} [init]
 */
export async function request(path, init, limit = LIMIT_MS) {
  const sent = Date.now();
  const answer = await fetch(path, { ...init, signal: AbortSignal.timeout(limit) });
  heed(answer, sent, Date.now());
  return answer;
}

/**
 * POST this as JSON.
 *
 * @param {string} path
 * @param {unknown} body
 */
export const postJson = (path, body) =>
  request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
