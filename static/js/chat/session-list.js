/** The list of chats on the page, newest activity first. */

import { t } from '../i18n/i18n.js';
import { clone, find, part, reconcile, setText } from '../ui/dom.js';
import { contact, moment, recent } from '../ui/format.js';
import { kindOf } from './message-media.js';

/** @import { LastMessage, Session } from '../types.js' */

/** What to call the person of a session. @param {Session} session */
export const nameOf = (session) => session.name || contact(session.contact) || session.id;

export class SessionList {
  #list;
  #open;
  #botName;
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();

  /**
   * `open(id)` is called for a chosen chat; `botName(id)` names a bot, or gives null to not show it.
   *
   * @param {HTMLElement} list
   * @param {{ open: (id: string) => void, botName?: (id: string | null | undefined) => string | null | undefined }} how
   */
  constructor(list, { open, botName = () => null }) {
    this.#list = list;
    this.#open = open;
    this.#botName = botName;
  }

  /**
   * Show these sessions; `typing(id)` gives who is typing in one.
   *
   * @param {Session[]} sessions
   * @param {string | null} openId
   * @param {(id: string) => string | null} typing
   */
  show(sessions, openId, typing) {
    reconcile(this.#list, this.#rows, sessions, {
      key: ({ id }) => id,
      make: ({ id }) => {
        const row = clone('session');
        const button = find(row, 'button');
        button.dataset.id = id;
        button.addEventListener('click', () => this.#open(id));
        return row;
      },
      update: (row, session) => this.#fill(row, session, session.id === openId, typing(session.id)),
    });
  }

  /** @param {HTMLElement} row @param {Session} session @param {boolean} isOpen @param {string | null} who */
  #fill(row, session, isOpen, who) {
    find(row, 'button').setAttribute('aria-current', String(isOpen));
    const name = nameOf(session);
    setText(part(row, 'avatar'), [...name.replace(/^\+/, '')][0] ?? '');
    setText(part(row, 'name'), name);
    const last = session.lastMessage;
    const when = part(row, 'time', HTMLTimeElement);
    const stamp = last?.timestamp ?? session.createdAt;
    setText(when, recent(stamp));
    when.dateTime = stamp ?? '';
    when.title = moment(stamp);
    const preview = part(row, 'preview');
    preview.classList.toggle('typing', Boolean(who));
    setText(preview, who ? t('chat.typing') : this.#preview(last));
    this.#fillMarks(row, session);
  }

  /** @param {LastMessage | null | undefined} last */
  #preview(last) {
    if (!last) return '';
    const text = last.content || (last.type && last.type !== 'text' ? kindOf(last.type) : '');
    return last.fromMe ? `↩ ${text}` : text;
  }

  /** @param {HTMLElement} row @param {Session} session */
  #fillMarks(row, { botId, unread }) {
    const bot = part(row, 'bot');
    const botName = this.#botName(botId);
    bot.hidden = !botName;
    setText(bot, botName ?? '');
    const count = part(row, 'unread');
    count.hidden = !unread;
    setText(count, (unread ?? 0) > 99 ? '99+' : String(unread ?? 0));
    count.setAttribute('aria-label', t('monitor.unread', { count: unread ?? 0 }));
  }
}
