/** The JSON calls of the panel. A 401 leads to the sign-in page; any other refusal is an ApiError. */

import { t } from '../i18n/i18n.js';
import { translateServerText } from '../i18n/server-words.js';
import { goToLogin } from './auth.js';

/** What the server refused, with its HTTP status (0: not reached) and the field at fault, if any. */
export class ApiError extends Error {
  constructor(status, message, field) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

async function call(method, path, body) {
  const init = { method, headers: { Accept: 'application/json' } };
  if (method !== 'GET' && method !== 'DELETE') {
    init.headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body ?? {});
  }
  let answer;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new ApiError(0, t('error.unreachable'));
  }
  const text = await answer.text();
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

export const get = (path) => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const patch = (path, body) => call('PATCH', path, body);
export const remove = (path) => call('DELETE', path);

/** `path` with `values` as its query; arrays repeat, null and empty are left out. */
export function withQuery(path, values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined && one !== '') query.append(name, one);
    }
  }
  return query.size ? `${path}?${query}` : path;
}

export const botPath = (id, ...rest) => ['/api/bots', encodeURIComponent(id), ...rest].join('/');
export const sessionPath = (id, ...rest) =>
  ['/api/sessions', encodeURIComponent(id), ...rest].join('/');
export const simulatorPath = (id, act) => `/api/simulator/bots/${encodeURIComponent(id)}/${act}`;
