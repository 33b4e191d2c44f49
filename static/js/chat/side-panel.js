/**
 * The panel of the open chat's contact: who it is, labels, notes of the house, all its chats. A
 * column where there is room, a sheet over the chat where there is none; whoever opens it finds it
 * open the next time.
 */

import { t } from '../i18n/i18n.js';
import { get, sessionPath } from '../pages/api.js';
import { fillAvatar } from '../ui/avatar.js';
import { at, el, setText } from '../ui/dom.js';
import { contact, moment, recent } from '../ui/format.js';
import { Labels } from './labels.js';
import { Notes } from './notes.js';
import { nameOf } from './session-row.js';

/** @import { Contact, Session } from '../types.js' */
/** @import { ChatActions } from './chat-actions.js' */

const OPEN_KEY = 'pulso contact panel';
const roomy = matchMedia('(min-width: 1200px)');

export class SidePanel {
  #botName;
  #go;
  #labels;
  #notes = new Notes(at('notes'));
  #open = roomy.matches && localStorage.getItem(OPEN_KEY) === 'open';
  /** @type {Session | null} */
  #session = null;
  /** Whose chats are listed. */
  #listed = '';

  /**
   * @param {{ actions: ChatActions, go: (id: string) => void, bots: string[],
   *   botName: (id: string | null | undefined) => string }} page
   */
  constructor({ actions, go, bots, botName }) {
    this.#botName = botName;
    this.#go = go;
    this.#labels = new Labels(at('labels'), actions, bots);
    at('show-contact').addEventListener('click', () => this.toggle());
    at('hide-contact').addEventListener('click', () => this.toggle());
  }

  toggle() {
    this.#open = !this.#open;
    if (roomy.matches) localStorage.setItem(OPEN_KEY, this.#open ? 'open' : '');
    this.draw(this.#session);
    if (this.#open) at('hide-contact').focus();
    else at('show-contact').focus();
  }

  /** Whether it covers the chat: then it is closed first. */
  close() {
    if (!this.#open || roomy.matches || !this.#session) return false;
    this.toggle();
    return true;
  }

  /** @param {Session | null} session */
  draw(session) {
    const other = session?.id !== this.#session?.id;
    this.#session = session;
    const shown = Boolean(session) && this.#open;
    at('contact').hidden = !shown;
    at('main').dataset.panel = shown ? 'open' : '';
    at('show-contact').setAttribute('aria-expanded', String(shown));
    if (!session || !shown) return;
    const name = nameOf(session);
    fillAvatar(at('contact-avatar'), session.contact ?? session.id, name);
    setText(at('contact-name'), name);
    setText(at('contact-number'), contact(session.contact));
    setText(at('contact-bot'), this.#botName(session.botId));
    setText(at('contact-last'), moment(session.lastMessage?.timestamp));
    this.#labels.draw(session);
    this.#notes.draw(session.id);
    if (other || this.#listed !== session.id) this.#list(session);
  }

  /** Since when it writes, and all its chats. @param {Session} session */
  async #list(session) {
    this.#listed = session.id;
    const list = at('contact-chats');
    list.replaceChildren();
    setText(at('contact-first'), '');
    /** @type {Contact | null} */
    const found = await get(sessionPath(session.id, 'contact')).catch(() => null);
    if (!found || this.#session?.id !== session.id) return;
    setText(at('contact-first'), moment(found.firstSeen));
    list.replaceChildren(...found.sessions.map((one) => this.#row(one, one.id === session.id)));
  }

  /** @param {Session} session @param {boolean} open */
  #row(session, open) {
    const when = session.lastMessage?.timestamp ?? session.createdAt;
    const button = el(
      'button',
      { type: 'button', className: 'plain', 'aria-current': String(open) },
      el('span', { textContent: this.#botName(session.botId), dir: 'auto' }),
      el('span', { className: 'soft small', textContent: open ? t('panel.this') : recent(when) }),
    );
    button.addEventListener('click', () => this.#go(session.id));
    return el('li', {}, button);
  }
}
