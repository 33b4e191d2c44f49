/**
 * `<pulso-header>`: the name, the ways to the pages, who is signed in, the way out. A light that the
 * page puts into it stays there.
 */

import { t } from '../i18n/i18n.js';
import { post } from '../pages/api.js';
import { goToLogin } from '../pages/auth.js';
import { whileBusy } from './busy.js';
import { at, el, setText } from './dom.js';
import { icon } from './icon.js';

/** @import { Me } from '../types.js' */
/** @import { Key } from '../i18n/i18n.js' */
/** @typedef {[path: string, key: Key, icon: string]} Entry */

const CHATS = '/monitor';
/** @type {Entry[]} */
const PAGES = [
  [CHATS, 'nav.monitor', 'chats'],
  ['/bots', 'nav.bots', 'bot'],
];
/** @type {Entry} */
const OPERATORS = ['/operators', 'nav.operators', 'user'];
/** @type {Entry} */
const SETTINGS = ['/settings', 'nav.settings', 'settings'];
/** @type {Entry} */
const SIMULATOR = ['/simulator', 'nav.simulator', 'phone'];

/** @param {Entry} page */
function linkTo([href, key, name]) {
  const words = el('span', { className: 'word', textContent: t(key) });
  const link = el('a', { href, title: t(key) }, icon(name), words);
  if (location.pathname === href) link.setAttribute('aria-current', 'page');
  return link;
}

export class PulsoHeader extends HTMLElement {
  #who = el('span', { className: 'who' });
  #nav = el('nav');
  #waiting = el('span', { className: 'count', hidden: true });

  connectedCallback() {
    this.setAttribute('role', 'banner');
    this.#nav.setAttribute('aria-label', t('nav.main'));
    this.#nav.replaceChildren(...PAGES.map(linkTo));
    this.#nav.querySelector(`[href="${CHATS}"]`)?.append(this.#waiting);
    const out = el(
      'button',
      {
        className: 'plain icon',
        type: 'button',
        title: t('nav.signOut'),
        'aria-label': t('nav.signOut'),
      },
      icon('out'),
    );
    out.addEventListener('click', () => this.#signOut(out));
    const settings = linkTo(SETTINGS);
    settings.classList.add('own');
    settings.prepend(this.#who);
    const light = this.querySelector('connection-light');
    this.replaceChildren(
      el(
        'a',
        { className: 'brand', href: CHATS, 'aria-label': 'Pulso' },
        el('img', { src: '/static/icon.svg', alt: '' }),
        el('span', { textContent: 'Pulso' }),
      ),
      this.#nav,
      ...(light ? [light] : []),
      settings,
      out,
    );
  }

  /** Show who is signed in, and the ways only some have. @param {Me} me */
  set me({ username, admin, simulator }) {
    setText(this.#who, username);
    this.#who.title = t('nav.signedInAs', { name: username });
    if (admin) this.#nav.append(linkTo(OPERATORS));
    if (simulator) this.#nav.append(linkTo(SIMULATOR));
  }

  /** How many chats wait for a person. @param {number} count */
  set waiting(count) {
    this.#waiting.hidden = !count;
    setText(this.#waiting, count > 99 ? '99+' : String(count));
    this.#waiting.title = t('nav.waiting', { count });
  }

  /** @param {HTMLButtonElement} button */
  async #signOut(button) {
    await whileBusy(button, async () => {
      try {
        await post('/api/auth/logout');
        // Whoever signs in next goes on where this one was.
        goToLogin();
      } catch (error) {
        // Still signed in: who leaves this computer has to know.
        setText(at('problem'), error.message);
      }
    });
  }
}

customElements.define('pulso-header', PulsoHeader);
