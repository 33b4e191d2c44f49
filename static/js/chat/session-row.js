/** One chat of the list: who, when, the newest message or the one a search found, what is unread. */

import { t } from '../i18n/i18n.js';
import { find, part, setText } from '../ui/dom.js';
import { contact, moment, recent } from '../ui/format.js';
import { excerpt } from './excerpt.js';
import { kindOf } from './message-media.js';

/** @import { LastMessage, Session } from '../types.js' */
/** @import { Row } from './session-list.js' */

/** What to call the person of a session. @param {Session} session */
export const nameOf = (session) => session.name || contact(session.contact) || session.id;

/** @param {HTMLElement} row @param {Row} item */
export function fillSession(row, { session, open, typing, match, bot, index, of }) {
  row.setAttribute('aria-posinset', String(index + 1));
  row.setAttribute('aria-setsize', String(of));
  find(row, 'button').setAttribute('aria-current', String(open));
  const name = nameOf(session);
  setText(part(row, 'avatar'), [...name.replace(/^\+/, '')][0] ?? '');
  setText(part(row, 'name'), name);
  const shown = match ?? session.lastMessage;
  const when = part(row, 'time', HTMLTimeElement);
  const stamp = shown?.timestamp ?? session.createdAt;
  setText(when, recent(stamp));
  when.dateTime = stamp ?? '';
  when.title = moment(stamp);
  const preview = part(row, 'preview');
  preview.classList.toggle('typing', Boolean(typing));
  setText(preview, typing ? t('chat.typing') : previewOf(shown));
  setText(part(row, 'bot'), bot ?? '');
  part(row, 'bot').hidden = !bot;
  fillUnread(row, session.unread ?? 0);
}

/** @param {LastMessage | null | undefined} message */
function previewOf(message) {
  if (!message) return '';
  return message.fromMe ? `↩ ${wordsOf(message)}` : wordsOf(message);
}

/** @param {LastMessage} message */
function wordsOf({ content, deleted, type }) {
  if (deleted) return t('chat.deleted');
  if (content) return excerpt(content);
  return type && type !== 'text' ? kindOf(type) : '';
}

/** @param {HTMLElement} row @param {number} unread */
function fillUnread(row, unread) {
  row.classList.toggle('has-unread', unread > 0);
  const badge = part(row, 'unread');
  badge.hidden = part(row, 'unread-word').hidden = !unread;
  setText(badge, unread > 99 ? '99+' : String(unread));
}
