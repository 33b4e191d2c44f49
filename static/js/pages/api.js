/** The JSON calls of the panel. A 401 leads to the sign-in page; any other refusal is an ApiError. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { goToLogin } from './auth.js';
import { request } from './request.js';

/** What the server refused, with its HTTP status (0: no answer) and the field at fault, if any. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {string} [field] */
  constructor(status, message, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

// A file of 25 MB over a slow line.
const UPLOAD_MS = 300_000;

/** @param {string} method @param {string} path @param {unknown} [body] */
async function call(method, path, body) {
  /** @type {RequestInit & { headers: Record<string, string> }} */
  const init = { method, headers: { Accept: 'application/json' } };
  const isForm = body instanceof FormData;
  if (isForm) init.body = body;
  else if (method !== 'GET' && method !== 'DELETE') {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body ?? {});
  }
  let answer;
  let text;
  try {
    answer = await request(path, init, isForm ? UPLOAD_MS : undefined);
    text = await answer.text();
  } catch (error) {
    const slow = error.name === 'TimeoutError';
    throw new ApiError(0, t(slow ? 'error.timeout' : 'error.unreachable'));
  }
  /** @type {any} */
  let parsed = {};
  try {
    parsed = text ? JSON.parse(text) : {};
  } catch {
    // A proxy's HTML page says nothing a person could use.
  }
  if (answer.ok) return parsed;
  if (answer.status === 401 && path !== '/api/auth/login') goToLogin();
  const words = translateServerText(parsed.error) ?? t('error.status', { status: answer.status });
  throw new ApiError(answer.status, words, parsed.field);
}

// What is asked for decides what comes: callers name the answer's type.
/** @param {string} path */
export const get = (path) => call('GET', path);
/** A FormData goes as it is, with its files. @param {string} path @param {unknown} [body] */
export const post = (path, body) => call('POST', path, body);
/** @param {string} path @param {unknown} body */
export const patch = (path, body) => call('PATCH', path, body);
/** @param {string} path */
export const remove = (path) => call('DELETE', path);

/**
 * `path` with `values` as its query; arrays repeat, null and empty are left out.
 *
 * @param {string} path
 * @param {Record<string, string | number | null | undefined | string[]>} values
 */
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined && one !== '') query.append(name, String(one));
    }
  }
  return query.size ? `${path}?${query}` : path;
}

/** @param {string} id @param {string[]} rest */
export const botPath = (id, ...rest) => ['/api/bots', encodeURIComponent(id), ...rest].join('/');
/** @param {string} id @param {string[]} rest */
export const sessionPath = (id, ...rest) =>
  ['/api/sessions', encodeURIComponent(id), ...rest].join('/');
/** @param {string} id @param {string} act */
export const simulatorPath = (id, act) => `/api/simulator/bots/${encodeURIComponent(id)}/${act}`;
