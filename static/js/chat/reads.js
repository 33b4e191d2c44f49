/** What the chats' pages ask the server for. */

import { get, post, sessionPath, withQuery } from '../pages/api.js';
import { sizeOf } from './files.js';

/** @import { MessagePage, Quoted, Session, SessionPage } from '../types.js' */

export const PAGE = 50;
// The server's largest page.
export const LARGEST_PAGE = 200;

/** @typedef {{ limit: number, before?: string, q?: string, view?: string, unread?: string, sort?: string }} ListQuery */

/** @param {string[]} bots @param {ListQuery} more @returns {Promise<SessionPage>} */
export const readList = (bots, more) => get(withQuery('/api/sessions', { botId: bots, ...more }));

/** @param {string} id @param {{ before?: string }} more @returns {Promise<MessagePage>} */
export const readMessages = (id, more = {}) =>
  get(withQuery(sessionPath(id, 'messages'), { limit: PAGE, ...more }));

/** @param {string} id @returns {Promise<Session>} */
export const readSession = async (id) => (await get(sessionPath(id))).session;

/**
 * An operator's answer; gives the message's id. With a file, `content` is its caption.
 *
 * @param {string} id
 * @param {string} content
 * @param {{ quoted?: Quoted | null, file?: File | null }} more
 * @returns {Promise<string>}
 */
export async function sendMessage(id, content, { quoted = null, file = null } = {}) {
  const path = sessionPath(id, 'messages');
  if (!file) return (await post(path, { content, ...(quoted && { quoted: quoted.id }) })).id;
  const form = new FormData();
  if (content) form.set('content', content);
  if (quoted) form.set('quoted', quoted.id);
  for (const [name, value] of Object.entries(sizeOf(file) ?? {})) form.set(name, String(value));
  form.set('file', file, file.name);
  return (await post(path, form)).id;
}

/** Send once more what failed. @param {string} id @param {string} messageId */
export const retryMessage = (id, messageId) =>
  post(sessionPath(id, 'messages', encodeURIComponent(messageId), 'retry'));
