/** What the chats' pages ask the server for. */

import { get, post, sessionPath, withQuery } from '../pages/api.js';

/** @import { MessagePage, Session, SessionPage } from '../types.js' */

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
 * An operator's answer; gives the message's id.
 *
 * @param {string} id
 * @param {string} content
 * @returns {Promise<string>}
 */
export const sendMessage = async (id, content) =>
  (await post(sessionPath(id, 'messages'), { content })).id;
