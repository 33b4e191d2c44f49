/**
 * One chat of the list: who, when, the newest words or the ones a search found, and marks: how long
 * it waits for a person, its bot, who has it, what is unread.
 */

import { t } from '../i18n/i18n.js';
import { fillAvatar, initials } from '../ui/avatar.js';
import { find, part, setText } from '../ui/dom.js';
import { contact, moment, recent, since } from '../ui/format.js';
import { excerpt } from './excerpt.js';
import { kindOf } from './message-media.js';
import { plainText } from './rich-text.js';
import { fillTicks } from './ticks.js';

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
  fillAvatar(part(row, 'avatar'), session.contact ?? session.id, name);
  setText(part(row, 'name'), name);
  const shown = match ?? session.lastMessage;
  const when = part(row, 'time', HTMLTimeElement);
  const stamp = shown?.timestamp ?? session.createdAt;
  setText(when, recent(stamp));
  when.dateTime = stamp ?? '';
  when.title = moment(stamp);
  const words = part(row, 'preview');
  words.classList.toggle('typing', Boolean(typing));
  fillTicks(part(row, 'ticks'), typing ? null : (shown ?? null));
  setText(part(row, 'words'), typing ? t('chat.typing') : wordsOf(shown));
  const marks = [mark(row, 'bot', bot ?? ''), fillWait(row, session), fillHolder(row, session)];
  part(row, 'marks').hidden = marks.every(({ hidden }) => hidden);
  fillUnread(row, session.unread ?? 0);
}

/** @param {HTMLElement} row @param {string} name @param {string} words */
function mark(row, name, words) {
  const node = part(row, name);
  node.hidden = !words;
  setText(node, words);
  return node;
}

/** @param {LastMessage | null | undefined} message */
function wordsOf(message) {
  if (!message) return '';
  const { content, deleted, type } = message;
  if (deleted) return t('chat.deleted');
  if (content) return plainText(excerpt(content));
  return type && type !== 'text' ? kindOf(type) : '';
}

/** @param {HTMLElement} row @param {Session} session */
function fillWait(row, { waitingSince }) {
  const waits = waitingSince ? since(waitingSince) : '';
  return mark(row, 'wait', waits && t('monitor.waiting', { time: waits }));
}

/** @param {HTMLElement} row @param {Session} session */
function fillHolder(row, { mode, assignee }) {
  const name = mode === 'human' ? assignee?.name : '';
  const node = mark(row, 'holder', name ? initials(name) : '');
  node.title = name ? t('chat.mode.by', { name }) : '';
  return node;
}

/** @param {HTMLElement} row @param {number} unread */
function fillUnread(row, unread) {
  row.classList.toggle('has-unread', unread > 0);
  const badge = part(row, 'unread');
  badge.hidden = part(row, 'unread-word').hidden = !unread;
  setText(badge, unread > 99 ? '99+' : String(unread));
}
